"""Draw a search for capacity as a page: what holds, what stopped it, and each step with its own report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from harness.errors import EXIT_CHECK_FAILED, EXIT_INCONCLUSIVE, EXIT_OK
from harness.report import phrases
from harness.report.document import write_whole
from harness.report.page import environment, page
from harness.report.search_charts import search_charts
from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE
from harness.throttle.step import HELD
from harness.throttle.verdict import PASS

PAGE_NAME: Final = "report.html"
_LEVELS: Final = {EXIT_OK: PASS, EXIT_CHECK_FAILED: FAIL, EXIT_INCONCLUSIVE: INCONCLUSIVE}


def search_html(document: Mapping[str, Any]) -> str:
    """The page of a `capacity/1` document."""
    drawn = search_charts(document)
    word, _, rest = phrases.plain_text(document["sentence"]).partition(":")
    view = {
        "search": document,
        "drawn": drawn,
        "level": _LEVELS.get(document["exit_code"], NOTE),
        "word": f"{word}:" if rest else word,
        "rest": rest,
        "held": HELD,
    }
    return page(
        title=f"{word}: search for capacity {phrases.cut(document['run_id'])}",
        header=environment().get_template("search_header.j2").render(view),
        body=environment().get_template("search.j2").render(view),
        charts={"charts": [chart.as_json() for chart in drawn]} if drawn else None,
    )


def write_search(folder: Path, document: Mapping[str, Any]) -> Path:
    """Write the page into the folder of the search, in one piece; answers its path. Raises ReportError."""
    path = folder / PAGE_NAME
    write_whole(path, search_html(document).encode())
    return path

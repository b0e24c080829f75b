"""Keep the page that lists the runs of `reports/` true after each of them."""

from pathlib import Path
from typing import Final

from harness.clock import SystemClock
from harness.report.document import ReportError
from harness.report.index import write_index

REPORTS: Final = Path("reports")


def list_run(folder: Path) -> str | None:
    """Write the page anew when this run's folder stands in `reports/`; answers what went wrong, if it did.

    Elsewhere nothing is written beside a folder that somebody chose. A page that cannot be written spoils no
    run.
    """
    if folder.resolve().parent != REPORTS.resolve():
        return None
    try:
        write_index(REPORTS, SystemClock().wall_ns())
    except ReportError as error:
        return f"the run is told in its own report, but is not listed: {error}"
    return None

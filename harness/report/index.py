"""List the runs of a directory on one page, each with its verdict, rate, p99 and the shape of its load.

What is listed is read anew each time, so the page is true of what is there now. Two runs that end at once
wait for each other with a lock, or the one that looked first could put its shorter list over the other's.
"""

import fcntl
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson

from harness.report import phrases
from harness.report.definitions import TERMS
from harness.report.document import FORMAT, RUNNING, NoReportError, ReportError, write_whole
from harness.report.page import environment, page
from harness.units import NS_PER_S, format_duration, format_instant_us

FILE_NAME: Final = "index.html"
LOCK_NAME: Final = ".index.lock"
ROWS_MOST: Final = 500
WIDE: Final = 120
HIGH: Final = 24

_STYLES: Final = ("cards.css", "runs.css")
_POINTS_MOST: Final = 60
_ALIVE_NS: Final = 60 * NS_PER_S  # a run writes each second: one that has not for so long is dead
_CUT: Final = "did not end"
_SEARCH: Final = "capacity/1"
_LEVELS: Final = frozenset({"pass", "warn", "fail", "inconclusive"})


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One folder, as words."""

    folder: str
    name: str
    link: str | None  # relative; None when there is no page
    level: str  # pass, warn, fail, inconclusive, note
    verdict: str
    started: str
    lasted: str
    what: str
    messages: str
    rate: str
    p99: str
    spark: str  # a path in a field of WIDE x HIGH; "" for none
    peak: str
    remark: str
    order: str  # by which the newest comes first
    is_run: bool  # that has ended: it can be compared with another


def write_index(directory: Path, now_wall_ns: int) -> Path:
    """Write the page of this directory; answers its path. Raises ReportError."""
    path = directory / FILE_NAME
    with _one_at_a_time(directory):
        rows, left_out = index_rows(directory, now_wall_ns)
        write_whole(path, index_page(rows, left_out, directory).encode())
    return path


def index_page(rows: Sequence[IndexRow], left_out: int, directory: Path) -> str:
    """The page of these rows, which are folders of this directory."""
    view = {
        "rows": rows,
        "left_out": left_out,
        "terms": TERMS,
        "compare": _command(rows, directory),
        "wide": WIDE,
        "high": HIGH,
    }
    parts = environment()
    return page(
        title="Runs",
        header=parts.get_template("runs_header.j2").render(view),
        body=parts.get_template("runs.j2").render(view),
        styles=_STYLES,
        skip="Skip to the runs",
    )


def _command(rows: Sequence[IndexRow], directory: Path) -> str:
    """How the newest run is compared with the one before it; "" where there are no two."""
    newest = [row.folder for row in rows if row.is_run and row.folder.isprintable()][:2]
    if len(newest) < 2:
        return ""
    pair = [str(directory / name) for name in reversed(newest)]
    return shlex.join(["harness", "compare", *pair, "--html", "compared.html"])


def index_rows(directory: Path, now_wall_ns: int) -> tuple[list[IndexRow], int]:
    """The newest folders of runs first, and how many are left out. Raises ReportError."""
    try:
        folders = [entry for entry in directory.iterdir() if entry.is_dir() and _document_of(entry)]
    except OSError as error:
        raise NoReportError(f"{directory}: cannot be listed: {error.strerror}; name another") from error
    folders.sort(key=_changed_ns, reverse=True)
    rows = [_row(folder, now_wall_ns) for folder in folders[:ROWS_MOST]]
    return sorted(rows, key=lambda row: row.order, reverse=True), max(0, len(folders) - ROWS_MOST)


@contextmanager
def _one_at_a_time(directory: Path) -> Iterator[None]:
    path = directory / LOCK_NAME
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}; name another") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _document_of(folder: Path) -> Path | None:
    return next((path for name in ("run.json", "capacity.json") if (path := folder / name).is_file()), None)


def _changed_ns(folder: Path) -> int:
    try:
        path = _document_of(folder)
        return 0 if path is None else path.stat().st_mtime_ns
    except OSError:  # it has gone meanwhile, and is told as unreadable
        return 0


def _row(folder: Path, now_wall_ns: int) -> IndexRow:
    page = quote(f"{folder.name}/report.html") if (folder / "report.html").is_file() else None
    path = _document_of(folder)
    document: Any = None
    if path is not None:
        try:
            document = orjson.loads(path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            document = None
    try:
        if isinstance(document, dict) and document.get("format") == FORMAT:
            return _run_row(folder, page, document, now_wall_ns)
        if isinstance(document, dict) and document.get("format") == _SEARCH:
            return _search_row(folder, page, document)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        document = None  # a file of that form that we did not write
    return _plain_row(folder, page, "note", "unreadable", "its numbers cannot be read")


def _run_row(folder: Path, page: str | None, document: Mapping[str, Any], now_wall_ns: int) -> IndexRow:
    if document["state"] == RUNNING:
        alive = now_wall_ns - _written_ns(folder) < _ALIVE_NS
        remark = "" if alive else f"cut off; harness report {phrases.cut(folder.name)} draws what it wrote"
        verdict = RUNNING if alive else _CUT
        return _plain_row(
            folder, page, "note", verdict, remark, order=document["started_at"], what=_what(document)
        )
    messages, timeline = document["messages"], document["timeline"]
    width_s = timeline["width_s"]
    load = [sent / width_s for sent in timeline.get("sent", ())]
    verdict, state = str(document["verdict"]), str(document["state"])
    return IndexRow(
        folder=folder.name,
        name=phrases.cut(folder.name),
        link=page,
        level=verdict if verdict in _LEVELS else "note",
        verdict=phrases.cut(verdict if state == "finished" else f"{verdict}, {state}"),
        started=phrases.instant(document["started_at"]),
        lasted=format_duration(round(document["duration_s"] * NS_PER_S)),
        what=_what(document),
        messages=f"{phrases.count(messages['accepted'])} of {phrases.count(messages['selected'])}",
        rate=f"{phrases.precise(document['rate_per_s']['achieved'])}/s",
        p99=_p99(document),
        spark=sparkline(load),
        peak=f"{phrases.precise(max(load, default=0.0))}/s at most",
        remark=phrases.cut(document["sentence"].partition(": ")[2], 200),
        order=document["started_at"] or "",
        is_run=True,
    )


def _search_row(folder: Path, page: str | None, document: Mapping[str, Any]) -> IndexRow:
    level = {0: "pass", 4: "inconclusive"}.get(document["exit_code"], "fail")
    return _plain_row(
        folder,
        page,
        "note" if document["state"] == RUNNING else level,
        f"capacity, {phrases.cut(document['state'])}",
        phrases.cut(document["sentence"], 200),
        what=phrases.cut(Path(str(document["recording"])).name),
    )


def _plain_row(
    folder: Path,
    page: str | None,
    level: str,
    verdict: str,
    remark: str,
    *,
    order: str | None = None,
    what: str = "",
) -> IndexRow:
    nothing = phrases.NOTHING
    changed = format_instant_us(_changed_ns(folder))
    return IndexRow(
        folder=folder.name,
        name=phrases.cut(folder.name),
        link=page,
        level=level,
        verdict=verdict,
        started=phrases.instant(order or changed),
        lasted=nothing,
        what=what or nothing,
        messages=nothing,
        rate=nothing,
        p99=nothing,
        spark="",
        peak="",
        remark=remark,
        order=order or changed,
        is_run=False,
    )


def _p99(document: Mapping[str, Any]) -> str:
    if document.get("seen_from") == "receiver":
        return "not measured"
    p99 = document["service_time_ms"]["p99"]
    return phrases.NOTHING if p99 is None else f"{phrases.precise(p99)} ms"


def _what(document: Mapping[str, Any]) -> str:
    name = Path(str(document["recording"].get("name", ""))).name
    return f"{phrases.cut(name)} to {phrases.cut(document['target'])}"


def _written_ns(folder: Path) -> int:
    written = [_changed_ns(folder)]
    for name in ("timeline.ndjson", "delivery.map", "mock/journal.ndjson"):
        try:
            written.append((folder / name).stat().st_mtime_ns)
        except OSError:
            continue  # this kind of run has none
    return max(written)


def sparkline(load: Sequence[float]) -> str:
    """A path of steps in a field of WIDE x HIGH, of at most 60 parts; "" when there is nothing to see."""
    top = max(load, default=0.0)
    if top <= 0:
        return ""
    parts = min(_POINTS_MOST, len(load))
    # The highest of each part and not its mean, which would hide a burst.
    levels = [max(load[part * len(load) // parts : (part + 1) * len(load) // parts]) for part in range(parts)]
    steps = "".join(
        f"V{round(HIGH - HIGH * level / top, 1):g}H{round(WIDE * (place + 1) / parts, 1):g}"
        for place, level in enumerate(levels)
    )
    return f"M0 {HIGH}{steps}V{HIGH}Z"

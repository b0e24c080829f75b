"""Run `harness check client` over the official libraries, and write docs/sdk-conformance.md from it.

    tests/sdk/install && tests/sdk/install-older && python -m tests.sdk.grade

What is in `build/graded/` is not run again; a library's file there is its `--json`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PAGE: Final = ROOT / "docs" / "sdk-conformance.md"
GRADED: Final = ROOT / "build" / "graded"
OLDER: Final = ROOT / "build" / "older-sdks"
DRIVERS: Final = Path(__file__).parent / "drivers"
SDK: Final = Path(__file__).parent
_SHOWN: Final = {"pass": "✓", "inconclusive": "?", "n/a": "–"}
_WEIGHTS: Final = {"must": "**✗**", "should": "✗", "info": "·"}


_MADE: Final = (
    "Made by `make grade` with [`harness check client`](check-client.md): the default set under the profile "
    "`segment-2026`, on a machine with two cores; each library as it comes, with nothing set but host and "
    "write key. The drivers are in `tests/sdk/drivers/`."
)


class Graded(NamedTuple):
    """A library at a version, and how its driver is run."""

    name: str
    file: str
    command: tuple[str, ...]
    python_path: str = ""
    at_once: int = 8


_PYTHON: Final = (sys.executable, str(DRIVERS / "python_sdk.py"))
_NODE: Final = ("node", str(DRIVERS / "node_sdk.cjs"))
_BROWSER: Final = (sys.executable, str(DRIVERS / "browser_sdk.py"))
LIBRARIES: Final = (
    Graded("segment-analytics-python 2.4.0", "python-2.4.0", _PYTHON),
    Graded("segment-analytics-python 2.3.6", "python-2.3.6", _PYTHON, str(OLDER / "python-2.3.6")),
    Graded("@segment/analytics-node 3.1.0", "node-3.1.0", (*_NODE, str(SDK))),
    Graded("@segment/analytics-node 3.0.0", "node-3.0.0", (*_NODE, str(OLDER / "node-3.0.0"))),
    Graded("@segment/analytics-next 1.84.3", "next-1.84.3", _BROWSER, str(ROOT), at_once=3),
)


def main() -> None:
    """Run what is not there yet, and draw the page."""
    GRADED.mkdir(parents=True, exist_ok=True)
    documents = [(library, _graded(library)) for library in LIBRARIES]
    PAGE.write_text(page([(library.name, found) for library, found in documents if found]), "utf-8")


def page(graded: list[tuple[str, dict[str, Any]]]) -> str:
    """The page, of names and what `--json` printed for each."""
    names = [name for name, _ in graded]
    lines = [
        "# How the official libraries fare",
        "",
        _MADE,
        "",
        "✓ pass · **✗** fails a must · ✗ fails a should · `·` fails what is information · ? open · – n/a",
        "",
        f"| case | what a good client does | {' | '.join(names)} |",
        f"|---|---|{':-:|' * len(names)}",
    ]
    for place, case in enumerate(graded[0][1]["cases"]):
        cells = [_cell(found["cases"][place]) for _, found in graded]
        lines.append(f"| {case['case']} | {case['title']} | {' | '.join(cells)} |")
    lines += ["", "## Findings", ""]
    for name, found in graded:
        lines += [f"### {name}", ""]
        for level in ("must", "should", "info"):
            of_level = [c for c in found["cases"] if c["verdict"] == "fail" and c["level"] == level]
            lines += [f"* {level}, {case['case']} ({case['title']}): {_plain(case)}" for case in of_level]
        is_open = [c for c in found["cases"] if c["verdict"] in {"inconclusive", "n/a"}]
        lines += [f"* {c['verdict']}, {c['case']}: {_plain(c)}" for c in is_open]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cell(case: dict[str, Any]) -> str:
    return _SHOWN.get(case["verdict"]) or _WEIGHTS[case["level"]]


def _plain(case: dict[str, Any]) -> str:
    text = str(case["evidence"]).replace(str(ROOT), "").replace("|", "\\|").replace("<", "&lt;")
    return text if len(text) <= 300 else text[:300] + "…"


def _graded(library: Graded) -> dict[str, Any] | None:
    path = GRADED / f"{library.file}.json"
    if not path.exists():
        paths = filter(None, (library.python_path, str(ROOT), os.environ.get("PYTHONPATH")))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "harness", "check", "client", "--json"),
                *("--at-once", str(library.at_once), "--", *library.command),
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            check=False,
        )
        if not done.stdout:
            return None
        path.write_bytes(done.stdout)
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


if __name__ == "__main__":
    main()

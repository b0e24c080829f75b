"""Recompute a run's numbers from its raw files, by a program that shares no line with the harness.

    python -m tests.recount reports/RUN [--recording FILE] [--journal FILE] [--told FILE] [--csv FILE]

Exit 1 when any number disagrees. It is written from the documents: `reports/README.md` has the layout of each
file, `docs/report.md` and `docs/pipelines.md` what the numbers mean.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from tests.recount.agreement import agreement_rows
from tests.recount.became import became_rows
from tests.recount.evidence import Evidence
from tests.recount.left_out import left_out_rows
from tests.recount.observed import observed_rows
from tests.recount.pages import page_rows
from tests.recount.planned import planned_rows
from tests.recount.received import received_rows
from tests.recount.records import record_rows
from tests.recount.rows import Row, as_text
from tests.recount.seconds import second_rows
from tests.recount.traced import traced_rows


def recount(evidence: Evidence, *, csv: Path | None = None) -> Sequence[Row]:
    """Every number of a run that its files tell again, and what they do not tell."""
    parts = (became_rows, received_rows, planned_rows, traced_rows, record_rows, second_rows, agreement_rows)
    rows = chain.from_iterable(
        part(evidence) for part in ((observed_rows,) if evidence.is_observed else parts)
    )
    found = [*rows, *page_rows(evidence, csv)]
    return [*found, *left_out_rows(evidence.told, found)]


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    made = argparse.ArgumentParser(
        prog="python -m tests.recount",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("run", type=Path, help="a run folder")
    made.add_argument("--recording", type=Path, help="where the recording stands now")
    made.add_argument("--journal", type=Path, help="the journal of a mock that was not started by the run")
    made.add_argument(
        "--told", type=Path, help="a document to judge in place of run.json, as of report --json"
    )
    made.add_argument("--csv", type=Path, help="a timeline as CSV, to be held beside run.json")
    made.add_argument("--json", action="store_true", help="the rows as JSON")
    made.add_argument("--short", action="store_true", help="only what disagrees")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    asked = parser().parse_args(arguments)
    evidence = Evidence(asked.run, recording=asked.recording, journal=asked.journal, told=asked.told)
    rows = recount(evidence, csv=asked.csv)
    if asked.json:
        json.dump([row.as_json for row in rows], sys.stdout, indent=1)
    else:
        sys.stdout.write(as_text(rows, every=not asked.short))
    return int(any(row.agrees is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())

"""Comparisons by name, each as its document and the documents of its runs: equal, worse, hostile, many."""

from functools import cache

from harness.report.comparison import comparison_document
from harness.throttle.comparison import compare
from tests.throttle.paired import a_run

HOSTILE = '"><script>window.bad=1</script><img src=x onerror="window.bad=1">\u202e\x1b[31m\n' + "w" * 10_000


def compared(*runs, max_regression=None, command="harness compare reports/A reports/B"):
    """`(document, runs)` of these, beside the first."""
    comparisons = [compare(runs[0], run) for run in runs[1:]]
    return comparison_document(runs, comparisons, max_regression, command), runs


def _hostile():
    evil = a_run(
        2,
        run_id=HOSTILE,
        target=HOSTILE,
        state=HOSTILE,
        recording={"name": HOSTILE},
        plan={"speed": HOSTILE, HOSTILE: HOSTILE},
        made_with={"harness": HOSTILE, "machine": HOSTILE, "cores": HOSTILE},
        trust_warnings=[{"level": "inconclusive", "evidence": HOSTILE}],
    )
    before = a_run(1, plan={"speed": 1.0, HOSTILE: 1})
    return compared(before, evil, evil, max_regression=0.1, command=f"harness compare {HOSTILE}")


def _never_started():
    run = a_run(2, seconds=0, state="running", started_at=None, verdict=None, duration_s=0.0)
    return compared(a_run(1), run)


_MADE = {
    "equal": lambda: compared(a_run(1), a_run(2)),
    "worse": lambda: compared(
        a_run(1, seconds=240), a_run(2, seconds=240, slower=1.8, refused=0.1), max_regression=0.1
    ),
    "better": lambda: compared(a_run(1, seconds=240, slower=1.8, refused=0.1), a_run(2, seconds=240)),
    "too short": lambda: compared(a_run(1), a_run(2, seconds=20), max_regression=0.1),
    "three": lambda: compared(a_run(1), a_run(2), a_run(3, slower=2.0)),
    "seven": lambda: compared(*(a_run(seed, per_s=3) for seed in range(1, 8))),
    "itself": lambda: compared(*[a_run(1)] * 3),
    "blind": lambda: compared(
        a_run(1), a_run(2, service_time_ms=None, response_time_ms=None, curves=None, above=None)
    ),
    "never started": _never_started,
    "hostile": _hostile,
}
COMPARISONS = {name: cache(make) for name, make in _MADE.items()}

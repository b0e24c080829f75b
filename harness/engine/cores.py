"""Tell how many cores this process may use: those it may run on, within its control group's quota."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = _CGROUP, may_run_on: Callable[[], int] | None = None) -> int:
    """Whole cores, one at least. Of a quota of one and a half there is one to be counted on."""
    count = (may_run_on or _affinity)()
    quota = quota_cores(cgroup)
    return count if quota is None else max(1, min(count, int(quota)))


def quota_cores(cgroup: Path = _CGROUP) -> float | None:
    """The processor quota of the control group, in cores; None where there is none, or none to be read.

    Linux kernel, "Control Group v2", cpu.max, and "CFS Bandwidth Control" for version 1; read 2026-11.
    """
    with suppress(OSError, ValueError):
        quota, period = (cgroup / "cpu.max").read_text("ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    with suppress(OSError, ValueError):
        quota_us = int((cgroup / "cpu" / "cpu.cfs_quota_us").read_text("ascii"))
        period_us = int((cgroup / "cpu" / "cpu.cfs_period_us").read_text("ascii"))
        return None if quota_us < 0 else quota_us / period_us
    return None


def _affinity() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

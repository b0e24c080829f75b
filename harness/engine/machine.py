"""Say what kind of machine this is, so that runs are compared with runs of its like; no name, no address."""

import platform
from pathlib import Path
from typing import Final

_UNKNOWN: Final = "unknown"


def machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """`Linux x86_64, Intel(R) Xeon(R) Processor @ 2.60GHz`."""
    return f"{platform.system()} {platform.machine()}, {_processor(cpuinfo) or _UNKNOWN}"


def _processor(cpuinfo: Path) -> str:
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:  # only Linux has it
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor()

"""Errors by who must act; each is one sentence (what, where, what to do) and carries its exit code.

A refused or broken *send* is never one of these: it is data (`model.Answer`).
"""

from typing import Final

EXIT_OK: Final = 0
EXIT_TOOL_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_CHECK_FAILED: Final = 3
EXIT_INCONCLUSIVE: Final = 4
EXIT_NOTHING_SENT: Final = 5
EXIT_INTERRUPTED: Final = 130


class HarnessError(Exception):
    """Base of all errors that end in one clear sentence and an exit code."""

    exit_code = EXIT_TOOL_FAILED


class UsageError(HarnessError):
    """The user must change the command: it asks for something that makes no sense or does not exist yet."""

    exit_code = EXIT_USAGE


class RecordingError(UsageError):
    """The user must change the recording; nothing was sent."""


class BadLineError(HarnessError):
    """A line in mid-recording is no item; what came before it was replayed."""


class GuardError(UsageError):
    """The guard said no: nothing leaves until the user says more, or something else."""


class TargetError(HarnessError):
    """The target never became ready."""

    exit_code = EXIT_INCONCLUSIVE

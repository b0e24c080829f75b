"""Write checks as JUnit's XML, which every build server reads: one test case a check.

A failed check is a `failure`, an inconclusive one an `error`, one that does not apply is `skipped`; what
warns passes and says so in its output.
"""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from harness.report.checks import NOT_APPLICABLE, CheckResult
from harness.report.document import ReportError
from harness.throttle.check import FAIL, INCONCLUSIVE, NOTE, WARN

_ELEMENTS: Final = {FAIL: "failure", INCONCLUSIVE: "error", NOT_APPLICABLE: "skipped"}
# XML 1.0, section 2.2: the rest cannot stand in a document, not even as a reference.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(
    suite: str,
    results: Iterable[CheckResult],
    *,
    properties: Mapping[str, str] | None = None,
    duration_s: float = 0.0,
    started_at: str | None = None,
    inconclusive_fails: bool = True,
) -> bytes:
    """The document. `started_at` is ISO 8601; without `inconclusive_fails` what is inconclusive passes."""
    results = list(results)
    kinds = [_kind(result, inconclusive_fails=inconclusive_fails) for result in results]
    counts = Counter(kinds)
    figures = {
        "tests": str(len(results)),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "time": f"{duration_s:.3f}",
    }
    root = ET.Element("testsuites", figures)
    about = {"name": _clean(suite), **figures, "skipped": str(counts["skipped"])}
    if started_at is not None:
        about["timestamp"] = started_at[:19]  # the schema has whole seconds, without an offset
    tests = ET.SubElement(root, "testsuite", about)
    if properties:
        listed = ET.SubElement(tests, "properties")
        for name, value in properties.items():
            ET.SubElement(listed, "property", {"name": _clean(name), "value": _clean(value)})
    for result, kind in zip(results, kinds, strict=True):
        _case(tests, suite, result, kind)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def write_junit(path: Path, document: bytes) -> None:
    """Put it there. Raises ReportError."""
    try:
        path.write_bytes(document)
    except OSError as error:
        raise ReportError(
            f"{path}: cannot write the JUnit report: {error.strerror}; name another file"
        ) from error


def _kind(result: CheckResult, *, inconclusive_fails: bool) -> str | None:
    if result.level == INCONCLUSIVE and not inconclusive_fails:
        return None
    return _ELEMENTS.get(result.level)


def _case(tests: ET.Element, suite: str, result: CheckResult, kind: str | None) -> None:
    place = {"classname": _clean(f"{suite}.{result.group}"), "name": _clean(result.name), "time": "0.000"}
    case = ET.SubElement(tests, "testcase", place)
    said = "\n".join(filter(None, (result.evidence, result.advice)))
    if kind is not None:
        why = ET.SubElement(case, kind, {"message": _clean(result.evidence)})
        if kind != "skipped":
            why.set("type", result.level)
        why.text = _clean(said)
    elif result.level in {WARN, NOTE, INCONCLUSIVE}:
        ET.SubElement(case, "system-out").text = _clean(f"{result.level}: {said}")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)

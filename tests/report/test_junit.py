"""JUnit's XML: the form that build servers read, whatever stands in it."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.checks import CheckResult, checks_of
from harness.report.document import ReportError
from harness.report.junit import as_junit, write_junit
from tests.report.runs import a_document

ALL = [
    CheckResult("A", "passes", "pass"),
    CheckResult("A", "fails", "fail", "Seen.", "Do."),
    CheckResult("B", "open", "inconclusive", "Too short.", "Longer."),
    CheckResult("B", "no", "n/a", "It has no queue."),
    CheckResult("B", "warns", "warn", "Odd.", "Look."),
]

# The order and the names of the schema that Jenkins' xUnit plugin checks with (junit-10.xsd).
CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out", "system-err"],
    "properties": ["property"],
    "testcase": ["skipped", "error", "failure", "system-out", "system-err"],
}
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id"},
    "testcase": {"name", "classname", "time", "assertions", "status"},
    "property": {"name", "value"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
}


def checked(document: bytes) -> ET.Element:
    root = ET.fromstring(document)
    assert root.tag == "testsuites"
    for element in root.iter():
        order = CHILDREN.get(element.tag, [])
        places = [order.index(child.tag) for child in element]
        assert places == sorted(places), f"{element.tag} has its children in another order"
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set()), element.attrib
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == sum(case.find(tag) is not None for case in cases)
        names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
        assert len(set(names)) == len(names)
    return root


def case(root: ET.Element, name: str) -> ET.Element:
    found = root.find(f".//testcase[@name='{name}']")
    assert found is not None
    return found


def test_each_level_has_its_element():
    root = checked(as_junit("check client", ALL, duration_s=1.5, started_at="2026-01-02T03:04:05.678901Z"))
    assert [child.tag for child in case(root, "passes")] == []
    (failure,) = case(root, "fails")
    assert (failure.tag, failure.attrib, failure.text) == (
        "failure",
        {"message": "Seen.", "type": "fail"},
        "Seen.\nDo.",
    )
    assert [child.tag for child in case(root, "open")] == ["error"]
    assert [child.tag for child in case(root, "no")] == ["skipped"]
    assert [(child.tag, child.text) for child in case(root, "warns")] == [("system-out", "warn: Odd.\nLook.")]
    assert case(root, "fails").attrib["classname"] == "check client.A"
    assert root[0].attrib["timestamp"] == "2026-01-02T03:04:05"
    assert root[0].attrib["time"] == "1.500"


def test_what_is_inconclusive_may_pass():
    root = checked(as_junit("s", ALL, inconclusive_fails=False))
    assert [child.tag for child in case(root, "open")] == ["system-out"]
    assert root.attrib["errors"] == "0"


def test_a_run_is_a_suite_with_properties():
    root = checked(as_junit("harness replay", checks_of(a_document()), properties={"run_id": "r"}))
    assert root[0][0][0].attrib == {"name": "run_id", "value": "r"}
    assert int(root.attrib["tests"]) > 30
    assert root.attrib["failures"] == "0"


@settings(max_examples=100)
@given(st.text(st.characters(), max_size=30))
def test_no_text_breaks_it(text):
    rows = [CheckResult(text, text, level, text, text) for level in ("fail",)]
    root = checked(as_junit(text, rows, properties={text: text}))
    told = root[0][1].attrib["name"]
    assert len(told) == len(text)
    legal = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assert told.replace("\r", "\n") == legal.sub("\ufffd", text).replace("\r", "\n")


def test_markup_stays_text():
    root = checked(as_junit("s", [CheckResult("g", "n", "fail", "]]></failure><x>&\"'\x00\x1b[31m", "")]))
    assert root[0][0][0].text == "]]></failure><x>&\"'\ufffd\ufffd[31m"


def test_a_place_where_nothing_can_be_written_is_one_sentence(tmp_path):
    with pytest.raises(ReportError, match=r"cannot write the JUnit report: .*; name another file"):
        write_junit(tmp_path / "no" / "j.xml", b"")

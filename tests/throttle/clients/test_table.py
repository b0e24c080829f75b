"""The table of cases: named once, weighed for each profile, each with a client that fails it."""

from collections import Counter

import pytest

from harness.check_client import choose, expected_s
from harness.errors import UsageError
from harness.throttle.clients.case import GROUPS, INFO, MUST, PROFILES, SHOULD
from harness.throttle.clients.cases import CASES
from harness.throttle.clients.play import DEFAULT_COST_MOST_S, Moment
from harness.throttle.clients.plays import asctime, imf, rfc850
from harness.units import NS_PER_S
from tests.throttle.clients.mutants import LONG_MUTANTS, MUTANTS


def test_each_case_has_a_name_of_its_own_and_says_what_to_do():
    assert max(Counter(case.name for case in CASES).values()) == 1
    assert {case.group for case in CASES} == set(GROUPS)
    assert all(case.advice and case.title for case in CASES)


def test_a_play_is_the_same_for_all_cases_that_share_its_name():
    by_name = {}
    for case in CASES:
        assert by_name.setdefault(case.play.name, case.play.about) == case.play.about


def test_each_case_has_a_client_that_must_fail_it():
    failed = {name for cases in [*MUTANTS.values(), *LONG_MUTANTS.values()] for name in cases.split()}
    assert failed == {case.name for case in CASES}


def test_the_default_set_holds_short_cases_and_ends_within_a_minute():
    default = choose((), full=False)
    assert all(case.play.cost_s <= DEFAULT_COST_MOST_S for case in default)
    assert expected_s(default, at_once=8) <= 60


def test_what_is_a_must_by_the_rfcs_is_one_for_segments_libraries_unless_they_agreed_otherwise():
    of_segment, of_rfc, _ = range(len(PROFILES))
    stricter = {c.name for c in CASES if c.levels[of_rfc] == MUST and c.levels[of_segment] != MUST}
    assert stricter == {"B2.imf", "B13"}
    assert {level for case in CASES for level in case.levels} == {MUST, SHOULD, INFO}


def test_a_group_is_its_default_cases_and_a_named_case_is_meant():
    assert {c.group for c in choose(("c",), full=False)} == {"C"}
    assert "C2" not in {c.name for c in choose(("C",), full=False)}
    assert "C2" in {c.name for c in choose(("C",), full=True)}
    assert [c.name for c in choose(("C2",), full=False)] == ["C2"]
    assert [c.name for c in choose(("b1", "A7.400"), full=False)] == ["A7.400", "B1"]
    assert {c.name for c in choose(("A7",), full=False)} == {
        f"A7.{n}" for n in (400, 401, 403, 404, 413, 422)
    }


def test_a_name_that_means_nothing_is_refused():
    with pytest.raises(UsageError, match="--only Z9"):
        choose(("Z9",), full=False)


def test_dates_are_written_in_the_three_forms_of_http():
    second = 784_111_777
    assert imf(second) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert rfc850(second) == "Sunday, 06-Nov-94 08:49:37 GMT"
    assert asctime(second) == "Sun Nov  6 08:49:37 1994"


def test_an_instant_is_a_whole_second_and_leaves_the_program_time_to_start():
    moment = Moment("k", wall_ns=10 * NS_PER_S + 1, lead_ns=NS_PER_S, pause_s=2)
    staged = next(c for c in CASES if c.name == "B2.imf").play.stage(moment)
    assert staged.until_ns == 13 * NS_PER_S
    assert staged.faults[0]["retry_after"] == imf(13)
    assert 2.9 < staged.faults[0]["until_s"] < 3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.schedule.curve import curve_stages
from harness.schedule.rates import expected
from harness.timing import STEP, Stage
from tests.engine.fakes import S


def read(text):
    return curve_stages("day.csv", text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "period,count\n60,600\n1m,0\n1m30s,9\n",
        "# made by hand\n\nPeriod , Count\n 60s , 600 \n60,0\n# the rest\n90,9.0\n",
        "start,count\n09:00,600\n09:01,0\n09:02,6\n",
        "start,count\n9:00:00,600\n9:01:00,0\n9:02:00,6\n",
        "start,count\n2026-01-02T23:59:00Z,600\n2026-01-03T00:00:00Z,0\n2026-01-03T00:01:00+00:00,6\n",
    ],
)
def test_each_way_to_write_a_period_is_read(text):
    stages = read(text)
    assert stages[:2] == (Stage(STEP, 10.0, 60 * S), Stage(STEP, 0.0, 60 * S))
    assert stages[2].rate_per_s == pytest.approx(0.1)
    assert stages[2].duration_ns == (90 if "eriod" in text else 60) * S  # the last lasts as the one before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "day.csv:1: the first row is no heading"),
        ("60,600\n", "day.csv:1: the first row is no heading"),
        ("period,count\n", "day.csv: the curve has no period with a count above 0"),
        ("period,count\n60,0\n", "day.csv: the curve has no period with a count above 0"),
        ("period,count\n\n60\n", "day.csv:3: has 1 columns and needs 2"),
        ("period,count\n60;600\n", "day.csv:2: has 1 columns and needs 2"),
        ("period,count\n60,1,000\n", "day.csv:2: has 3 columns and needs 2"),
        ("period,count\n60,many\n", "day.csv:2: 'many' is no count"),
        ("period,count\n60,-1\n", "day.csv:2: '-1' is no count"),
        ("period,count\n60,inf\n", "day.csv:2: 'inf' is no count"),
        ("period,count\n60,1e300\n", "day.csv:2: '1e300' is no count"),
        ("period,count\nsoon,5\n", "day.csv:2: 'soon' is no duration"),
        ("period,count\n0,5\n", "day.csv:2: a period of '0' has no length"),
        ('period,count\n"60,5\n', "day.csv:2: is no CSV"),
        ("start,count\n09:00,5\n", "day.csv:2: one start does not say how long"),
        ("start,count\n09:00,5\n08:00,5\n", "day.csv:3: does not start after the row above"),
        ("start,count\n09:60,5\n", "day.csv:2: '09:60' is no start"),
        ("start,count\nnoon,5\n", "day.csv:2: 'noon' is no start"),
        ("start,count\n", "day.csv: the curve has no period"),
    ],
)
def test_a_bad_line_is_named_with_what_to_do(text, says):
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value).startswith(says)


@given(st.lists(st.tuples(st.integers(1, 10_000), st.integers(0, 10**6)), min_size=1, max_size=30))
def test_a_curve_makes_room_for_exactly_its_counts(rows):
    lines = ["period,count", *(f"{length},{count}" for length, count in rows)]
    total = sum(count for _, count in rows)
    if total:
        assert expected(curve_stages("c", lines)) == total


@given(st.text(alphabet='0159:,;.-#"eTZsm \n', max_size=60))
def test_any_text_is_a_curve_or_one_sentence(text):
    try:
        stages = curve_stages("c", ["period,count", *text.splitlines()])
    except UsageError as error:
        said = str(error)
    else:
        said = "" if stages else "no stages and no sentence"
    assert not said or said.startswith("c:")

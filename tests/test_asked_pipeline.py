import pytest

from harness.asked_pipeline import parse_flag, parse_listening, parse_regression
from harness.errors import UsageError
from harness.plan import make_plan, read_scenario

EXPECT = {"expect": ["throttle.throttled == 0"]}


@pytest.mark.parametrize(("text", "share"), [("10%", 0.1), ("0%", 0), (" 2.5% ", 0.025), ("1000%", 10)])
def test_a_regression_is_a_share(text, share):
    assert parse_regression(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["10", "0.1", "-1%", "nan%", "inf%", "%", "ten%", "1001%", ""])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ValueError, match="write it like 10%"):
        parse_regression(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("0", ("127.0.0.1", 0)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::1]:9464", ("::1", 9464)),
    ],
)
def test_a_port_is_of_this_machine_alone_unless_told(text, found):
    assert parse_listening(text) == found


@pytest.mark.parametrize("text", ["", "x", "65536", ":9464", "-1", "1.5", "host:", "²"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(ValueError, match="is no port"):
        parse_listening(text)


def test_flags_are_true_or_false():
    assert parse_flag("yes")
    assert not parse_flag("False")
    with pytest.raises(ValueError, match="neither true nor false"):
        parse_flag("maybe")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"abort_on_fail": True}, "--abort-on-fail stops at the first --expect"),
        ({"abort_grace": "5s"} | EXPECT, "--abort-grace speaks of --abort-on-fail"),
        ({"max_regression": "5%"}, "--max-regression speaks of --baseline"),
        ({"baseline": "b", "max_regression": "5"}, "--max-regression: '5' is no share"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_run(given, said):
    with pytest.raises(UsageError, match=said):
        make_plan("r.ndjson", given)


def test_all_of_it_can_stand_in_a_scenario_and_is_in_the_plan(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(
        'recording = "r.ndjson"\nexpect = ["rejected == 0"]\nabort-on-fail = true\nabort-grace = "5s"\n'
        'baseline = "b"\nmax-regression = "5%"\nmetrics-port = 9464\n',
        "utf-8",
    )
    with pytest.raises(UsageError) as refused:
        make_plan(None, {}, read_scenario(str(path)))
    sentence, shown, caret = str(refused.value).splitlines()
    assert sentence.startswith("--expect: there is no metric 'rejected'; did you mean messages.rejected")
    assert shown[caret.index("^") :] == "rejected == 0"
    path.write_text(path.read_text("utf-8").replace("rejected == 0", "messages.rejected == 0"), "utf-8")
    plain = make_plan(None, {}, read_scenario(str(path))).as_json()
    assert plain["abort_on_fail"] is True
    assert (plain["abort_grace_s"], plain["max_regression"]) == (5, 0.05)
    assert (plain["baseline"], plain["metrics_port"]) == ("b", ["127.0.0.1", 9464])

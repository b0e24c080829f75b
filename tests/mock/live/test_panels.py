"""The figures beside the messages, and the page at every width."""

import pytest

from tests.mock.live.backstage import COUNT, TRACKING, body_of

WIDE = "[document.documentElement.scrollWidth, document.body.scrollWidth]"
DETAIL_OVER = "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)(document.getElementById('detail'))"


def test_the_panels_show_limits_keys_reasons_stages_and_faults(stage, look):
    stage.add("A", "discarded", reason="no_user_anon_id")
    stage.add("B")
    stage.limits = [TRACKING | {"throttled": 7}]
    stage.faults = [{"name": "resets", "matched": 9, "used": 4}]
    stage.stages = [{"stage": "Filtered at destination", "destination": "X", "reason": "A_B", "count": 3}]
    page = look()
    page.until(f"{COUNT} === 2")
    shown = " ".join(page.text("#overview").split())
    for words in (
        "tracking-requests 500 requests a second", "now 180, peak 412", "7 throttled",
        "discarded no_user_anon_id 1", "resets 9 4", "Filtered at destination X A_B 3",
    ):  # fmt: skip
        assert words in shown
    label = page.evaluate("document.querySelector('#sources .share').getAttribute('aria-label')")
    assert label == "1 stored, 1 discarded"
    assert page.evaluate("document.getElementById('share').getAttribute('aria-label')") == label


def test_a_panel_with_nothing_to_say_is_not_shown(look):
    page = look()
    page.until("document.getElementById('state').className === 'live'")
    hidden = (
        "['sources', 'reasons', 'stages', 'faults'].map((id) => document.getElementById(id).offsetHeight)"
    )
    assert page.evaluate(hidden) == [0, 0, 0, 0]


@pytest.mark.parametrize("width", [360, 800, 1280, 1600])
def test_at_no_width_does_the_page_scroll_sideways(stage, look, width):
    long = {"reason": "R" * 300, "user": "U" * 900, "endpoint": "/" + "e" * 900, "write_key": "…KKKK"}
    for _ in range(30):
        body = '{"' + "k" * 400 + '":"' + "v" * 4000 + '"}'
        stage.bodies[stage.add("W" * 900, "discarded", **long)] = body_of(body)
    stage.limits = [TRACKING | {"name": "n" * 200, "count": 10**9, "throttled": 10**9}]
    stage.faults = [{"name": "f" * 200, "matched": 10**9, "used": 10**9}]
    stage.stages = [{"stage": "s" * 60, "destination": "d" * 90, "reason": "r" * 90, "count": 10**9}]
    page = look(width=width)
    page.until(f"{COUNT} === 30")
    assert page.evaluate(WIDE) == [width, width]
    page.click("#rows tr .name")
    page.until("document.querySelector('#body .key')")
    assert page.evaluate(WIDE) == [width, width]
    assert page.evaluate(DETAIL_OVER) == 0
    assert page.evaluate("document.getElementById('detail').matches(':modal')") is (width < 1088)

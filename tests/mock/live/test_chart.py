"""The chart: rates of two minutes, the limit as a line, and the same in words."""

import math

from tests.mock.live.backstage import ASKED_AGAIN, SECOND, TRACKING

LINE = """(() => {
  const line = document.querySelector('#plot .limit').getBoundingClientRect();
  const plot = document.querySelector('#plot svg').getBoundingClientRect();
  return (plot.bottom - line.top - line.height / 2) / plot.height;
})()"""


def columns(page, name):
    return page.evaluate(f"document.querySelector('#plot .{name}').getAttribute('d')").count("M")


def test_the_chart_draws_the_limit_as_a_line_and_says_the_same_in_words(stage, look):
    stage.per_s = [
        [SECOND - back, *((600, 0, 100) if back == 10 else (300, 0, 0))] for back in range(119, -1, -1)
    ]
    page = look()
    page.until("document.querySelector('#plot .limit')")
    assert math.isclose(page.evaluate(LINE), 500 / 800, abs_tol=0.02)
    assert page.text("#marks .of-limit") == "500"
    assert page.evaluate("document.getElementById('plot').getAttribute('aria-label')") == (
        "Now 300 requests in a second, at most 600 in the last two minutes;"
        " the limit is 500 requests a second, reached in 1 second; 100 throttled."
    )
    assert (columns(page, "sent"), columns(page, "throttled")) == (120, 1)


def test_a_column_under_the_pointer_is_told(stage, look):
    stage.per_s = [[SECOND - 10, 600, 0, 100]]
    page = look()
    page.until("document.querySelector('#plot .limit')")
    x, y, width = page.evaluate(
        "(({x, y, width}) => [x, y, width])(document.getElementById('plot').getBoundingClientRect())"
    )
    page.hover(x + width * (109.5 / 120), y + 20)
    page.until("document.getElementById('readout').textContent === '12:30:35: 600 requests, 100 throttled'")
    page.hover(x + width * (50.5 / 120), y + 20)
    page.until("document.getElementById('readout').textContent === '12:29:36: 0 requests'")


def test_a_limit_by_the_minute_is_drawn_against_what_came_in_each_minute(stage, look):
    stage.limits.append(TRACKING | {"name": "config", "api": "config", "count": 100, "window_s": 60.0})
    stage.by_api = {"config": [[SECOND - back, 1, 0, 0] for back in range(119, -1, -1)]}
    page = look()
    page.until("document.querySelectorAll('#against option').length === 2")
    choose = "(s) => { s.value = '1'; s.dispatchEvent(new Event('change')); }"
    page.evaluate(f"({choose})(document.getElementById('against'))")
    assert math.isclose(page.evaluate(LINE), 100 / 120, abs_tol=0.02)
    assert columns(page, "sent") == 61  # before that no whole minute is known
    assert page.text("#readout") == "Now 60 requests in 60 s, at most 60 in the last two minutes."
    page.until(ASKED_AGAIN)
    assert page.evaluate("document.getElementById('against').value") == "1"


def test_a_limit_of_messages_is_drawn_against_messages(stage, look):
    stage.limits = [TRACKING | {"unit": "events", "count": 1000}]
    page = look()
    page.until("document.querySelector('#plot .limit')")
    assert math.isclose(page.evaluate(LINE), 1000 / 1200, abs_tol=0.02)
    assert page.text("#readout").startswith("Now 240 messages in a second")


def test_without_a_limit_there_are_rates_and_no_line(stage, look):
    stage.limits = []
    page = look()
    page.until("document.querySelector('#plot .sent')")
    assert page.evaluate("document.querySelector('#plot .limit')") is None
    assert page.text("#limits") == "No limit is in force."

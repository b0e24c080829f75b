"""Asking the mock: how often, what when it is gone, begins anew, or wants a token."""

import re

from tests.mock.live.backstage import COUNT, NAMES


def test_a_mock_that_is_reset_starts_the_page_anew(backstage, stage, look):
    stage.add("Old")
    page = look()
    page.until(f"{COUNT} === 1")
    stage.events.clear()
    stage.instance = "inst-2"
    page.until(f"{COUNT} === 0")
    assert "Nothing has come yet." in page.text("#nothing")
    assert f"{backstage.url}v1/track" in page.text("#first-call pre")
    stage.add("New")
    page.until(f"{COUNT} === 1")
    assert page.evaluate(NAMES) == ["New"]


def test_a_mock_that_does_not_answer_is_said_to_be_gone_and_asked_less_and_less(backstage, stage, look):
    page = look()
    page.until("document.getElementById('state').className === 'live'")
    stage.status = 500
    page.until("document.getElementById('state').innerText === 'The mock answered 500'")
    stage.status = 200
    page.until("document.getElementById('state').innerText === 'Live'")
    page.evaluate("delays.length = 0")
    backstage.close()
    page.until("delays.filter((ms) => ms >= 1000).length >= 5")
    assert re.fullmatch(r"The mock is gone: no answer since \d\d:\d\d:\d\d", page.text("#state"))
    assert page.evaluate("delays.filter((ms) => ms >= 1000).slice(0, 5)") == [1000, 2000, 4000, 8000, 8000]
    assert [p for p in page.problems if "Failed to load resource" not in p] == []
    page.problems.clear()


def test_an_answer_that_makes_no_sense_is_said_and_the_next_one_is_taken(stage, look):
    page = look()
    page.until("document.getElementById('state').className === 'live'")
    for instead, words in (
        ("<html>", "something else than JSON"),
        ("[1]", "what this page does not understand"),
    ):
        stage.instead = instead
        page.until(f"document.getElementById('state').innerText === 'The mock answered {words}'")
        stage.instead = None
        page.until("document.getElementById('state').innerText === 'Live'")
    assert all("TypeError" in problem for problem in page.problems)
    page.problems.clear()


def test_a_page_that_nobody_looks_at_asks_seldom(look):
    page = look()
    page.until("delays.length > 2")
    assert page.evaluate("delays.at(-1)") == 500
    page.evaluate("window.away = true")
    page.until("delays.at(-1) === 5000")
    page.evaluate("(window.away = false, document.dispatchEvent(new Event('visibilitychange')))")
    page.until("delays.at(-1) === 500")


def test_a_page_in_a_hurry_shows_nothing_twice(stage, look):
    page = look()
    hurry = "for (let i = 0; i < 5; i += 1) document.dispatchEvent(new Event('visibilitychange'))"
    for number in range(5):
        stage.add(f"N{number}")
        page.evaluate(hurry)
        page.until(f"{COUNT} > {number}")
    assert page.evaluate(NAMES) == ["N4", "N3", "N2", "N1", "N0"]


def test_a_mock_that_wants_a_token_is_given_it_in_a_header_and_nowhere_else(stage, look):
    stage.token = "open sesame"
    stage.add("Behind")
    page = look()
    page.until("!document.getElementById('key').hidden")
    assert page.text("#state") == "Locked"
    page.evaluate("document.getElementById('token').focus()")
    page.type("open sesame")
    page.press("Enter")
    page.until(f"{COUNT} === 1")
    assert page.evaluate("document.getElementById('key').hidden")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert not [url for _, url in page.requests if "sesame" in url]
    assert all("401" in problem for problem in page.problems)
    page.problems.clear()


def test_a_token_in_the_fragment_is_used_and_leaves_the_address_bar(backstage, stage, look):
    stage.token = "sesame"
    stage.add("Behind")
    page = look()
    page.goto("about:blank")
    page.problems.clear()
    page.goto(backstage.url + "#token=sesame")
    page.until(f"{COUNT} === 1")
    assert page.evaluate("location.href") == backstage.url


def test_a_frozen_or_fast_clock_is_said(stage, look):
    stage.frozen = True
    page = look()
    page.until("document.getElementById('clock').innerText === 'clock frozen at 12:30:45 UTC'")
    stage.frozen, stage.scale = False, 60.0
    page.until("document.getElementById('clock').innerText === 'clock × 60, 12:30:45 UTC'")

"""The table: what comes is on top, is bounded, can be held, searched and filtered."""

from tests.mock.live.backstage import ASKED_AGAIN, COUNT, NAMES, body_of

GAP_AT = "[...document.querySelectorAll('#rows tr')].findIndex((row) => row.className === 'gap')"


def test_messages_appear_as_they_come_newest_on_top_with_their_verdict_in_words(stage, look):
    stage.add("First")
    stage.add(None, "discarded", reason="event_not_string")
    page = look()
    page.until(f"{COUNT} === 2")
    assert page.text("#rows tr:first-child .verdict") == "discarded event_not_string"
    assert page.text("#rows tr:last-child .name") == "First"
    stage.add("Third", "throttled", reason="limit", user="ann", write_key="…7Kp2", endpoint="/v1/t")
    page.until(f"{COUNT} === 3")
    cells = page.evaluate("[...document.querySelector('#rows tr').cells].map((cell) => cell.textContent)")
    assert cells == ["12:30:26.734", "throttled limit", "track", "Third", "ann", "…7Kp2", "/v1/t 429"]
    colours = "[...document.querySelectorAll('#rows .badge')].map((badge) => getComputedStyle(badge).color)"
    assert len(set(page.evaluate(colours))) == 3
    assert page.text("#state") == "Live"
    assert page.evaluate("document.title") == "3 received · Segment in a box"


def test_search_shows_at_once_what_is_at_hand_and_asks_the_mock_for_the_rest(stage, look):
    for number in range(700):
        stage.add("Needle" if number == 3 else f"Hay {number}")
    page = look()
    page.until(f"{COUNT} === 500")
    page.press("/")
    page.type("hay 69")
    page.until(f"{COUNT} === 11")  # 69, and 690 to 699
    page.evaluate("document.querySelector('#search').select()")
    page.type("needle")
    page.until(f"{COUNT} === 1")
    assert page.evaluate(NAMES) == ["Needle"]
    assert stage.asked[-1]["search"] == ["needle"]
    page.evaluate("document.querySelector('#search').select()")
    page.type("nowhere")
    page.until(f"{COUNT} === 0")
    assert "None of the messages at hand matches" in page.text("#nothing")


def test_a_class_and_a_write_key_filter_and_are_asked_of_the_mock(stage, look):
    for number in range(30):
        class_ = "refused" if number % 10 == 0 else "stored"
        stage.add(f"N{number}", class_, write_key="…7Kp2" if number < 15 else "…x9Qd")
    page = look()
    page.until(f"{COUNT} === 30")
    page.click(".figure.refused")
    page.until(f"{COUNT} === 3")
    assert page.evaluate("document.querySelector('.figure.refused').getAttribute('aria-pressed')") == "true"
    page.click("#sources button")
    page.until(f"{COUNT} === 2")
    assert page.evaluate("document.getElementById('write-key').value") == "…7Kp2"
    stage.asked.clear()
    page.until(ASKED_AGAIN)
    assert (stage.asked[-1]["class"], stage.asked[-1]["write_key"]) == (["refused"], ["…7Kp2"])
    page.click(".figure.received")
    page.until(f"{COUNT} === 15")


def test_a_flood_stays_within_500_rows_and_what_was_not_shown_is_said(stage, look):
    for number in range(900):
        stage.add(f"N{number}")
    page = look()
    page.until(f"{COUNT} === 500")
    stage.skipped = 4000
    for number in range(300):
        stage.add(f"M{number}")
    page.until("document.querySelector('#rows .gap')")
    assert page.evaluate("document.querySelectorAll('#rows tr').length") == 500
    assert page.evaluate(GAP_AT) == 200
    assert page.text("#rows .gap") == "4,000 more calls here, not shown"
    stage.skipped = 20
    page.until(f"{GAP_AT} === 0")  # nothing came but what was skipped,
    stage.skipped = 1  # and then more of it
    page.until("document.querySelector('#rows .gap').textContent === '21 more calls here, not shown'")


def test_no_column_is_left_empty_when_others_are_hidden(stage, look):
    stage.add("Old")
    page = look()
    page.until(f"{COUNT} === 1")
    stage.skipped = 9
    stage.bodies[stage.add("New")] = body_of("{}")
    page.until("document.querySelector('#rows .gap')")
    page.click("#rows tr:first-child .name")
    page.until("document.querySelector('#body .text, #body pre').textContent === '{}'")
    assert page.evaluate("getComputedStyle(document.querySelector('#rows .call')).display") == "none"
    left_over = """(() => {
      const list = document.getElementById('list').getBoundingClientRect();
      return list.right - document.querySelector('#rows .user').getBoundingClientRect().right;
    })()"""
    assert page.evaluate(left_over) <= 2


def test_a_pause_holds_the_rows_and_counts_what_waits(stage, look):
    stage.add("Before")
    page = look()
    page.until(f"{COUNT} === 1")
    page.click("#pause")
    page.until("document.getElementById('state').innerText === 'Paused'")
    stage.add("Meanwhile")
    stage.add("Meanwhile too")
    page.until("document.getElementById('pause').innerText === 'Resume (2 new)'")
    assert page.evaluate(COUNT) == 1
    assert page.text(".figure.received b") == "3"
    page.click("#pause")
    page.until(f"{COUNT} === 3")
    assert page.evaluate(NAMES)[0] == "Meanwhile too"

"""One message opened: the body as it was written, with mouse and with keyboard."""

from tests.mock.live.backstage import COUNT, body_of


def test_a_click_shows_the_body_as_it_was_written(stage, look):
    raw = (
        '{"userId":12345678901234567890,"a":1.0,"a":[],'
        '"b":{"c":null,"d":"x\\u202ey \\" {[,:]}"},"e":[1e400,true]}'
    )
    stage.bodies[stage.add("Order Completed")] = body_of(raw, final='{"z":1}')
    page = look()
    page.until(f"{COUNT} === 1")
    page.click("#rows tr .name")
    page.until("document.querySelector('#body .key')")
    assert page.evaluate("document.querySelector('#body pre').textContent").split("\n") == [
        "{", '  "userId": 12345678901234567890,', '  "a": 1.0,', '  "a": [],', '  "b": {', '    "c": null,',
        '    "d": "x\\u202ey \\" {[,:]}"', "  },", '  "e": [', "    1e400,", "    true", "  ]", "}",
    ]  # fmt: skip
    assert page.text("#meaning") == "Answered 200, and kept."
    assert "m-1" in page.text("#facts")
    page.click("#tab-final")
    assert page.text("#body") == '{\n  "z": 1\n}'
    page.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-verdict"
    assert page.text("#body") == "{}"
    page.click("#close")
    assert page.evaluate("document.getElementById('detail').open") is False


def test_a_message_without_a_final_form_says_why(stage, look):
    stage.bodies[stage.add("Late", "throttled")] = body_of("{}")
    page = look()
    page.until(f"{COUNT} === 1")
    page.click("#rows tr .name")
    page.until("document.getElementById('body').innerText === '{}'")
    page.click("#tab-final")
    assert page.text("#body") == "There is no final form: only a message that is stored has one."
    assert page.evaluate("document.getElementById('copy').disabled")


def test_the_copy_button_takes_the_body(stage, look):
    stage.bodies[stage.add("A")] = body_of('{"total":99.50}')
    page = look()
    page.until(f"{COUNT} === 1")
    page.evaluate(
        "navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }"
    )
    page.click("#rows tr .name")
    page.until("document.querySelector('#body .key')")
    page.click("#copy")
    page.until("window.copied")
    assert page.evaluate("copied") == '{\n  "total": 99.50\n}'


def test_the_keyboard_walks_opens_and_closes(stage, look):
    for number in range(5):
        stage.bodies[stage.add(f"N{number}")] = body_of(f'{{"n":{number}}}')
    page = look()
    page.until(f"{COUNT} === 5")
    assert page.evaluate("document.querySelectorAll('#rows [tabindex=\"0\"]').length") == 1
    page.evaluate("document.querySelector('#rows [tabindex=\"0\"]').focus()")
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        page.press(key)
    page.until("document.querySelector('#body .key')")
    assert page.text("#detail-title") == "N2"
    assert page.evaluate("document.activeElement.id") == "detail-title"
    page.press("Escape")
    page.until("document.activeElement.closest('tr')?.querySelector('.name').textContent === 'N2'")
    page.click("#rows tr:last-child .name")
    page.press("ArrowUp")  # a click leaves the focus in the table, and the panel follows it
    page.until("document.getElementById('detail-title').textContent === 'N1'")
    assert page.evaluate("document.querySelector('#rows [aria-selected=true] .name').textContent") == "N1"


def test_a_body_that_is_gone_is_said_to_be_gone(stage, look):
    stage.add("Old")
    stage.evicted = 1234
    stage.add_read("/v1/spaces/x")
    page = look()
    page.until(f"{COUNT} === 2")
    assert page.text("#evicted") == "1,234 bodies evicted."
    page.click("#rows tr:last-child .name")
    page.until("/has been evicted/.test(document.querySelector('#body').innerText)")
    page.click("#rows tr:first-child .name")
    page.until("/carried no body/.test(document.querySelector('#body').innerText)")
    assert page.text("#detail-title") == "/v1/spaces/x"
    assert [problem for problem in page.problems if "404" not in problem] == []
    page.problems.clear()  # the 404 itself, which the browser notes

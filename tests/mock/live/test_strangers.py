"""What strangers write: it is text, it cannot mislead, and nothing of it runs."""

import json

from tests.mock.live.backstage import COUNT, NAMES, TRACKING, body_of

HOSTILE = (
    "<img src=x onerror=window.ran=1>",
    "</script><script>window.ran=1</script>",
    "</title></style><svg onload=window.ran=1>",
    "javascript:window.ran=1//",
    "{{constructor.constructor('window.ran=1')()}}",
)


def test_hostile_names_are_text_and_nothing_of_them_runs(backstage, stage, look):
    for name in HOSTILE:
        seq = stage.add(
            name, user=name, reason=name, type=name, endpoint=name, write_key=name, message_id=name
        )
        stage.bodies[seq] = body_of(json.dumps({name: name}))
    stage.limits = [TRACKING | {"name": name, "api": name} for name in HOSTILE]
    stage.faults = [{"name": name, "matched": 1, "used": 1} for name in HOSTILE]
    stage.stages = [{"stage": n, "destination": n, "reason": n, "count": 1} for n in HOSTILE]
    stage.instance = HOSTILE[0]
    page = look()
    page.until(f"{COUNT} === {len(HOSTILE)}")
    assert page.evaluate(NAMES) == list(reversed(HOSTILE))
    page.click("#rows tr:last-child .name")
    page.until("document.querySelector('#body .text')")
    assert page.text("#detail-title") == HOSTILE[0]
    assert HOSTILE[0] in page.text("#body")
    assert page.evaluate("document.querySelectorAll('img, svg svg, script ~ script, iframe').length") == 0
    assert page.evaluate("window.ran") is None
    asked = {url.split("?")[0] for _, url in page.requests if not url.startswith(("data:", "about:"))}
    assert asked == {backstage.url + path for path in ("", "__admin/live", "__admin/live/body")}


def test_controls_and_direction_overrides_are_spelled_out_and_every_value_is_isolated(stage, look):
    spelled = {
        "gnp.\u202eexe": r"gnp.\u202eexe",
        "a\u0000b\nc\x1b[31m": r"a\u0000b\u000ac\u001b[31m",
        "\u2066x\u2069\u200b\ufeff": r"\u2066x\u2069\u200b\ufeff",
        "\ud800 alone": r"\ud800 alone",
        "👩\u200d🚀 and \u05d0": "👩\u200d🚀 and \u05d0",  # no harm in these
    }
    for name in spelled:
        stage.add(name)
    page = look()
    page.until(f"{COUNT} === {len(spelled)}")
    assert page.evaluate(NAMES)[::-1] == list(spelled.values())
    isolated = "[...document.querySelectorAll('#rows .name > *')].map((e) => getComputedStyle(e).unicodeBidi)"
    assert set(page.evaluate(isolated)) == {"isolate"}


def test_the_policy_stops_whatever_would_be_injected(look):
    page = look()
    for what in (
        "document.body.innerHTML = '<b>x</b>'",
        "setTimeout('window.ran = 1')",
        "document.body.setAttribute('style', 'color: red')",
        "document.head.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))",
        "(document.body.setAttribute('onclick', 'window.ran = 1'), document.body.click())",
    ):
        page.evaluate(f"(() => {{ try {{ {what} }} catch (error) {{ }} }})()")
    elsewhere = "fetch('http://127.0.0.1:9/').then(() => 'let through', () => 'stopped')"
    assert page.evaluate(elsewhere) == "stopped"
    assert page.evaluate("window.ran === undefined && document.querySelector('body > b') === null")
    assert page.evaluate("document.body.style.color") == ""
    told = " ".join(page.problems)
    page.problems.clear()
    for rule in ("TrustedHTML", "TrustedScript", "style-src", "connect-src"):
        assert rule in told

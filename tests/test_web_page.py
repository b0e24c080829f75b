"""Who may call a UI of this machine, and what is added to it."""

import base64
import hashlib
import re
from types import SimpleNamespace

import pytest
from flask import Flask

from harness.standing import Told, standing_of
from harness.web_page import add_web_page, is_stranger


@pytest.mark.parametrize(
    ("host", "origin", "stranger"),
    [
        ("127.0.0.1:8089", None, False),
        ("localhost:8089", "http://localhost:8089", False),
        ("[::1]:8089", "http://[::1]:8089", False),
        ("rebound.test:8089", None, True),
        ("127.0.0.1:8089", "https://evil.test", True),
        ("127.0.0.1:8089", "null", True),
        ("127.0.0.1.evil.test", None, True),
        ("", None, True),
    ],
)
def test_a_ui_of_this_machine_answers_to_this_machines_names_alone(host, origin, stranger):
    assert is_stranger(host, origin) is stranger


class Shown:
    """Where things stand, without a run."""

    def __init__(self, path=None):
        self.path = path

    def standing(self):
        return standing_of(None, Told(state="refused", said="not that host"))

    def report(self):
        return self.path


def a_ui(shown, base_path=""):
    app = Flask("harness")
    app.add_url_rule(f"{base_path}/stats/requests", "statistics", lambda: {"state": "stopped"})
    ui = SimpleNamespace(
        app=app,
        host="127.0.0.1",
        port=8089,
        tls_cert=None,
        template_args={},
        auth_required_if_enabled=lambda view: view,
    )
    return ui, add_web_page(ui, shown, base_path), app.test_client()


@pytest.mark.parametrize("base_path", ["", "/load"])
def test_locusts_ui_gets_a_tab_that_says_where_the_page_is_and_a_link_to_it(base_path):
    ui, address, client = a_ui(Shown(), base_path)
    assert address == f"http://127.0.0.1:8089{base_path}/replay"
    assert ui.template_args["extended_tabs"] == [{"title": "Replay", "key": "replay"}]
    assert ui.template_args["extended_csv_files"][0]["href"] == "./replay"
    told = client.get(f"{base_path}/stats/requests", base_url="http://127.0.0.1:8089").json
    assert told["state"] == "stopped"
    (table,) = told["extended_stats"]
    columns = {column["key"] for column in ui.template_args["extended_tables"][0]["structure"]}
    assert all(set(row) <= columns for row in table["data"])
    assert table["data"][0]["now"] == "not that host"
    assert table["data"][-1]["now"] == address


def test_the_page_lets_in_its_own_style_and_script_alone_and_the_report_comes_once_there_is_one(tmp_path):
    _, _, client = a_ui(shown := Shown(tmp_path / "report.html"))
    page = client.get("/replay", base_url="http://127.0.0.1:8089")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    for name in ("style", "script"):
        (text,) = re.findall(f"<{name}>(.*?)</{name}>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert client.get("/replay/data", base_url="http://127.0.0.1:8089").json["said"] == "not that host"
    assert client.get("/replay/report", base_url="http://127.0.0.1:8089").status_code == 404
    shown.path.write_text("<p>drawn</p>")
    assert client.get("/replay/report", base_url="http://127.0.0.1:8089").text == "<p>drawn</p>"


def test_nothing_of_it_is_for_strangers():
    _, _, client = a_ui(Shown())
    for path in ("/replay", "/replay/data", "/replay/report", "/stats/requests"):
        assert client.get(path, base_url="http://rebound.test:8089").status_code == 403

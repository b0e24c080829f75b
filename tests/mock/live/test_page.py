"""The live page as bytes: one document, closed by its own policy to everything but itself."""

import base64
import hashlib
import html.parser
import re
from pathlib import Path

import harness.mock.live.page as page_module
from harness.mock.live.page import SCRIPTS, STYLE, page_reply

ASSETS = Path(page_module.__file__).with_name("assets")


class Page(html.parser.HTMLParser):
    """Tags, attributes and what stands between the tags of style and script."""

    def __init__(self, text):
        super().__init__()
        self.opened, self.closed, self.attributes, self.inside = [], [], [], {"style": "", "script": ""}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        self.closed.append(tag)

    def handle_data(self, data):
        if self.opened and self.opened[-1] in self.inside and self.opened[-1] not in self.closed:
            self.inside[self.opened[-1]] += data


def parts():
    reply = page_reply()
    assert isinstance(reply.body, bytes)
    status, *lines = reply.head.decode("ascii").rstrip("\r\n").split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), reply.body.decode()


def test_the_policy_names_the_hash_of_the_very_style_and_script_that_stand_in_the_page():
    _, headers, text = parts()
    page = Page(text)
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        digest = base64.b64encode(hashlib.sha256(page.inside[tag].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in headers["Content-Security-Policy"]
        assert len(page.inside[tag]) > 5000


def test_the_policy_lets_in_nothing_else():
    status, headers, text = parts()
    assert status == "HTTP/1.1 200 OK"
    policy = dict(part.split(" ", 1) for part in headers.pop("Content-Security-Policy").split("; "))
    assert {name: value for name, value in policy.items() if "sha256-" not in value} == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert headers == {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(text.encode())),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def test_the_page_names_no_other_place_and_carries_no_inline_style_or_handler():
    _, _, text = parts()
    addresses = set(re.findall(r"\w+://[^'\"\s>]*", text))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, not a place
    page = Page(text)
    assert not [
        name for name, _ in page.attributes if name in ("style", "src", "srcset") or name.startswith("on")
    ]
    assert not re.search(r"url\(|@import", page.inside["style"])


def test_the_page_is_well_formed_and_has_one_of_each_landmark():
    page = Page(parts()[2])
    void = {"meta", "link", "input", "!doctype"}
    assert sorted(tag for tag in page.opened if tag not in void) == sorted(page.closed)
    assert [page.opened.count(tag) for tag in ("h1", "header", "main", "aside", "style", "script")] == [1] * 6
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_no_script_reads_a_string_as_markup_or_as_code():
    page = Page(parts()[2])
    unsafe = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|srcdoc|Contextual"
    assert not re.search(unsafe, page.inside["script"])


def test_every_asset_is_in_the_page_and_says_its_one_idea():
    assert {file.name for file in ASSETS.iterdir()} == {"live.html", STYLE, *SCRIPTS}
    for name in SCRIPTS:
        lines = (ASSETS / name).read_text("utf-8").splitlines()
        assert lines[0].startswith("// ")
        assert len(lines) <= 300


def test_the_page_is_made_once():
    assert page_reply() is page_reply()

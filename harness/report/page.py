"""Make a page of parts: one file with its style, scripts and data in it, closed to all else.

A page asks nobody for anything: its policy lets in the scripts and styles that are here, by their hashes.
So a name that slipped through as markup could neither run nor fetch. Every page that is a file is made here.
"""

import base64
import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
import orjson
from markupsafe import Markup, escape

from harness.masking import masked
from harness.report import phrases
from harness.report.definitions import TERMS
from harness.throttle.check import many

_ROOM: Final = Path(__file__).parent
_STYLES: Final = ("uplot.min.css", "palette.css", "page.css")
_SCRIPTS: Final = ("uplot.iife.min.js", "page.js", "charts.js")
# In a script element only these can end the text or start another state of the parser.
_IN_SCRIPT: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:ms|s|min|h|kB|MB)\b|%)")
_NOT_MEASURED: Final = Markup('<span class="quiet">not measured</span>')


def page(
    *,
    title: str,
    header: str,
    body: str,
    charts: Mapping[str, Any] | None = None,
    terms: Mapping[str, tuple[str, str]] = TERMS,
    styles: tuple[str, ...] = (),
    skip: str = "Skip to the findings",
) -> str:
    """A whole page. `header` and `body` are markup, `title` is text, `charts` is what `charts.js` draws.

    `styles` are files of its own beside those of every page; `skip` are the words of the first link.
    """
    style, scripts = _style(styles), _scripts() if charts else _scripts()[1:2]
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(content_hash, scripts))}",
            f"style-src {content_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return (
        environment()
        .get_template("page.j2")
        .render(
            title=title,
            policy=policy,
            skip=skip,
            style=Markup(style),  # noqa: S704 - ours, or made by a template that escapes
            scripts=[Markup(script) for script in scripts],  # noqa: S704 - files of this package
            header=Markup(header),  # noqa: S704 - ours, or made by a template that escapes
            body=Markup(body),  # noqa: S704 - ours, or made by a template that escapes
            data=Markup(_json(charts)) if charts else None,  # noqa: S704 - `_json` leaves no sign of markup in it
            terms={
                name: term
                for name, term in terms.items()
                if f'popovertarget="d-{name}"' in header or f'popovertarget="d-{name}"' in body
            },
        )
    )


@functools.cache
def environment() -> jinja2.Environment:
    """Where the parts of pages are, with the filters that say figures and names as a person reads them.

    What a document lacks, or has as null, is undefined all the way down, and reads as not measured.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_ROOM / "parts"),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "count": _known(phrases.count),
        "plain": _known("{:g}".format),
        "precise": _known(phrases.precise),
        "instant": _known(phrases.instant),
        "limit_name": phrases.limit_name,
        "measured": phrases.measured,
        "clock": _known(phrases.clock),
        "percent": _known(lambda value: kept_together(phrases.share(value, 1))),
        "together": lambda text: kept_together(str(text)),
        "name": shown_name,
        "sentence": lambda text: kept_together(phrases.plain_text(masked(text))),
        "command": phrases.plain_text,
        "cut": lambda value: phrases.cut(masked(str(value))),
        "own_id": phrases.cut,
        "many": many,
    }
    made.tests["known"] = lambda value: value is not None and not isinstance(value, jinja2.Undefined)
    made.globals["share"] = _share
    made.globals["ms"] = _ms
    made.globals["less"] = lambda number, part: None if number is None else number - part
    made.globals["not_measured"] = _NOT_MEASURED
    return made


def shown_name(name: object, characters: int | None = None) -> Markup:
    """A name from outside as markup: text alone, cut and counted, masked, in a direction of its own.

    `characters` is how long it was, where it comes shortened already.
    """
    text = str(name)
    length = len(text) if characters is None else max(characters, len(text))
    shown = phrases.cut(masked(text))
    left = (
        Markup(' <span class="quiet">({:,} characters)</span>').format(length)
        if length > phrases.NAME_CHARACTERS
        else ""
    )
    return Markup("<bdi>{}</bdi>{}").format(escape(shown), left)


def kept_together(text: str) -> str:
    """The text with each figure and its unit on one line."""
    return _UNIT.sub("\u00a0", text)


def _known(say: Any) -> Any:
    def said(value: Any) -> Any:
        return _NOT_MEASURED if value is None or isinstance(value, jinja2.Undefined) else say(value)

    return said


def _ms(figures: Any, stat: str) -> str:
    """A figure of a distribution; a dash where there was nothing to measure."""
    if not isinstance(figures, Mapping):
        return _NOT_MEASURED
    if figures.get("count") == 0:
        return phrases.NOTHING
    value = figures.get(stat)
    return _NOT_MEASURED if value is None else phrases.precise(value)


def _share(part: Any, whole: Any) -> str:
    known = all(isinstance(value, int | float) for value in (part, whole))
    return kept_together(phrases.share(part, whole)) if known else phrases.NOTHING


@functools.cache
def _style(own: tuple[str, ...]) -> str:
    return "".join((_ROOM / "assets" / name).read_text("utf-8") for name in (*_STYLES, *own))


@functools.cache
def _scripts() -> Sequence[str]:
    texts = [(_ROOM / "assets" / name).read_text("utf-8") for name in _SCRIPTS]
    licence = (_ROOM / "assets" / "uplot.LICENSE").read_text("utf-8").strip()
    return (f"/*\n{licence}\n*/\n{texts[0]}", *texts[1:])


def content_hash(text: str) -> str:
    """What a policy calls a script or style by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _json(data: Any) -> str:
    text = orjson.dumps(data).decode()
    for sign, instead in _IN_SCRIPT.items():
        text = text.replace(sign, instead)
    return text

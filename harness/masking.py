"""Show a name from outside without what could be a secret or say who somebody is.

A guess by form: it may hide a harmless name, and what looks like any other word stays. Nothing rests on it
but what people read; what is sent, and what is written of keys, is the guard's.
"""

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"\b([A-Za-z][A-Za-z0-9+.-]{0,30})://(?:[^\s/?#]*@)?([^\s/?#]*)([^\s?#]*)([?#]\S*)?"
)
_MAIL: Final = re.compile(r"[^\s@<>\"',;:]{1,64}@[^\s@<>\"',;:]{1,255}\.[^\s@<>\"',;:.]+")
_NAMED: Final = re.compile(
    r"(?i)([\w-]{0,40}(?:key|token|secret|passw\w*|pwd|signature|credential|authorization|bearer|basic)"
    r"[\"']?(?:\s*[=:]\s*|\s+))([\"']?)([^\s\"'&,;]{6,})"
)
_RUN: Final = re.compile(r"[A-Za-z0-9_~+/=.-]{20,}")
# The id of a run is a long number too, and says nothing of anybody.
_NUMBER: Final = re.compile(r"\b\d{8}-\d{6}-[a-z0-9]{5}\b|(\+?\d(?:[ ()./-]{0,2}\d){8,})")
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d{1,4}")
_SIGNS: Final = re.compile(r"[A-Za-z0-9]+")
_LOOKED_AT: Final = 1_024  # characters: a longer name is cut anyway; the patterns are bounded for its sake


def masked(text: str) -> str:
    """The text with credentials, tokens, addresses of people, long numbers and what follows a host taken out.

    `https://a.example/x?X-Signature=1` becomes `https://a.example/…`, `ann@mail.example` `(e-mail)`, a long
    run of letters and figures its last four as `…SDK9`.
    """
    text = text[:_LOOKED_AT]
    text = _ADDRESS.sub(lambda found: f"{found[1]}://{found[2]}{'/…' if found[3] or found[4] else ''}", text)
    text = _MAIL.sub("(e-mail)", text)
    text = _NAMED.sub(lambda found: f"{found[1]}{found[2]}…", text)
    text = _RUN.sub(lambda found: f"…{found[0].rstrip('=')[-4:]}" if _is_token(found[0]) else found[0], text)
    return _NUMBER.sub(lambda found: "(number)" if found[1] else found[0], text)


def without_credentials(text: str) -> str:
    """An argument of a command without the user info and the query of an address in it; else as it is."""
    return _ADDRESS.sub(lambda found: f"{found[1]}://{found[2]}{found[3]}{'?…' if found[4] else ''}", text)


def _is_token(run: str) -> bool:
    """True unless it is made of words: a part without a vowel's rhythm, letters and figures mixed."""
    for part in _SIGNS.findall(run):
        if len(part) < 12 or part.isdigit() or not any(sign.isdigit() for sign in part):
            continue
        pieces = _WORD.findall(part)
        # `Checkout2024Completed` is few pieces, `a8Kq0Zx71LmP…` is many.
        if len(part) / len(pieces) < 4:
            return True
    return _is_uuid(run)


def _is_uuid(run: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", run) is not None

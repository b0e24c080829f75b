"""Say a compared figure as a person says it, with the term that explains it and its place in `run.json`."""

from typing import Final, NamedTuple

from harness.metrics import BY_NAME
from harness.report.definitions import TERMS


class FigureWords(NamedTuple):
    """`Service time p50`, explained by the term `service_time`, at `service_time_ms.p50`."""

    words: str
    term: str  # of `TERMS`; "" for none
    place: str

    @property
    def inside(self) -> str:
        """The words as they stand inside a sentence."""
        return self.words[:1].lower() + self.words[1:]


def figure_words(figure: str) -> FigureWords:
    """The words of a figure or a count, by the name that a comparison gives it."""
    if figure in _SHARES:
        return _SHARES[figure]
    stat, of, key = figure.partition(" of ")
    if of:
        term = key.removesuffix("_ms")
        return FigureWords(f"{TERMS[term][0]} {stat}", term, f"{key}.{stat}")
    term = figure.rpartition(".")[2]
    return FigureWords(BY_NAME[figure].meaning.rstrip("."), term if term in TERMS else "", figure)


_SHARES: Final = {
    "answered 429": FigureWords("Share of requests answered 429", "throttled", "requests.by_status"),
    "neither 2xx nor 429": FigureWords(
        "Share of requests neither 2xx nor 429", "neither", "requests.by_status"
    ),
}

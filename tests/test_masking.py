"""Names from outside: what could be a secret or a person goes, a word stays, whatever the length."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.masking import masked, without_credentials

WORDS = (
    "Order Completed",
    "checkout_step_2_completed",
    "Worse than 20260102-030405-k3f9a by more",
    "ProductListViewedByCustomerSupportTeam",
    "Black Friday 2024 / teaser-banner-clicked",
    "Größe gewählt",
    "/v1/track",
    "Tracking 500 requests/s per source (web)",
    "recordings/otto-shop.ndjson",
)
SECRETS = (
    ("sdkkey0123456789abcdef01234xSDK9", "…SDK9"),
    ("key sgp_8fK2mQ7Zt1XbW4cV9nRj3yLp", "key …"),
    ("token=abcdefgh", "token=…"),
    ('"password": "hunter2hunter"', '"password": "…"'),
    ("for ann.smith@mail.example now", "for (e-mail) now"),
    ("call +41 79 123 45 67", "call (number)"),
    ("4111 1111 1111 1111", "(number)"),
    ("123e4567-e89b-12d3-a456-426614174000", "…4000"),
    ("https://ann:pw@h.example:8/private/x?sig=1#f", "https://h.example:8/…"),
    ("https://h.example", "https://h.example"),
)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_stays(word):
    assert masked(word) == word


@pytest.mark.parametrize(("text", "shown"), SECRETS)
def test_a_secret_goes(text, shown):
    assert masked(text) == shown


@given(st.text(alphabet="abcdefghijkmnopqrstuvwxyzABCDEFGHJK0123456789", min_size=32, max_size=32))
def test_hardly_any_random_key_is_shown_whole(key):
    runs = sum(one.isdigit() != other.isdigit() for one, other in pairwise(key))
    if runs > 6:
        assert key not in masked(f"Sent {key}")


@pytest.mark.parametrize("sign", ["w", "a1", "@", ".", "key", "://", "1 ", "-"])
def test_a_huge_name_takes_no_time(sign):
    assert len(masked(sign * 1_000_000)) <= 2_000


def test_an_argument_keeps_its_address_but_not_what_opens_it():
    assert (
        without_credentials("--target=https://ann:pw@h.example/x?sig=1") == "--target=https://h.example/x?…"
    )
    assert without_credentials("http://127.0.0.1:8080/v1") == "http://127.0.0.1:8080/v1"
    assert without_credentials("p99 of service_time_ms < 1s") == "p99 of service_time_ms < 1s"

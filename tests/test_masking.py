"""No spelling of a secret is seen where Airflow masks, and none in our own sentences."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from airflow.models.connection import Connection
from airflow.providers.common.compat.sdk import redact

from airflow_provider_nusawa.gateway.settings import Secret
from airflow_provider_nusawa.hooks import NusaWaHook, settings_from

WAYS = {
    "raw": str,
    "quote": quote,
    "quote-all": lambda secret: quote(secret, safe=""),
    "quote-plus": quote_plus,
    "urlencode": lambda secret: urlencode({"password": secret}),
}
in_every_spelling = pytest.mark.parametrize("spell", WAYS.values(), ids=WAYS.keys())


def new_secret(where: str, spell: Callable[[str], str]) -> str:
    # A new one for each test, for the masker never forgets; with all that the spellings spell differently.
    return f"p@ss w&rd/{where}{len(spell(' /'))}{spell('x')}"


def hidden(spell: Callable[[str], str], secret: str) -> str:
    return "password=***" if spell(secret).startswith("password=") else "***"


def connection(password: str) -> Connection:
    return Connection(conn_id="x", conn_type="nusawa", login="budi", password=password)


def test_spellings_of_a_plain_word_are_one() -> None:
    assert Secret("rahasia").spellings() == ["rahasia"]
    assert Secret("").spellings() == []


@in_every_spelling
def test_a_password_that_was_read_is_masked(spell: Callable[[str], str]) -> None:
    secret = new_secret("thread", spell)

    settings_from(connection(secret))

    assert redact(f"asked {spell(secret)} and waited") == f"asked {hidden(spell, secret)} and waited"


@in_every_spelling
def test_a_password_that_an_event_loop_read_is_masked(
    spell: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = new_secret("loop", spell)
    monkeypatch.setenv("AIRFLOW_CONN_LOOP", connection(secret).get_uri())

    asyncio.run(NusaWaHook("loop").get_async_settings())

    assert redact(spell(secret)) == hidden(spell, secret)


def test_a_password_is_masked_without_the_line_break_that_it_came_with() -> None:
    settings_from(connection("from-a-file-of-secrets\n"))

    assert redact("asked from-a-file-of-secrets and waited") == "asked *** and waited"


def test_a_password_is_masked_even_where_the_connection_is_bad() -> None:
    with pytest.raises(ValueError, match="timezone"):
        settings_from(
            Connection(conn_id="x", conn_type="nusawa", login="b", password="b@d one/2", extra='{"timezone": "WIB"}')
        )

    assert "b%40d+one%2F2" not in str(redact("b%40d+one%2F2"))


@in_every_spelling
def test_our_own_sentences_lose_the_secret(spell: Callable[[str], str]) -> None:
    secret = "p@ss w&rd/1"

    assert Secret(secret).hide_in(f"host is {spell(secret)}") == f"host is {hidden(spell, secret)}"


def test_a_sentence_keeps_its_words_where_the_secret_is_too_short_to_be_one() -> None:
    assert Secret("v3").hide_in("v3 is v3") == "v3 is v3"
    assert Secret("").hide_in("v3 is v3") == "v3 is v3"


def test_nothing_is_logged_of_a_connection_that_is_read(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        settings_from(connection("canary-in-the-log"))

    assert "canary" not in caplog.text

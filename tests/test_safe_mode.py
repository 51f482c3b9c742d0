"""The connection's safe mode: what is posted in place of what was asked."""

from __future__ import annotations

import pytest

from airflow_provider_nusawa.gateway.errors import Refused, Scope
from airflow_provider_nusawa.gateway.media import Media
from airflow_provider_nusawa.gateway.messages import MAX_TEXT, Message, Options
from airflow_provider_nusawa.gateway.safe_mode import posted_instead
from airflow_provider_nusawa.gateway.settings import Settings

TO, TESTER = "6281234567890", "6281111111111"


def test_without_safe_mode_a_message_goes_as_it_is() -> None:
    message = Message(TO, "Halo")

    assert posted_instead(Settings(), message) is message


def test_a_redirected_message_says_for_whom_it_was_and_keeps_all_else() -> None:
    message = Message(TO, "Halo", media=Media(url="https://example.com/a.png"), options=Options(queue="slow"))

    posted = posted_instead(Settings(redirect_to=TESTER), message)

    assert (posted.to, posted.text) == (TESTER, "[for …7890] Halo")
    assert (posted.media, posted.options) == (message.media, message.options)


def test_a_redirected_text_loses_at_its_end_what_no_longer_fits() -> None:
    posted = posted_instead(Settings(redirect_to=TESTER), Message(TO, "x" * MAX_TEXT))

    assert len(posted.text) == MAX_TEXT


@pytest.mark.parametrize("redirect_to", ["", TO, TESTER])
def test_only_to_judges_the_person_intended_first(redirect_to: str) -> None:
    settings = Settings(only_to=frozenset({TESTER}), redirect_to=redirect_to)

    with pytest.raises(Refused, match="only_to") as caught:
        posted_instead(settings, Message(TO, "Halo"))

    assert (caught.value.scope, caught.value.last_four) == (Scope.SAFE_MODE, "7890")


def test_whom_only_to_names_is_written_to() -> None:
    message = Message(TO, "Halo")

    assert posted_instead(Settings(only_to=frozenset({TO})), message) is message

"""The values: a message is checked when it is made, and what leaves for XCom is plain JSON without full numbers."""

from __future__ import annotations

import json
import sys
import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_nusawa.gateway.errors import (
    Cause,
    InvalidMessage,
    InvalidSettings,
    OutcomeUnknown,
    Refused,
    Scope,
    Unreachable,
)
from airflow_provider_nusawa.gateway.messages import (
    MAX_TEXT,
    Credits,
    Message,
    Outcome,
    Receipt,
    check_text,
    mask_number,
    outcome_of,
)

TO = "6281234567890"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x", id="one-character"),
        pytest.param("x" * MAX_TEXT, id="1000-characters"),
        pytest.param("😀" * MAX_TEXT, id="1000-emoji"),
        pytest.param("Halo,\r\n\tBudi", id="lines-and-tabs"),
        pytest.param("👩\u200d👩\u200d👧 \u202eعربى", id="joiners-and-directions"),
    ],
)
def test_a_text_that_the_gateway_takes(text: str) -> None:
    assert Message(TO, text).text == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "the text is empty", id="empty"),
        pytest.param(" \n\t", "the text is empty", id="blank"),
        pytest.param("x" * 1001, "has 1001 characters, and the gateway takes at most 1000", id="too-long"),
        pytest.param("ab\0c", "U+0000 at position 2", id="nul"),
        pytest.param("ab\x1b[0m", "U+001B at position 2", id="escape"),
        pytest.param("ab\x85", "U+0085 at position 2", id="next-line"),
        pytest.param("ab\ud83d", "U+D83D at position 2", id="half-an-emoji"),
    ],
)
def test_a_text_that_cannot_be_sent_says_why(text: str, why: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        Message(TO, text)

    assert why in str(caught.value)
    assert caught.value.last_four == "7890"


def test_the_controls_are_those_that_unicode_names() -> None:
    def is_refused(char: str) -> bool:
        try:
            check_text(f"a{char}")
        except InvalidMessage:
            return True
        return False

    refused = {char for char in map(chr, range(sys.maxunicode + 1)) if is_refused(char)}

    named = {char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) in ("Cc", "Cs")}
    assert refused == named - set("\t\n\r")


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("", id="empty"),
        pytest.param("+6281234567890", id="plus"),
        pytest.param("628123", id="too-short"),
        pytest.param("6" * 16, id="too-long"),
        pytest.param("62812 34567", id="space"),
        pytest.param("٦٢٨١٢٣٤٥٦٧", id="other-digits"),
    ],
)
def test_a_message_goes_to_bare_digits_only(number: str) -> None:
    with pytest.raises(InvalidMessage, match="7 to 15 digits"):
        Message(number, "Halo")


def test_a_message_shows_neither_number_nor_text() -> None:
    assert repr(Message(TO, "rahasia")) == "Message()"


@given(st.text(max_size=20))
def test_a_masked_number_shows_four_characters_at_most(number: str) -> None:
    masked = mask_number(number)

    assert len(masked) == len(number)
    assert masked[-4:] == number[-4:]
    assert set(masked[:-4]) <= {"*"}


def test_a_receipt_leaves_as_plain_json_with_a_masked_number() -> None:
    receipt = Receipt(TO, "v3", Outcome.ACCEPTED, "017", 0)

    assert json.loads(json.dumps(receipt.to_xcom())) == {
        "message_id": "017",
        "destination": "*********7890",
        "code": 0,
        "api": "v3",
        "outcome": "accepted",
        "repeated": False,
    }
    assert TO not in repr(receipt)


@pytest.mark.parametrize(
    ("told", "xcom"),
    [
        pytest.param(Credits(Decimal(1500)), {"credits": "1500", "expires": None}, id="no-expiry"),
        pytest.param(Credits(Decimal("1E+3")), {"credits": "1000", "expires": None}, id="no-exponent"),
        pytest.param(
            Credits(Decimal("0.50"), date(2026, 12, 31)), {"credits": "0.50", "expires": "2026-12-31"}, id="both"
        ),
    ],
)
def test_a_balance_leaves_as_plain_json(told: Credits, xcom: dict[str, str | None]) -> None:
    assert told.to_xcom() == xcom


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        pytest.param(Receipt(TO, "v3", Outcome.ACCEPTED, "17"), Outcome.ACCEPTED, id="receipt"),
        pytest.param(Refused("no", code=-13, scope=Scope.RECIPIENT), Outcome.REFUSED, id="refused"),
        pytest.param(Unreachable("no name", cause=Cause.DNS), Outcome.NOT_TRIED, id="unreachable"),
        pytest.param(InvalidMessage("too long"), Outcome.NOT_TRIED, id="invalid"),
        pytest.param(InvalidSettings("no key", field="password"), Outcome.NOT_TRIED, id="invalid-settings"),
        pytest.param(OutcomeUnknown("silence", cause=Cause.TIMEOUT), Outcome.UNKNOWN, id="unknown"),
        pytest.param(ValueError("a fault of ours"), Outcome.UNKNOWN, id="fault"),
    ],
)
def test_what_became_of_a_send(result: Receipt | BaseException, outcome: Outcome) -> None:
    assert outcome_of(result) is outcome

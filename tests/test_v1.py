"""API v1.0: its recorded answers, its three shapes of failure, and what only this dialect can send."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from samples import MESSAGE, REPORT_ID, V1, V3, v1_answer
from samples import v1_error as error
from samples import v1_recorded as recorded

from airflow_provider_nusawa.gateway import v1, v3
from airflow_provider_nusawa.gateway.errors import (
    InvalidMessage,
    InvalidSettings,
    OutcomeUnknown,
    Refused,
    Scope,
)
from airflow_provider_nusawa.gateway.exchange import Reply
from airflow_provider_nusawa.gateway.media import Media
from airflow_provider_nusawa.gateway.messages import Message, Options, Outcome, Receipt
from airflow_provider_nusawa.gateway.settings import Secret

TO = MESSAGE.to
KEY = V1.settings.password.reveal()


def test_a_send_posts_json_with_the_key_in_a_header() -> None:
    request = v1.send_request(V1.settings, MESSAGE)

    assert (request.method, request.path, request.query) == ("POST", "/nusasms_api/1.0/whatsapp/message", "")
    assert request.headers == {"APIKey": KEY, "Accept": "application/json", "Content-Type": "application/json"}
    assert json.loads(request.body) == {"destination": "6285100803380", "message": "testing wa api"}


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        pytest.param(v1.credits_request(V1.settings), "/nusasms_api/1.0/balance", id="balance"),
        pytest.param(v1.key_check_request(V1.settings), "/nusasms_api/1.0/auth/api_key", id="key"),
        pytest.param(
            v1.report_request(V1.settings, "01/?2"), "/nusasms_api/1.0/whatsapp/status/01%2F%3F2", id="status"
        ),
    ],
)
def test_a_question_carries_the_key_in_its_header_only(request_: Any, path: str) -> None:
    assert (request_.method, request_.path, request_.query, request_.body) == ("GET", path, "", b"")
    assert request_.headers == {"APIKey": KEY, "Accept": "application/json"}


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        pytest.param(Options(), {}, id="none"),
        pytest.param(Options(sender="628110", queue="slow"), {"sender": "628110", "queue": "slow"}, id="sender-queue"),
        pytest.param(Options(include_unsubscribe=False), {"include_unsubscribe": False}, id="no-unsubscribe"),
        pytest.param(Options(include_unsubscribe=True), {"include_unsubscribe": True}, id="unsubscribe"),
    ],
)
def test_an_option_is_asked_for_only_where_it_is_given(options: Options, fields: dict[str, Any]) -> None:
    body = json.loads(v1.send_request(V1.settings, Message(TO, "Halo", options=options)).body)

    assert body == {"destination": TO, "message": "Halo"} | fields


@pytest.mark.parametrize(
    ("media", "fields"),
    [
        pytest.param(Media(url="https://example.com/a.png"), {"media_url": "https://example.com/a.png"}, id="url"),
        pytest.param(
            Media(content=b"%PDF\x00", file_name="tagihan.pdf"),
            {"media_base64": base64.b64encode(b"%PDF\x00").decode(), "file_name": "tagihan.pdf"},
            id="file",
        ),
    ],
)
@pytest.mark.parametrize("caption", ["Invoice", ""])
def test_media_go_with_their_caption(media: Media, fields: dict[str, str], caption: str) -> None:
    request = v1.send_request(V1.settings, Message(TO, caption, media=media, options=Options(queue="q")))

    assert request.path == "/nusasms_api/1.0/whatsapp/media"
    assert json.loads(request.body) == {"destination": TO, "caption": caption, "queue": "q"} | fields


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(Message(TO, "x", media=Media(url="https://example.com/a.png")), id="media"),
        pytest.param(Message(TO, "x", options=Options(sender="x")), id="sender"),
        pytest.param(Message(TO, "x", options=Options(include_unsubscribe=False)), id="unsubscribe"),
    ],
)
def test_what_only_v1_can_send_is_refused_under_v3_before_any_request(message: Message) -> None:
    with pytest.raises(InvalidMessage, match="set api_version to v1 in the connection"):
        v3.send_request(V3.settings, message)


@pytest.mark.parametrize("key", ["", "ABC DEF", "ABC\r\nX: y", "schlüssel"])
def test_a_key_that_fits_no_header_is_the_connections_fault(key: str) -> None:
    with pytest.raises(InvalidSettings, match="API key") as caught:
        v1.credits_request(replace(V1.settings, password=Secret(key)))

    assert caught.value.field == "password"
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(("name", "message_id"), [("message", REPORT_ID), ("media", "053380444905641292")])
def test_the_recorded_success_is_a_receipt(name: str, message_id: str, status: int) -> None:
    receipt = v1.read_receipt(recorded(f"{name}_accepted", status), MESSAGE, V1.settings)

    assert receipt == Receipt("6285100803380", "v1", Outcome.ACCEPTED, message_id, 0)


def test_an_answer_that_names_no_number_is_believed() -> None:
    assert v1.read_receipt(Reply(200, {}, v1_answer(ref_no=17)), MESSAGE, V1.settings).message_id == "17"


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        pytest.param(v1_answer(ref_no="1", destination="6281111111111"), 200, "about another number", id="another"),
        pytest.param(v1_answer(ref_no="", destination=TO), 200, "not one that the gateway gives", id="no-ref"),
        pytest.param(v1_answer(ref_no=None), 200, "not one that the gateway gives", id="null-ref"),
        pytest.param(b"", 204, "HTTP 204", id="204"),
        pytest.param(b'{"data": {"ref_no": "1"}}', 200, "not one", id="no-word-of-error"),
        pytest.param(b'{"error": false, "data": [{"ref_no": "1"}]}', 200, "not one", id="data-is-a-list"),
        pytest.param(b'{"error": true, "message": "boom"}', 500, "HTTP 500", id="error-beside-500"),
        pytest.param(b'{"error": true, "message": "slow"}', 408, "HTTP 408", id="error-beside-408"),
        pytest.param(v1_answer(ref_no="1", destination=TO), 503, "HTTP 503", id="success-beside-503"),
        pytest.param(b'{"detail": "Unprocessable"}', 422, "HTTP 422", id="detail-is-text"),
        pytest.param(b'{"detail": [{"msg": "x"}]}', 409, "HTTP 409", id="details-beside-409"),
    ],
)
def test_an_answer_that_settles_nothing_is_unknown(answer: bytes, status: int, says: str) -> None:
    with pytest.raises(OutcomeUnknown, match=says):
        v1.read_receipt(Reply(status, {}, answer), MESSAGE, V1.settings)


@pytest.mark.parametrize(
    ("answer", "scope", "says"),
    [
        pytest.param(recorded("error"), Scope.UNLISTED, '"Something went wrong"', id="recorded"),
        pytest.param(recorded("error", 400), Scope.MESSAGE, "HTTP 400", id="recorded-beside-400"),
        pytest.param(recorded("invalid_destination", 422), Scope.RECIPIENT, "Invalid destination format", id="422"),
        pytest.param(
            Reply(422, {}, b'{"detail": [{"loc": ["body", "x"], "msg": "none"}, "y", {"msg": "z"}]}'),
            Scope.MESSAGE,
            "x: none; : z",
            id="422-of-anything-else",
        ),
        pytest.param(error("Invalid API Key", 401), Scope.ACCOUNT, "Invalid API Key", id="key"),
        pytest.param(error("destination", 401), Scope.ACCOUNT, "HTTP 401", id="401-whatever-it-says"),
        pytest.param(error("Your IP is not allowed", 403), Scope.ACCOUNT, "IP is not allowed", id="ip"),
        pytest.param(error("Nope", 403), Scope.ACCOUNT, "Nope", id="403"),
        pytest.param(error("Insufficient balance"), Scope.ACCOUNT, "Insufficient balance", id="balance"),
        pytest.param(error("Saldo tidak cukup", 402), Scope.ACCOUNT, "Saldo", id="saldo"),
        pytest.param(error("Sender not found"), Scope.ACCOUNT, "Sender", id="sender"),
        pytest.param(error("Nomor tidak terdaftar"), Scope.RECIPIENT, "Nomor", id="nomor"),
        pytest.param(error("File is too large"), Scope.MESSAGE, "File", id="file"),
        pytest.param(error("Please try again later"), Scope.TRANSIENT, "try again", id="later"),
        pytest.param(error(None, 404), Scope.ACCOUNT, "no reason", id="404-without-words"),
        pytest.param(error("A", description="B"), Scope.UNLISTED, '"A: B"', id="description"),
        pytest.param(error("x", error_code=-77), Scope.RECIPIENT, "-77 SPAM_PATTERN", id="a-code-of-v3"),
        pytest.param(error("x", error_code=-4711), Scope.UNLISTED, '"x"', id="an-unlisted-code"),
        pytest.param(error("x", error_code=12), Scope.UNLISTED, '"x"', id="a-positive-code"),
    ],
)
def test_a_failure_is_classed_by_status_and_words(answer: Reply, scope: Scope, says: str) -> None:
    with pytest.raises(Refused) as caught:
        v1.read_receipt(answer, MESSAGE, V1.settings)

    assert (caught.value.scope, caught.value.http_status, caught.value.last_four) == (scope, answer.status, "3380")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("message", "opted_out"),
    [
        pytest.param("Destination has unsubscribed", True, id="unsubscribed"),
        pytest.param("Recipient opted out", True, id="opted-out"),
        pytest.param("Penerima sudah berhenti berlangganan", True, id="indonesian"),
        pytest.param("Invalid destination", False, id="merely-invalid"),
        pytest.param("include_unsubscribe ignored: destination has unsubscribed", True, id="beside-the-option"),
    ],
)
def test_an_opted_out_person_is_a_reason_of_its_own(message: str, opted_out: bool) -> None:
    with pytest.raises(Refused) as caught:
        v1.read_receipt(error(message), MESSAGE, V1.settings)

    assert (caught.value.opted_out, caught.value.scope) == (opted_out, Scope.RECIPIENT)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(
            Reply(422, {}, b'{"detail": [{"loc": ["body", "include_unsubscribe"], "msg": "not a valid boolean"}]}'),
            '"include_unsubscribe: not a valid boolean"',
            id="422",
        ),
        pytest.param(
            error("include_unsubscribe is not available for this account"),
            '"include_unsubscribe is not available for this account"',
            id="option",
        ),
        pytest.param(error("Include unsubscribe: not allowed", 400), '"Include unsubscribe: not', id="spelt-apart"),
        pytest.param(error("This account has unsubscribed", 401), "HTTP 401", id="account"),
    ],
)
def test_what_is_said_of_the_option_or_the_account_puts_nobody_on_the_list(answer: Reply, says: str) -> None:
    with pytest.raises(Refused) as caught:
        v1.read_receipt(answer, MESSAGE, V1.settings)

    assert (caught.value.opted_out, caught.value.scope) == (False, Scope.ACCOUNT)
    assert says in caught.value.what
    assert "this person" not in caught.value.what


def test_too_many_requests_are_retried_whatever_the_body_says() -> None:
    with pytest.raises(Refused) as caught:
        v1.read_receipt(Reply(429, {"retry-after": "1"}, error("Invalid destination").body), MESSAGE, V1.settings)

    assert (caught.value.scope, caught.value.retry_after) == (Scope.TRANSIENT, 1.0)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(f"Invalid API Key {KEY}", id="key"),
        pytest.param(f"Number {TO} is unknown", id="number"),
        pytest.param("Number +62 851-0080-3380 is unknown", id="pretty-number"),
        pytest.param("a\x1b[31mred\nline" + "x" * 15 + " " + "y " * 500, id="noise"),
    ],
)
def test_the_vendors_words_show_neither_key_nor_number(words: str) -> None:
    with pytest.raises(Refused) as caught:
        v1.read_receipt(error(words), MESSAGE, V1.settings)

    shown = str(caught.value)
    assert not any(part in shown for part in (KEY, TO, "851-0080", "\x1b", "\n"))
    assert len(shown) < 500


@pytest.mark.parametrize("spell", [str, quote, partial(quote, safe=""), quote_plus])
@pytest.mark.parametrize("place", [0, 186])
def test_an_error_of_any_call_keeps_a_secret_to_itself_that_the_vendor_repeats(spell: Any, place: int) -> None:
    secret = "kunci/rahasia&2026"  # no key, but what somebody may have put there
    settings = replace(V1.settings, password=Secret(secret))
    answer = error(f"{'. ' * (place // 2)}API key {spell(secret)} is not valid")

    for read in (
        lambda: v1.read_receipt(answer, MESSAGE, settings),
        lambda: v1.read_credits(answer, settings),
        lambda: v1.read_report(answer, REPORT_ID, settings),
        lambda: v1.read_key_check(answer, settings),
    ):
        with pytest.raises(Refused) as caught:
            read()
        assert "rahasia" not in str(caught.value)
        assert "kunci" not in str(caught.value)

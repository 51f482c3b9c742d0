"""API v1.0 as pure functions: a request out of a message, a value out of a reply. Login by API key, in a header.

Marks as in the vendor's protocol notes: D documented, C seen in recorded answers, A our assumption. Each A stands in
one place, so that a first live answer can overturn it with a change of one line.
"""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_nusawa.gateway.api_key import is_like_api_key
from airflow_provider_nusawa.gateway.codes import ACCEPTED, DeliveryStatus
from airflow_provider_nusawa.gateway.errors import Cause, InvalidSettings, Unreachable
from airflow_provider_nusawa.gateway.exchange import Reply, Request
from airflow_provider_nusawa.gateway.figures import read_amount, read_day, read_time
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Message, Outcome, Receipt
from airflow_provider_nusawa.gateway.numbers import is_echo
from airflow_provider_nusawa.gateway.refusals import no_answer
from airflow_provider_nusawa.gateway.v1_answers import failure, read_data, text_in

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.settings import Settings

NAME = "v1"
REPORTS_NAME_PEOPLE = True

BASE = "/nusasms_api/1.0"  # D
MESSAGE_PATH = f"{BASE}/whatsapp/message"  # C
MEDIA_PATH = f"{BASE}/whatsapp/media"  # C
STATUS_PATH = f"{BASE}/whatsapp/status/"  # C
BALANCE_PATH = f"{BASE}/balance"  # C
KEY_PATH = f"{BASE}/auth/api_key"  # D
KEY_HEADER = "APIKey"  # D

NO_BALANCE = Decimal(0)  # A: a null balance belongs to an account that cannot send WhatsApp messages


def check_settings(settings: Settings) -> None:
    """Raise InvalidSettings where the key is missing, or is one that no header can carry."""
    if not settings.password:
        raise InvalidSettings("password is empty, and v1 wants the API key there", field="password")
    # Checked without a local name for the key: tracebacks may show locals.
    if not _fits_header(settings.password.reveal()):
        what = (
            "the password field must hold the API key, without spaces or line breaks, for api_version v1; "
            "a password of the API user would need api_version v3"
        )
        raise InvalidSettings(what, field="password")


def login_advice(settings: Settings) -> str:
    if is_like_api_key(settings):
        return "the password field holds what looks like an API key: look whether it is this account's and still valid"
    return (
        "the password field must hold the API key, and what stands there does not look like one: "
        "a password of the API user would need api_version v3"
    )


def check_message(message: Message) -> None:
    """Let every message pass: what one can say, v1.0 can send."""


def send_request(settings: Settings, message: Message) -> Request:
    """Ask for one message to one number, with its media if it has any. The key is in a header only.

    :raises InvalidSettings: for a key that no header can carry.
    """
    body = {"destination": message.to} | _content(message) | _options(message)
    path = MEDIA_PATH if message.media else MESSAGE_PATH
    headers = _headers(settings) | {"Content-Type": "application/json"}
    return Request("POST", path, body=json.dumps(body).encode("ascii"), headers=headers, sends=True)


def read_receipt(reply: Reply, message: Message, settings: Settings) -> Receipt:
    """Return the receipt of an accepted message.

    :raises Refused: The gateway, or something before it, said no.
    :raises OutcomeUnknown: The answer settles nothing, or is about another number.
    """
    data = read_data(reply)
    if data is None or not text_in(data, "ref_no"):
        raise failure(reply, settings, sends=True, destination=message.to)
    echo = text_in(data, "destination")
    if echo and not is_echo(echo, message.to):
        raise no_answer(reply, sends=True, destination=message.to, why="the answer is about another number")
    return Receipt(message.to, NAME, Outcome.ACCEPTED, text_in(data, "ref_no"), ACCEPTED)


def credits_request(settings: Settings) -> Request:
    """Ask for the balance."""
    return Request("GET", BALANCE_PATH, headers=_headers(settings))


def read_credits(reply: Reply, settings: Settings) -> Credits:
    """Return the WhatsApp balance.

    :raises Refused: The gateway, or something before it, said no.
    :raises Unreachable: The answer holds no balance.
    """
    data = read_data(reply)
    if data is None or "wa_balance" not in data:
        raise failure(reply, settings, sends=False)
    amount = NO_BALANCE if data["wa_balance"] is None else read_amount(text_in(data, "wa_balance"))
    if amount is None:
        raise failure(reply, settings, sends=False)
    return Credits(amount, read_day(text_in(data, "wa_expired_date"), settings.timezone))


def report_request(settings: Settings, message_id: str) -> Request:
    """Ask where an accepted message is."""
    return Request("GET", STATUS_PATH + quote(message_id, safe=""), headers=_headers(settings))


def read_report(reply: Reply, message_id: str, settings: Settings) -> DeliveryReport:
    """Return where the message is, and when it got there.

    :raises Refused: The account may not ask: asking on is of no use.
    :raises Unreachable: A failed look. An id that the gateway does not know is one too: it may be too new.
    """
    if reply.status == 404:  # A: what it answers for an id that it does not know
        what = "the gateway knows no such message yet (HTTP 404); it knows no message that was sent by v3"
        raise Unreachable(what, cause=Cause.UNREADABLE)
    data = read_data(reply)
    # Written as a number, an id has lost its leading zeros.
    if data is None or text_in(data, "ref_no").lstrip("0") != message_id.lstrip("0"):
        raise failure(reply, settings, sends=False)

    def when(name: str) -> Any:
        return read_time(text_in(data, name), settings.timezone)

    letter = text_in(data, "status")
    return DeliveryReport(
        message_id,
        DeliveryStatus.of(letter),
        letter=letter,
        sent_at=when("sent_date"),
        created_at=when("create_date"),
        delivered_at=when("delivered_date"),
        read_at=when("read_date"),
        destination=text_in(data, "destination"),
        text=text_in(data, "message") or text_in(data, "caption"),
    )


def key_check_request(settings: Settings) -> Request:
    """Ask whose key this is: harmless, and the gateway's own test of a connection."""
    return Request("GET", KEY_PATH, headers=_headers(settings))


def read_key_check(reply: Reply, settings: Settings) -> str:
    """Return the user id that the key belongs to.

    :raises Refused: The key is wrong, or this machine may not ask.
    :raises Unreachable: The answer names nobody.
    """
    user = text_in(read_data(reply) or {}, "userid")
    if not user:
        raise failure(reply, settings, sends=False)
    return user


def _content(message: Message) -> dict[str, str]:
    media = message.media
    if media is None:
        return {"message": message.text}
    if media.url:
        return {"caption": message.text, "media_url": media.url}
    encoded = base64.b64encode(media.content).decode("ascii")
    return {"caption": message.text, "media_base64": encoded, "file_name": media.file_name}


def _options(message: Message) -> dict[str, str | bool]:
    options = message.options
    given = {"sender": options.sender, "queue": options.queue}
    asked: dict[str, str | bool] = {name: value for name, value in given.items() if value}
    if options.include_unsubscribe is not None:
        asked["include_unsubscribe"] = options.include_unsubscribe
    return asked


def _headers(settings: Settings) -> dict[str, str]:
    check_settings(settings)
    return {KEY_HEADER: settings.password.reveal(), "Accept": "application/json"}


def _fits_header(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key

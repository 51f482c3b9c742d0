"""API v3 as pure functions: a request out of a message, a value out of a reply. Login by API user and password.

Marks as in the vendor's protocol notes: D documented, C seen in public client code, A our assumption. Each A stands
in one place, so that a first live answer can overturn it with a change of one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from airflow_provider_nusawa.gateway.api_key import is_like_api_key
from airflow_provider_nusawa.gateway.bodies import read_records
from airflow_provider_nusawa.gateway.codes import ACCEPTED, DeliveryStatus, code_of
from airflow_provider_nusawa.gateway.errors import InvalidMessage, InvalidSettings
from airflow_provider_nusawa.gateway.exchange import Reply, Request
from airflow_provider_nusawa.gateway.figures import read_amount, read_day, read_time
from airflow_provider_nusawa.gateway.forms import encode_form
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Message, Options, Outcome, Receipt
from airflow_provider_nusawa.gateway.refusals import code_error, http_error, is_success
from airflow_provider_nusawa.gateway.v3_answers import about, failed_look, is_answer, refusal, report_record, status_of

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.settings import Settings

NAME = "v3"
REPORTS_NAME_PEOPLE = False

SEND_PATH = "/api/v3/sendwa/plain"  # D
COMMAND_PATH = "/api/command"  # D
FORM = {"Content-Type": "application/x-www-form-urlencoded"}  # D, by the vendor's samples
OUTPUT = "json"  # D; the readers take XML as well

SEND_LOGIN = "username"  # A: the samples' spelling; the page's other table says user
SEND_TEXT = "text"  # A: the samples' spelling; the page's other table says SMSText
SEND_NUMBER = "GSM"  # D
COMMAND_LOGIN = "user"  # D
COMMAND_METHOD = "GET"  # D; so the password stands in the query, because the vendor knows no other way
COMMAND_TYPE = "wa"  # D for CREDITS, A for DR
REPORT_ID = "ref_no"  # C

BALANCE = "value"  # C
EXPIRES = "expireddate"  # C: expiredDate; records have lower-case names


def check_settings(settings: Settings) -> None:
    """Raise InvalidSettings where the login or the password is missing."""
    if not settings.login:
        raise InvalidSettings("login is empty, and v3 wants the API user there", field="login")
    if not settings.password:
        raise InvalidSettings("password is empty, and v3 wants the API password there", field="password")


def login_advice(settings: Settings) -> str:
    if is_like_api_key(settings):
        return (
            "what stands in the password field looks like an API key: set api_version to v1 for that, "
            "or put the API password there"
        )
    return "login and password are those of the API user; an API key would need api_version v1"


def check_message(message: Message) -> None:
    """Raise InvalidMessage for what only v1.0 can send."""
    if message.media or message.options != Options():
        what = (
            "media, sender, queue and include_unsubscribe need API v1.0: set api_version to v1 in the connection, "
            "and put the API key in its password field"
        )
        raise InvalidMessage(what, destination=message.to)


def send_request(settings: Settings, message: Message) -> Request:
    """Ask for one message to one number. The password is in the body, so in no URL.

    :raises InvalidMessage: for what only v1.0 can send.
    """
    check_message(message)
    form = encode_form(
        {
            SEND_LOGIN: settings.login,
            "password": settings.password.reveal(),
            SEND_NUMBER: message.to,
            SEND_TEXT: message.text,
            "output": OUTPUT,
        }
    )
    return Request("POST", SEND_PATH, body=form, headers=FORM, sends=True)


def read_receipt(reply: Reply, message: Message, settings: Settings) -> Receipt:
    """Return the receipt of an accepted message.

    A body with ``results`` is believed whatever the HTTP status says.

    :raises Refused: The gateway, or something before it, said no.
    :raises OutcomeUnknown: The answer settles nothing, or is about another number.
    """
    answers = [record for record in read_records(reply.body) if is_answer(record, reply)]
    if not answers:
        raise http_error(reply, sends=True, destination=message.to)
    answers = about(message.to, answers)
    for record in answers:
        if status_of(record) == ACCEPTED and record.get("messageid"):
            return Receipt(message.to, NAME, Outcome.ACCEPTED, record["messageid"], ACCEPTED)
    raise refusal(answers, reply, message.to)


def key_check_request(settings: Settings) -> None:
    """Ask nothing: v3 knows no keys. The balance is its most harmless question."""


def read_key_check(reply: Reply, settings: Settings) -> str:
    return ""


def credits_request(settings: Settings) -> Request:
    """Ask for the balance."""
    return _command(settings, cmd="CREDITS")


def read_credits(reply: Reply, settings: Settings) -> Credits:
    """Return the balance.

    :raises Refused: The gateway, or something before it, said no.
    :raises Unreachable: The answer holds no balance.
    """
    for record in read_records(reply.body):
        status = status_of(record)
        if status is not None and status < 0:
            raise code_error(code_of(status), http_status=reply.status)
        amount = read_amount(record.get(BALANCE, ""))
        if amount is not None and is_success(reply):
            return Credits(amount, read_day(record.get(EXPIRES, ""), settings.timezone))
    raise http_error(reply, sends=False)


def report_request(settings: Settings, message_id: str) -> Request:
    """Ask where an accepted message is."""
    return _command(settings, cmd="DR", **{REPORT_ID: message_id})


def read_report(reply: Reply, message_id: str, settings: Settings) -> DeliveryReport:
    """Return where the message is; an answer that names it without a status means: nowhere yet.

    :raises Refused: A code that concerns the account: asking on is of no use.
    :raises Unreachable: Any other code, or an answer about no or another message: a failed look.
    """
    record = report_record(reply, message_id)
    status = status_of(record)
    if status is not None:
        raise failed_look(status, reply)
    letter = record.get("status", "")
    return DeliveryReport(
        message_id,
        DeliveryStatus.of(letter),
        letter=letter,
        err_code=record.get("err_code", ""),
        sent_at=read_time(record.get("sent_date", ""), settings.timezone),
    )


def _command(settings: Settings, **fields: str) -> Request:
    query = urlencode(
        {COMMAND_LOGIN: settings.login, "password": settings.password.reveal()}
        | fields
        | {"type": COMMAND_TYPE, "output": OUTPUT}
    )
    return Request(COMMAND_METHOD, COMMAND_PATH, query=query)

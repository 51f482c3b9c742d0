"""API v3 as pure functions: a request out of a message, a value out of a reply. Login by API user and password.

Marks as in the vendor's protocol notes: D documented, C seen in public client code, A our assumption. Each A stands
in one place, so that a first live answer can overturn it with a change of one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from airflow_provider_nusawa.gateway.api_key import is_like_api_key
from airflow_provider_nusawa.gateway.bodies import Record, read_records
from airflow_provider_nusawa.gateway.codes import ACCEPTED, DeliveryStatus, code_of
from airflow_provider_nusawa.gateway.errors import Cause, InvalidMessage, NusaWaError, Scope, Unreachable
from airflow_provider_nusawa.gateway.exchange import Reply, Request
from airflow_provider_nusawa.gateway.figures import read_amount, read_day, read_time
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Message, Options, Outcome, Receipt
from airflow_provider_nusawa.gateway.numbers import is_echo
from airflow_provider_nusawa.gateway.refusals import code_error, http_error, is_success, no_answer

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.settings import Settings

NAME = "v3"
NEEDS_LOGIN = True
REPORTS_NAME_PEOPLE = False
LOGS_IN_WITH = "the API password"

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
ANSWER_IDS = ("ref_no", "messageid")  # D for callbacks, A for DR

_INTEGER = re.compile(r"-?\d{1,9}", re.ASCII)


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
    form = urlencode(
        {
            SEND_LOGIN: settings.login,
            "password": settings.password.reveal(),
            SEND_NUMBER: message.to,
            SEND_TEXT: message.text,
            "output": OUTPUT,
        }
    )
    return Request("POST", SEND_PATH, body=form.encode("ascii"), headers=FORM, sends=True)


def read_receipt(reply: Reply, message: Message) -> Receipt:
    """Return the receipt of an accepted message.

    A body with ``results`` is believed whatever the HTTP status says.

    :raises Refused: The gateway, or something before it, said no.
    :raises OutcomeUnknown: The answer settles nothing, or is about another number.
    """
    answers = [record for record in read_records(reply.body) if _is_answer(record, reply)]
    if not answers:
        raise http_error(reply, sends=True, destination=message.to)
    answers = _about(message.to, answers)
    for record in answers:
        if _status(record) == ACCEPTED and record.get("messageid"):
            return Receipt(message.to, NAME, Outcome.ACCEPTED, record["messageid"], ACCEPTED)
    raise _refusal(answers, reply, message.to)


def key_check_request(settings: Settings) -> None:
    """Ask nothing: v3 knows no keys. The balance is its most harmless question."""


def read_key_check(reply: Reply) -> str:
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
        status = _status(record)
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
    record = _report_record(reply, message_id)
    status = _status(record)
    if status is not None:
        raise _failed_look(status, reply)
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


def _status(record: Record) -> int | None:
    """Return a record's status if it is a number: text in one format, a number in another."""
    text = record.get("status", "")
    return int(text) if _INTEGER.fullmatch(text) else None


def _is_answer(record: Record, reply: Reply) -> bool:
    # The table holds zero and negative numbers. A positive one is a stranger's, such as a proxy's {"status": 404},
    # and so may be a bare {"status": -1} beside an HTTP error.
    status = _status(record)
    ours = is_success(reply) or "destination" in record or "messageid" in record
    return status is not None and status <= ACCEPTED and ours


def _about(number: str, answers: list[Record]) -> list[Record]:
    """Return the elements about this number; a lone one that names no number is about it too."""
    named = [record for record in answers if is_echo(record.get("destination", ""), number)]
    lone = len(answers) == 1 and not answers[0].get("destination")
    return named or (answers if lone else [])


def _refusal(answers: list[Record], reply: Reply, number: str) -> NusaWaError:
    if not answers:
        return no_answer(reply, sends=True, destination=number, why="the answer is about another number")
    codes = [code_of(_status(record) or ACCEPTED) for record in answers]
    for code, record in zip(codes, answers, strict=True):
        if code.number == ACCEPTED:  # A: accepted, says the code, but there is nothing to ask after
            why = "the answer says 0 ALL_RECIPIENTS_PROCESSED without a message id"
            return no_answer(reply, sends=True, destination=number, why=why)
        # A: not taken means an error without a message id. A firm refusal is believed with one as well.
        if code.taken or (record.get("messageid") and code.scope in (Scope.TRANSIENT, Scope.UNLISTED)):
            why = f"the answer is {code.number} {code.name}, which does not rule out that the message was taken"
            return no_answer(reply, sends=True, destination=number, why=why)
    return code_error(codes[0], http_status=reply.status, destination=number)


def _report_record(reply: Reply, message_id: str) -> Record:
    records = read_records(reply.body)
    for record in records:
        # Written as a number, an id has lost its leading zeros.
        names = [record[name].lstrip("0") for name in ANSWER_IDS if record.get(name)]
        if message_id.lstrip("0") in names:
            return record
    # A lone record that names no message is about the one asked for, unless it may be a stranger's.
    lone = records[0] if len(records) == 1 else {}
    told = lone.get("status", "")
    if told and not any(map(lone.get, ANSWER_IDS)) and (is_success(reply) or told.startswith("-")):
        return lone
    raise http_error(reply, sends=False)


def _failed_look(status: int, reply: Reply) -> NusaWaError:
    code = code_of(status)
    if code.scope is Scope.ACCOUNT:
        return code_error(code, http_status=reply.status)
    said = f"{code.number} {code.name}: {code.meaning}" if status < 0 else f"the number {status} for a status"
    return Unreachable(f"the gateway answered {said}; it knows no message that was sent by v1", cause=Cause.SERVER)

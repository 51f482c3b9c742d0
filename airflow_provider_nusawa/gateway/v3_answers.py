"""What the answers of API v3 mean: which record speaks of what, and what is a refusal. Marks as in ``v3``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_provider_nusawa.gateway.bodies import Record, read_records
from airflow_provider_nusawa.gateway.codes import ACCEPTED, code_of
from airflow_provider_nusawa.gateway.errors import Cause, NusaWaError, Scope, Unreachable
from airflow_provider_nusawa.gateway.numbers import is_echo
from airflow_provider_nusawa.gateway.refusals import code_error, http_error, is_success, no_answer

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.exchange import Reply

ANSWER_IDS = ("ref_no", "messageid")  # D for callbacks, A for DR

_INTEGER = re.compile(r"-?\d{1,9}", re.ASCII)


def status_of(record: Record) -> int | None:
    """Return a record's status if it is a number: text in one format, a number in another."""
    text = record.get("status", "")
    return int(text) if _INTEGER.fullmatch(text) else None


def is_answer(record: Record, reply: Reply) -> bool:
    """Whether it is the gateway that speaks here of a message."""
    # The table holds zero and negative numbers. A positive one is a stranger's, such as a proxy's {"status": 404},
    # and so may be a bare {"status": -1} beside an HTTP error.
    status = status_of(record)
    ours = is_success(reply) or "destination" in record or "messageid" in record
    return status is not None and status <= ACCEPTED and ours


def about(number: str, answers: list[Record]) -> list[Record]:
    """Return the elements about this number; a lone one that names no number is about it too."""
    named = [record for record in answers if is_echo(record.get("destination", ""), number)]
    lone = len(answers) == 1 and not answers[0].get("destination")
    return named or (answers if lone else [])


def refusal(answers: list[Record], reply: Reply, number: str) -> NusaWaError:
    """Return what it means that none of these answers is a receipt."""
    if not answers:
        return no_answer(reply, sends=True, destination=number, why="the answer is about another number")
    codes = [code_of(status_of(record) or ACCEPTED) for record in answers]
    for code, record in zip(codes, answers, strict=True):
        if code.number == ACCEPTED:  # A: accepted, says the code, but there is nothing to ask after
            why = "the answer says 0 ALL_RECIPIENTS_PROCESSED without a message id"
            return no_answer(reply, sends=True, destination=number, why=why)
        # A: not taken means an error without a message id. A firm refusal is believed with one as well.
        if code.taken or (record.get("messageid") and code.scope in (Scope.TRANSIENT, Scope.UNLISTED)):
            why = f"the answer is {code.number} {code.name}, which does not rule out that the message was taken"
            return no_answer(reply, sends=True, destination=number, why=why)
    return code_error(codes[0], http_status=reply.status, destination=number)


def report_record(reply: Reply, message_id: str) -> Record:
    """Return the record about this message.

    :raises Refused: where the HTTP status says no for the account.
    :raises Unreachable: if there is none.
    """
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


def failed_look(status: int, reply: Reply) -> NusaWaError:
    """Return what a number means where a report has its letter."""
    code = code_of(status)  # A: of the same table as a send's
    if code.scope is Scope.ACCOUNT:
        return code_error(code, http_status=reply.status)
    said = f"{code.number} {code.name}: {code.meaning}" if status < 0 else f"the number {status} for a status"
    return Unreachable(f"the gateway answered {said}; it knows no message that was sent by v1", cause=Cause.SERVER)

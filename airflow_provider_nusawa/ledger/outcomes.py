"""Putting on record what the gateway answered, in time or late. Accepted once is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.delivery import apply_orphans
from airflow_provider_nusawa.ledger.moving import Row, change, lock, move_each, write_changes
from airflow_provider_nusawa.ledger.schema import recipients
from airflow_provider_nusawa.ledger.schema_shared import LONGEST_ID
from airflow_provider_nusawa.ledger.states import ACCEPT, DOUBT, GIVE_BACK, REFUSE, Actor, Move, Sending
from airflow_provider_nusawa.ledger.tx import Tx


class Try(NamedTuple):
    """One request to one recipient, as its begin gave it. A begin that failed had the number of the next one, too.

    :param number: Of the recipient's tries, from 1.
    :param lease: Under which it began.
    """

    number: int
    lease: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request.

    :param id: The recipient's.
    :param tried: Which of the recipient's requests it was.
    :param outcome: NOT_TRIED if certainly nothing left: then the recipient is planned again.
    :param code: The gateway's, if there was one.
    :param reason: For people, of a refusal or a doubt; without secrets and numbers.
    :param again_after: Seconds until a refused one shall be tried again; None if it shall not.
    """

    id: int
    tried: Try
    outcome: Outcome
    api: str
    message_id: str = ""
    code: int | None = None
    reason: str = ""
    again_after: float | None = None


def conclude(tx: Tx, answers: Sequence[Answer]) -> None:
    """Put answers on record. Needs no lease: a late answer is news all the same. Twice the same is as once."""
    answers = [_fitting(answer) for answer in answers]
    by_id = {answer.id: answer for answer in answers}
    groups: dict[Move, list[tuple[Row, Answer]]] = {}
    strays: list[dict[str, Any]] = []
    for row in lock(tx, by_id):
        answer = by_id[row.id]
        step = _step(row, answer)
        if step is not None:
            groups.setdefault(step, []).append((row, answer))
        elif not _is_repetition(row, answer):
            strays.append(_stray(tx, row, answer))
    for step, pairs in groups.items():
        move_each(tx, step, [row for row, _ in pairs], [_values(tx, step, *pair) for pair in pairs], actor=Actor.RUNNER)
    write_changes(tx, strays)
    apply_orphans(tx, (answer.message_id for answer in answers if answer.message_id))


_STEPS = {Outcome.ACCEPTED: ACCEPT, Outcome.REFUSED: REFUSE, Outcome.UNKNOWN: DOUBT, Outcome.NOT_TRIED: GIVE_BACK}


def _fitting(answer: Answer) -> Answer:
    # Accepted is accepted: an id that the column cannot hold must not make all answers of this commit unknown.
    is_short = len(answer.message_id) <= LONGEST_ID
    return answer if is_short else replace(answer, message_id=answer.message_id[:LONGEST_ID])


def _step(row: Row, answer: Answer) -> Move | None:
    """Return the move that an answer makes; None if it changes nothing any more."""
    step = _STEPS[answer.outcome]
    if answer.outcome is Outcome.REFUSED and answer.again_after is not None:
        step = GIVE_BACK
    if row.sending is Sending.SENDING and row.message_id:
        step = ACCEPT  # an earlier try's late answer came while this one was under way
    is_latest = _is_latest(row, answer.tried)
    if row.sending in step.before:
        return step if is_latest else None
    return step if row.sending in step.late and (is_latest or step.any_try) else None


def _is_latest(row: Row, tried: Try) -> bool:
    """Whether it is the row's latest try. Where the row has been claimed since, the lease is no longer that try's."""
    has_its_lease = row.sending in (Sending.SENDING, Sending.UNKNOWN)
    return row.tries == tried.number and (row.lease == tried.lease or not has_its_lease)


def _values(tx: Tx, step: Move, row: Row, answer: Answer) -> dict[str, Any]:
    refused = answer.outcome is Outcome.REFUSED
    return {
        "code": answer.code,
        "api": answer.api,
        "message_id": answer.message_id or row.message_id,
        "reason": None if step is ACCEPT else answer.reason[:250] or None,
        "setbacks": row.setbacks + (step is GIVE_BACK and refused),
        "due": tx.now + answer.again_after if answer.again_after is not None else 0.0,
        "asked_at": tx.now,
    }


def _is_repetition(row: Row, answer: Answer) -> bool:
    """Whether it tells nothing new: the same answer again, as after a commit that broke, or word of nothing."""
    if answer.outcome in (Outcome.UNKNOWN, Outcome.NOT_TRIED):
        return True
    same = row.message_id == answer.message_id or answer.outcome is Outcome.REFUSED
    return bool(same and row.tries == answer.tried.number)


def _stray(tx: Tx, row: Row, answer: Answer) -> dict[str, Any]:
    """Note an answer that moves nothing any more, since another try has decided, or will."""
    if answer.outcome is Outcome.ACCEPTED and row.sending is Sending.SENDING:
        known = {"message_id": answer.message_id, "api": answer.api}
        tx.run(sa.update(recipients).where(recipients.c.id == row.id).values(known))
    return change(
        tx,
        row.id,
        _STEPS[answer.outcome].after.value,
        actor=Actor.RUNNER,
        try_number=answer.tried.number,
        lease=answer.tried.lease,
        code=answer.code,
        message_id=answer.message_id or None,
        api=answer.api,
        note="the late answer to an earlier try",
    )

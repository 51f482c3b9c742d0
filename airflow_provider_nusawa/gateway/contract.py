"""Does the gateway answer as the readers expect? Asks harmless calls, and a send only to a number that is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_nusawa.gateway import questions
from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.errors import Cause, NusaWaError, Unreachable
from airflow_provider_nusawa.gateway.exchange import Lost, Reply
from airflow_provider_nusawa.gateway.expectations import BALANCE, EXPECTED, KEY, REPORT, SEND, UNKNOWN_ID, Field
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Message, Receipt
from airflow_provider_nusawa.gateway.questions import Question
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.gateway.shapes import Shape, is_kind, shape_of

NOBODYS_ID = "000000000000000001"
TEXT = "NusaWA contract check"
REPORT_AFTER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one call came to, free of secrets, numbers and balances.

    :param status: The HTTP status; None where no answer came.
    :param told: What the reader made of it: the kind of value, or its error.
    :param differences: One clause for each way in which the answer is not as expected.
    """

    call: str
    asked: str
    status: int | None
    seconds: float
    content_type: str
    size: int
    shape: Shape
    told: str
    differences: tuple[str, ...]


@dataclass(slots=True)
class Check:
    """One connection's check.

    :param send_to: A normalised number that one message goes to; empty for none.
    """

    settings: Settings
    send_to: str = ""
    pause: Callable[[float], None] = time.sleep
    _begun: bool = field(default=False, init=False)

    def run(self) -> Iterator[Finding]:
        """Yield a finding for each call, as it comes."""
        from airflow_provider_nusawa.gateway.transport import Transport  # loads requests

        with closing(Transport(self.settings, connections=1)) as transport:
            if key := questions.key_check(self.settings):
                yield self._ask(transport, KEY, key)[0]
            yield self._ask(transport, BALANCE, questions.credits(self.settings))[0]
            unknown = questions.delivery_report(self.settings, NOBODYS_ID)
            yield self._ask(transport, UNKNOWN_ID, unknown, is_unknown=True)[0]
            if self.send_to:
                yield from self._send(transport)

    def _send(self, transport: Any) -> Iterator[Finding]:
        finding, receipt = self._ask(transport, SEND, questions.send(self.settings, Message(self.send_to, TEXT)))
        yield finding
        if isinstance(receipt, Receipt):
            self.pause(REPORT_AFTER_SECONDS)
            yield self._ask(transport, REPORT, questions.delivery_report(self.settings, receipt.message_id))[0]

    def _ask(
        self, transport: Any, call: str, question: Question[Any], *, is_unknown: bool = False
    ) -> tuple[Finding, Any]:
        if self._begun:
            self.pause(1 / self.settings.rate_per_second)
        self._begun = True
        began = time.monotonic()
        outcome: Reply | Lost = transport.exchange(question.request)
        seconds = time.monotonic() - began
        value, error = _read(question, outcome)
        reply = outcome if isinstance(outcome, Reply) else _NO_REPLY
        shape = shape_of(reply)
        judged = _unlike_unknown(value, error) if is_unknown else _unlike_known(value, error)
        expected = EXPECTED.get((self.settings.api_version, call), ())
        differences = (*judged, *(_unlike(shape, expected) if error is None else ()))
        told = type(value).__name__ if error is None else f"{type(error).__name__}: {error.what}"
        asked = f"{question.request.method} {question.request.path}"
        kind = reply.headers.get("content-type", "").partition(";")[0].strip()[:40]
        status = reply.status or None
        return Finding(call, asked, status, seconds, kind, len(reply.body), shape, told, differences), value


_NO_REPLY = Reply(0, {}, b"")


def _read(question: Question[Any], outcome: Reply | Lost) -> tuple[Any, NusaWaError | None]:
    try:
        return question.answered(outcome), None
    except NusaWaError as error:
        return None, error


def _unlike_known(value: Any, error: NusaWaError | None) -> Iterator[str]:
    if error is not None:
        yield f"the reader says: {error.what}"
    if isinstance(value, DeliveryReport) and value.status is DeliveryStatus.OTHER:
        yield "the status is none that is known (A; corrected in gateway/codes.py: DeliveryStatus)"


def _unlike_unknown(value: Any, error: NusaWaError | None) -> Iterator[str]:
    """An id that no message has is a failed look: the gateway answers, and the reader finds no report in it."""
    if error is None:
        yield "an id that no message has is answered with a report (A; corrected in read_report of the dialect)"
    elif not isinstance(error, Unreachable) or error.cause not in (Cause.UNREADABLE, Cause.SERVER):
        yield f"the reader says: {error.what}"


def _unlike(shape: Shape, expected: tuple[Field, ...]) -> Iterator[str]:
    by_name = {_bare(path): (path, kind) for path, kind in shape.items()}
    for one in expected:
        path, kind = by_name.get(_bare(one.path), ("", ""))
        where = f"known by {one.mark}; corrected in gateway/{one.mend}"
        if not path and one.required:
            yield f"{one.path} is missing ({where})"
        elif path and not is_kind(kind, one.kinds):
            yield f"{path} is {kind}, and {' or '.join(one.kinds)} was expected ({where})"


def _bare(path: str) -> str:
    """A field's name alone, as XML has it too: flat answers may come within ``results``."""
    return path.rpartition(".")[2].lower()

"""The rule of waiting for deliveries: which share is delivered, and whether it can still be reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

from airflow_provider_nusawa.gateway.codes import DeliveryStatus, later_status
from airflow_provider_nusawa.gateway.messages import DeliveryReport


class WaitVerdict(str, Enum):
    """Where a wait stands. All but the first end it."""

    PENDING = "pending"
    MET = "met"  # what was waited for is there
    UNREACHABLE = "unreachable"  # it can no longer come
    TIMED_OUT = "timed_out"
    REFUSED = "refused"  # the account may not ask: nothing is known, and waiting on will not help
    BROKEN = "broken"  # the waiting itself failed: another try may go well


def check_required(required: float) -> None:
    """Raise ValueError unless this is a share above 0 and at most 1."""
    if isinstance(required, bool) or not 0 < required <= 1:
        raise ValueError(f"required is a share above 0 and at most 1 (1.0 means all), not {required!r}")


def needed_of(required: float, total: int) -> int:
    """Return how many of ``total`` messages make the share; a part of a message needs the whole."""
    # Decimal of the digits as written: 0.7 x 10 is 7, where floats say 7.000000000000001 and so 8.
    return math.ceil(Decimal(str(required)) * total)


class MessageWatch:
    """What has been heard of some messages, and what follows from it.

    :param message_ids: The messages, each once.
    :param needed: How many of them must be delivered.
    """

    def __init__(self, message_ids: Sequence[str], needed: int) -> None:
        self.message_ids = message_ids
        self.needed = needed
        self._reports = {one: DeliveryReport(one, DeliveryStatus.NONE) for one in message_ids}
        self._delivered: set[str] = set()
        self._lost: set[str] = set()

    def take(self, report: DeliveryReport) -> None:
        """Note a look. One that says failed makes the message a suspect; the next one counts."""
        one = report.message_id
        known = self._reports[one]
        if later_status(known.status, report.status) is report.status:
            self._reports[one] = report
        if self._reports[one].status.is_delivered:
            self._delivered.add(one)
        elif known.status.is_failed:
            self._lost.add(one)

    def is_open(self, message_id: str) -> bool:
        """Whether another look at this message could tell anything that counts."""
        return message_id not in self._delivered and message_id not in self._lost

    def is_suspect(self, message_id: str) -> bool:
        """Whether one look has said failed, which a second must confirm."""
        return self.is_open(message_id) and self._reports[message_id].status.is_failed

    @property
    def verdict(self) -> WaitVerdict:
        if len(self._delivered) >= self.needed:
            return WaitVerdict.MET
        if len(self.message_ids) - len(self._lost) < self.needed:
            return WaitVerdict.UNREACHABLE
        return WaitVerdict.PENDING

    @property
    def suspects(self) -> list[str]:
        return [one for one in self.message_ids if self.is_suspect(one)]

    @property
    def reports(self) -> list[DeliveryReport]:
        """What is known of every message, in their order; an empty status where nothing is."""
        return list(self._reports.values())

"""Delivery reports that are to be pushed: which, whither, and when they are due."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlencode

from airflow_provider_nusawa.emulator.books import Message
from airflow_provider_nusawa.emulator.clock import at_jakarta
from airflow_provider_nusawa.emulator.rules import Rules


@dataclass(slots=True)
class Push:
    """One callback.

    :param answer: The HTTP status it met, or a clause that says why there was none; empty while under way.
    """

    url: str = field(repr=False)
    message_id: str
    letter: str
    answer: str = ""


def sent_date(seconds: float | None) -> str:
    """Write a time as the manual's page does: ``2017-09-25 17:49:05.0``; empty for None."""
    return "" if seconds is None else at_jakarta(seconds).strftime("%Y-%m-%d %H:%M:%S.0")


def fields_of(message: Message, letter: str, now: float) -> dict[str, str]:
    """Return the four values of a report, in the manual's order."""
    sent = message.reached("S", now)
    at = message.reached(letter, now) if sent is None and letter else sent
    err_code = message.err_code if letter in ("F", "A") else "0"
    return {"ref_no": message.id, "status": letter, "sent_date": sent_date(at), "err_code": err_code}


class Pushes:
    """Reports waiting for their time, and the newest of those that went out."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, str, Message, str]] = []
        self._serial = 0
        self.done: deque[Push] = deque(maxlen=10_000)

    def plan(self, message: Message, url: str) -> None:
        """Note all letters that a message will get."""
        for due, letter in message.history():
            self.plan_one(message, url, due, letter)

    def plan_one(self, message: Message, url: str, due: float, letter: str) -> None:
        self._serial += 1
        heapq.heappush(self._waiting, (due, self._serial, url, message, letter))

    def due(self, now: float, rules: Rules) -> list[Push]:
        """Take those whose time has come, unless somebody has since changed what becomes of the message."""
        taken: list[Push] = []
        while self._waiting and self._waiting[0][0] <= now:
            at, _, url, message, letter = heapq.heappop(self._waiting)
            if (at, letter) in message.history():
                join = "?" if rules.second_question_mark or "?" not in url else "&"
                full = f"{url}{join}{urlencode(fields_of(message, letter, now))}"
                taken += [Push(full, message.id, letter) for _ in range(rules.callback_copies)]
        if rules.callbacks_backwards:
            taken.reverse()
        self.done.extend(taken)
        return taken

"""Which questions are open, who waits for each, and when it is asked next. Knows no gateway, clock or event loop."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)

BATCH = 32
"""Questions in flight at once: at 20 a second, an answer may take a second and a half before it holds up others."""

_GROWTH = 1.5
"""Each look at the same message comes so many times later than the one before, up to the longest interval."""

LONGEST_PAUSE_SECONDS = 60.0
"""A gateway that is away is tried so often, by a few questions of all that are due."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to ask.

    :param first_seconds: Before the first look, and before a second look at what seems to have failed.
    :param longest_seconds: Between two looks, at most.
    """

    first_seconds: float
    longest_seconds: float

    def grown(self, interval_seconds: float) -> float:
        """Return the interval after this one."""
        return min(interval_seconds * _GROWTH, self.longest_seconds)


@dataclass(slots=True)
class _Question(Generic[L]):
    due: float
    rhythm: Rhythm
    wait_seconds: float
    failed: bool = False
    listeners: set[L] = field(default_factory=set)


class Agenda(Generic[L]):
    """The open questions of one connection, each held once. All times are seconds of one clock, the caller's."""

    def __init__(self) -> None:
        self._questions: dict[str, _Question[L]] = {}
        self._rarely = False

    def __len__(self) -> int:
        return len(self._questions)

    def add(self, listener: L, names: Iterable[str], rhythm: Rhythm, now: float) -> None:
        """Open questions for a listener. Where another has one open already, the quicker rhythm holds for both."""
        for name in names:
            due = now + (rhythm.longest_seconds if self._is_told(name) else rhythm.first_seconds)
            known = self._questions.get(name)
            if known is None:
                known = self._questions[name] = _Question(due, rhythm, rhythm.first_seconds)
            known.rhythm = _quicker(known.rhythm, rhythm)
            known.wait_seconds = min(known.wait_seconds, rhythm.first_seconds)
            known.due = min(known.due, due)
            known.listeners.add(listener)

    def drop(self, listener: L, names: Iterable[str]) -> None:
        """Close questions for a listener. One that no listener has open any more is forgotten."""
        for name in names:
            question = self._questions.get(name)
            if question is not None:
                question.listeners.discard(listener)
                if not question.listeners:
                    del self._questions[name]

    def ask_rarely(self, rarely: bool, now: float) -> None:
        """Say whether reports come unasked. Then each message is asked after at the longest interval."""
        if rarely and not self._rarely:
            for name in self.messages():
                question = self._questions[name]
                question.due = max(question.due, now + question.rhythm.longest_seconds)
        self._rarely = rarely

    def _is_told(self, name: str) -> bool:
        return self._rarely and bool(name)

    def messages(self) -> list[str]:
        """Return the questions that name a message."""
        return [name for name in self._questions if name]

    def who_waits_for(self, name: str) -> set[L]:
        question = self._questions.get(name)
        return set(question.listeners) if question else set()

    def hurry(self, name: str, now: float) -> None:
        """Ask again after the first interval, whatever the wait has grown to."""
        question = self._questions.get(name)
        if question is not None:
            question.due = min(question.due, now + question.rhythm.first_seconds)

    def due(self, now: float, most: int) -> list[str]:
        """Return the questions to ask now: the longest overdue first, but those that failed last time behind.

        So a few hundred messages that cannot be asked after, such as another account's, never crowd out the others.
        """
        due = (item for item in self._questions.items() if item[1].due <= now)
        return [name for name, _ in heapq.nsmallest(most, due, key=lambda item: (item[1].failed, item[1].due))]

    def next_due(self) -> float:
        return min(question.due for question in self._questions.values())

    def asked(self, name: str, now: float, *, failed: bool = False) -> set[L]:
        """Set a question's next time, and return a copy of who waits for its answer.

        :param failed: Whether there was none this time.
        """
        question = self._questions.get(name)
        if question is None:
            return set()  # all who waited have left meanwhile
        question.failed = failed
        question.due = now + (question.rhythm.longest_seconds if self._is_told(name) else question.wait_seconds)
        question.wait_seconds = question.rhythm.grown(question.wait_seconds)
        return set(question.listeners)

    def pause_seconds(self, failures: int) -> float:
        """Return how long to leave a gateway alone that has failed so many times in a row."""
        shortest = min(question.rhythm.first_seconds for question in self._questions.values())
        return min(shortest * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE_SECONDS)

    def listeners(self) -> set[L]:
        return {listener for question in self._questions.values() for listener in question.listeners}


def _quicker(one: Rhythm, other: Rhythm) -> Rhythm:
    return Rhythm(
        min(one.first_seconds, other.first_seconds),
        min(one.longest_seconds, other.longest_seconds),
    )

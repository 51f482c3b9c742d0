"""One deferred task's ear at the poll loop of its connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TypeAlias

from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport
from airflow_provider_nusawa.waiting.agenda import Agenda, Rhythm

Answer: TypeAlias = Credits | DeliveryReport


class TimeIsUp(Exception):
    """The deadline passed before the wait ended."""


class Listener:
    """A task's ear: the questions that it has open, and what it has not read yet."""

    def __init__(self, agenda: Agenda[Listener], changed: asyncio.Event) -> None:
        self._agenda = agenda
        self._changed = changed
        self._heard: asyncio.Queue[tuple[str, Answer | NusaWaError] | Exception] = asyncio.Queue()

    async def next(self) -> tuple[str, Answer | NusaWaError]:
        """Return the next question with its answer, or with what made this one look fail.

        :raises TimeIsUp: The deadline has passed.
        :raises NusaWaError: Nobody asks any more; ``retryable`` says whether a new wait may go well.
        """
        heard = await self._heard.get()
        if isinstance(heard, Exception):
            raise heard
        return heard

    def tell(self, heard: tuple[str, Answer | NusaWaError] | Exception) -> None:
        self._heard.put_nowait(heard)

    def ask(self, questions: Iterable[str], rhythm: Rhythm) -> None:
        """Open questions."""
        self._agenda.add(self, questions, rhythm, time.monotonic())
        self._changed.set()

    def hurry(self, question: str) -> None:
        """Ask this again after the first interval, not after the grown one."""
        self._agenda.hurry(question, time.monotonic())
        self._changed.set()

    def drop(self, questions: Iterable[str]) -> None:
        """Close questions: whatever this task has not heard of them no longer matters to it."""
        self._agenda.drop(self, questions)
        self._changed.set()

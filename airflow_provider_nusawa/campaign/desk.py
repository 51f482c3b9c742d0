"""The ledger's side of a leg: its blocking calls in one thread, so that the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TypeVar

from airflow_provider_nusawa.campaign.letters import Compose, Letter, Posting, write_letter
from airflow_provider_nusawa.gateway.call import intent_clock
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable
from airflow_provider_nusawa.ledger.limits import NO_LIMITS, Limits
from airflow_provider_nusawa.ledger.outcomes import Answer, Try
from airflow_provider_nusawa.ledger.outlook import Outlook, outlook
from airflow_provider_nusawa.ledger.people import note_opted_out
from airflow_provider_nusawa.ledger.progress import Equation, equation
from airflow_provider_nusawa.ledger.rates import Share, reserve, slow_down
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.ledger.work import Claimed, Runner

T = TypeVar("T")

INTENT_SECONDS = 2.0
"""How long after its record a request may leave. A process that was frozen longer may have been taken for dead."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What one turn gave: what may leave, what a limit holds back, and what was claimed."""

    postings: list[Posting]
    held: list[Letter]
    claimed: list[Claimed]


class Desk:
    """One lease after another on one campaign.

    :param label: Who works here, for people: a task instance, a host and a process.
    """

    def __init__(self, ledger: Ledger, campaign_id: int, settings: Settings, compose: Compose, label: str) -> None:
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._settings = settings
        self._compose = compose
        self._label = label
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nusawa-ledger")
        self._runner: Runner | None = None
        self._withdrawn: dict[int, Answer] = {}
        self._ahead_seconds = 0.0

    def now(self) -> datetime:
        """Return the ledger's time, as far as it was last looked at."""
        return datetime.fromtimestamp(time.time() + self._ahead_seconds, timezone.utc)

    async def take_lease(self) -> None:
        """Begin to work; where a lease was held, give back what it holds first."""

        def take() -> None:
            if self._runner is not None:
                self._runner.end()
            self._runner = Runner(
                self._ledger,
                self._campaign_id,
                account=self._settings.account,
                api=self._settings.api_version,
                label=self._label,
                total_seconds=self._settings.total_timeout_seconds,
            )

        await self._call(take)

    async def turn(self, answers: Sequence[Answer], begin: Sequence[Letter], claim: int, limits: Limits) -> Handed:
        """Put answers on record, begin and claim, in one commit.

        :raises LeaseLost: or LedgerUnavailable; then nothing has begun, whatever the database made of it.
        """
        return await self._call(lambda: self._turn(answers, begin, claim, limits))

    async def write(self, claimed: Sequence[Claimed]) -> list[Letter]:
        """Write the letters of those claimed. Raises whatever ``compose`` does, but for unfit messages."""
        return await self._call(lambda: [write_letter(self._compose, one) for one in claimed]) if claimed else []

    async def reserve(self, requests: int, per_second: float) -> Share:
        def take() -> Share:
            account = self._settings.account
            return self._ledger.write(lambda tx: reserve(tx, account, requests, per_second=per_second))

        return await self._call(take)

    async def slow_down(self, wait_seconds: float) -> None:
        account = self._settings.account
        await self._call(lambda: self._ledger.write(lambda tx: slow_down(tx, account, wait_seconds=wait_seconds)))

    async def suppress(self, numbers: Sequence[str]) -> None:
        """Note people of whom the gateway said that they want no more."""
        who = self._label or "a campaign"
        await self._call(lambda: self._ledger.write(lambda tx: note_opted_out(tx, numbers, who=who)))

    async def outlook(self) -> Outlook:
        found = await self._call(lambda: self._ledger.read(lambda tx: outlook(tx, self._campaign_id)))
        self._ahead_seconds = found.now - time.time()
        return found

    async def end(self) -> Equation:
        """Give back what is claimed, and count every row."""

        def end() -> None:
            if self._runner is not None:
                self._turn([], [], 0, NO_LIMITS)  # puts on record what was withdrawn
                self._runner.end()
                self._runner = None

        await self._call(end)
        return await self._call(lambda: self._ledger.read(lambda tx: equation(tx, self._campaign_id)))

    def close(self) -> None:
        self._thread.shutdown(wait=False)

    async def _call(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _turn(self, answers: Sequence[Answer], begin: Sequence[Letter], claim: int, limits: Limits) -> Handed:
        assert self._runner is not None  # noqa: S101 - a lease was taken before
        leave_before = intent_clock() + INTENT_SECONDS
        letters = {letter.claimed.id: letter for letter in begin}
        try:
            turn = self._runner.turn(
                [*self._withdrawn.values(), *answers], begin=list(letters), claim=claim, limits=limits
            )
        except LedgerUnavailable:
            # Nobody knows whether that commit stands: if it does, these have begun, and none of them leaves.
            lease = self._runner.lease
            self._withdrawn.update((letter.claimed.id, self._withdrawal(letter, lease)) for letter in begin)
            raise
        self._withdrawn.clear()
        return Handed(
            [Posting(letters[key], tried, leave_before) for key, tried in turn.begun.items()],
            [letters[key] for key in turn.held],
            turn.claimed,
        )

    def _withdrawal(self, letter: Letter, lease: int) -> Answer:
        claimed = letter.claimed
        return Answer(claimed.id, Try(claimed.tries + 1, lease), Outcome.NOT_TRIED, self._settings.api_version)

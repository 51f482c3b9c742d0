"""One leg of a campaign: from now until it is done, has to stop, or shall come back later. Knows no Airflow."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from airflow_provider_nusawa.campaign.breaker import Breaker
from airflow_provider_nusawa.campaign.clerk import TICK_SECONDS, Clerk
from airflow_provider_nusawa.campaign.collector import rare_collections
from airflow_provider_nusawa.campaign.desk import Desk
from airflow_provider_nusawa.campaign.ending import End, Ending, Halt
from airflow_provider_nusawa.campaign.flight import MOST_IN_FLIGHT, Flight
from airflow_provider_nusawa.campaign.judging import ALL_DONE, Judge
from airflow_provider_nusawa.campaign.letters import Compose
from airflow_provider_nusawa.campaign.post import Post
from airflow_provider_nusawa.campaign.probing import Prober
from airflow_provider_nusawa.campaign.reporting import Reporter
from airflow_provider_nusawa.campaign.sender import Sender
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.ledger.errors import LeaseLost, LedgerError, LedgerUnavailable
from airflow_provider_nusawa.ledger.progress import Equation
from airflow_provider_nusawa.ledger.store import Ledger

log = logging.getLogger(__name__)

GRACE_SECONDS = 1.0
"""How long requests under way may still be answered once told to stop; then they are cut."""

PATIENCE_SECONDS = 60.0
"""How long a ledger may be away before the leg fails; told to stop, it is waited for until the third second."""


class Leg:
    """Sends a campaign's planned messages until an ``Ending``. Use one for one leg; ``run`` it in any thread.

    :param campaign_id: The ledger's; its list has been read.
    :param settings: The connection: account, dialect, safe mode, rate, time zone.
    :param compose: Renders the message for a recipient; called in the ledger's thread, before it begins.
    :param label: Who sends, for people: a task instance, a host and a process.
    :param on_recorded: Told the outcomes of requests, many at a time, once they are on record; must not block.
    :param bar: Whether to draw a progress bar; by default where standard error is a terminal.
    """

    def __init__(
        self,
        ledger: Ledger,
        campaign_id: int,
        settings: Settings,
        compose: Compose,
        terms: Terms = Terms(),  # noqa: B008 - a frozen value
        *,
        label: str = "",
        on_recorded: Callable[[Iterable[Outcome]], None] = lambda outcomes: None,
        bar: bool | None = None,
    ) -> None:
        rate = terms.rate(settings.rate_per_second)
        timetable = Timetable(settings.rate_per_second, time.monotonic, own_rate=rate)
        breaker = Breaker(terms.probe_after_seconds)
        self._desk = Desk(ledger, campaign_id, settings, compose, label)
        self._post = Post(settings, MOST_IN_FLIGHT, timetable)
        self._sender = Sender(self._post, terms, timetable, Flight(rate), breaker)
        self._clerk = Clerk(self._desk, self._sender, timetable, terms, settings.timezone, on_recorded=on_recorded)
        self._prober = Prober(breaker, self._post, self._desk, timetable)
        self._told = threading.Event()
        self._judge = Judge(
            self._desk, self._sender, self._clerk, breaker, terms, zone=settings.timezone, is_told=self._told.is_set
        )
        self._reporter = Reporter(bar=bar)
        self._told_at: float | None = None
        self._well_at = time.monotonic()
        self._halt: Halt | None = None

    def run(self) -> Ending:
        """Send until it ends.

        :raises LedgerUnavailable: if the ledger went away and did not come back; nothing has left without a record.
        """
        with rare_collections():
            return asyncio.run(self._run())

    def stop(self) -> None:
        """Have it end within three seconds, with nothing left under way. From any thread or signal handler."""
        self._told.set()

    async def _run(self) -> Ending:
        work = asyncio.create_task(self._work())
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self.stop()
            await work
            raise

    async def _work(self) -> Ending:
        self._sending = asyncio.create_task(self._sender.run())
        try:
            return await self._until_ended()
        except LedgerError:
            raise
        except Exception:
            await self._salvage()
            raise
        finally:
            self._sending.cancel()
            self._prober.cancel()
            self._desk.close()
            self._reporter.close()
            await self._post.close()

    async def _salvage(self) -> None:
        """After a fault of ours: put on record what is known."""
        self._sender.give_back()
        self._post.cut()
        await asyncio.sleep(TICK_SECONDS)
        with suppress(LedgerError):
            await self._clerk.tick(None)
            await self._desk.end()

    async def _until_ended(self) -> Ending:
        counted: Equation | None = None
        while True:
            halt, equation = await self._until_halted(), await self._close_books()
            if halt is not ALL_DONE or not equation.open or equation == counted:
                break
            # After the last look another run has read its list to the end. Twice the same count would be no such thing.
            counted, self._halt = equation, None
            self._clerk.start_anew()
        ending = Ending(halt if equation.open else ALL_DONE, equation)
        log.log(logging.INFO if ending.end is not End.STOPPED else logging.WARNING, "campaign %s", ending)
        return ending

    async def _close_books(self) -> Equation:
        while True:
            try:
                return await self._desk.end()
            except LedgerUnavailable as error:
                self._endure(error)
            await self._rest()

    async def _until_halted(self) -> Halt:
        while True:
            try:
                if await self._step():
                    break
                self._well_at = time.monotonic()
            except (LeaseLost, LedgerUnavailable) as error:
                self._endure(error)
            await self._rest()
        assert self._halt is not None  # noqa: S101 - a step ends with a reason
        return self._halt

    async def _step(self) -> bool:
        """Do what is due. Whether the leg is over, and nothing is left under way or unrecorded."""
        if self._sending.done():
            self._sending.result()
        self._sender.wake.clear()
        stretch = None
        if self._halt is None:
            self._halt, stretch = await self._judge.decide()
        if self._halt:
            self._sender.give_back()
            self._hurry()
            if self._sender.is_quiet:
                return True
        await self._clerk.tick(stretch)
        self._prober.probe_if_open(is_flying=self._sender.is_flying)
        if self._reporter.is_due:
            self._reporter.tell((await self._desk.outlook()).progress)
        return False

    def _hurry(self) -> None:
        """Once told to stop, cut what is not answered soon."""
        if self._told.is_set():
            now = time.monotonic()
            self._told_at = self._told_at or now
            if now > self._told_at + GRACE_SECONDS:
                self._post.cut()

    def _endure(self, error: LeaseLost | LedgerUnavailable) -> None:
        """Go on with another lease, once there is one to be had."""
        log.warning("%s", error)
        self._clerk.start_anew()
        since = time.monotonic() - (self._told_at or self._well_at)
        if since > (2 * GRACE_SECONDS if self._told_at else PATIENCE_SECONDS):
            raise error

    async def _rest(self) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._sender.wake.wait(), TICK_SECONDS / 5 if self._halt else TICK_SECONDS)

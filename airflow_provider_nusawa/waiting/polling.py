"""One loop for each event loop and connection asks the gateway for all deferred tasks that wait there.

Each question is asked once, however many tasks wait for its answer. The loop ends when nobody waits any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from airflow_provider_nusawa.gateway.errors import Cause, NusaWaError, Unreachable
from airflow_provider_nusawa.waiting.agenda import BATCH, Agenda, Rhythm
from airflow_provider_nusawa.waiting.funds import lacks_credits
from airflow_provider_nusawa.waiting.hearsay import Ear, OpenLedger
from airflow_provider_nusawa.waiting.listener import Answer, Listener, TimeIsUp

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.client import AsyncClient

log = logging.getLogger(__name__)

CREDITS = ""
"""The question that names no message: the account's balance."""

REOPEN_SECONDS = 900.0
"""So often the connection is read anew: its password may change while tasks wait."""

PATIENCE = 5
"""Failures that nobody foresaw, in a row, after which the waiting tasks hear of it."""

OpenClient: TypeAlias = "Callable[[], Awaitable[AsyncClient]]"


@contextlib.asynccontextmanager
async def listening(
    conn_id: str,
    open_client: OpenClient,
    questions: Sequence[str],
    rhythm: Rhythm,
    *,
    deadline: float,
    reopen_seconds: float = REOPEN_SECONDS,
    open_ledger: OpenLedger | None = None,
) -> AsyncIterator[Listener]:
    """Join the loop of this event loop and connection, started if need be, and leave it however this ends.

    :param open_client: Reads the connection; the loop calls it now and again.
    :param questions: Message ids, or ``CREDITS``.
    :param deadline: Seconds since the epoch: absolute, so that a wait that moves to another triggerer keeps it.
    :param reopen_seconds: How often the connection is read anew; whoever starts the loop says it.
    :param open_ledger: Opens the ledger that callbacks are put into; whoever starts the loop says it.
    """
    here = asyncio.get_running_loop()
    loop = _loops.get((here, conn_id)) or _PollLoop(here, conn_id, open_client, reopen_seconds, open_ledger)
    listener = Listener(loop.agenda, loop.changed)
    listener.ask(questions, rhythm)
    timer = here.call_later(max(0.0, deadline - time.time()), listener.tell, TimeIsUp())
    try:
        yield listener
    finally:
        timer.cancel()
        listener.drop(questions)


class _PollLoop:
    """Asks each open question when it is due, and tells all who wait for its answer."""

    def __init__(
        self,
        here: asyncio.AbstractEventLoop,
        conn_id: str,
        open_client: OpenClient,
        reopen_seconds: float,
        open_ledger: OpenLedger | None = None,
    ) -> None:
        self.changed = asyncio.Event()
        self._key = (here, conn_id)
        self._open_client = open_client
        self._reopen_seconds = reopen_seconds
        self.agenda: Agenda[Listener] = Agenda()
        self._failures = 0
        self._surprises = 0
        _loops[self._key] = self
        # In an empty context: in the first task's own, all that is logged here would go to that task's log.
        self._task = contextvars.Context().run(here.create_task, self._run())
        self._ear: asyncio.Task[None] | None = None
        if open_ledger is not None:
            self._ear = contextvars.Context().run(here.create_task, Ear(self.agenda, open_ledger).listen())

    async def _run(self) -> None:
        last_word: NusaWaError = Unreachable("polling in the triggerer was stopped", cause=Cause.STOPPED)
        try:
            while self.agenda:
                await self._ask_for_a_while()
                await self._rest()
        except NusaWaError as error:
            last_word = error
        finally:
            # Nobody can join between the last look at the agenda and this: nothing is awaited there.
            del _loops[self._key]
            if self._ear is not None:
                self._ear.cancel()
            for listener in self.agenda.listeners():
                listener.tell(last_word)

    async def _ask_for_a_while(self) -> None:
        """Open a client and ask, until nobody waits or it is time to read the connection anew."""
        try:
            async with await self._open_client() as client:
                until = time.monotonic() + self._reopen_seconds
                while self.agenda and time.monotonic() < until:
                    await self._ask(client, self.agenda.due(time.monotonic(), BATCH))
                    await self._rest()
        except NusaWaError as error:
            if not error.retryable:
                raise
            self._failures += 1
        except Exception as error:
            self._failures += 1
            self._surprises += 1
            # Frames without the text: a stranger's error may quote what nobody should read.
            log.warning(
                "polling failed: %s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
            )
            if self._surprises >= PATIENCE:
                what = f"polling in the triggerer failed {PATIENCE} times in a row, last with {type(error).__name__}"
                raise Unreachable(what, cause=Cause.STOPPED) from error

    async def _ask(self, client: AsyncClient, questions: list[str]) -> None:
        """Ask all at once, and hand on what comes back. Only what ends everybody's wait is raised."""
        answers = await asyncio.gather(*(_answer(client, name) for name in questions))
        failed = bool(questions)
        fatal: NusaWaError | None = None
        for name, answer in zip(questions, answers, strict=True):
            error = answer if isinstance(answer, NusaWaError) else None
            if error is None:
                failed = False
                self._failures = self._surprises = 0
            elif _ends_all(name, error):
                fatal = error
                continue
            for listener in self.agenda.asked(name, time.monotonic(), failed=error is not None):
                listener.tell((name, answer))
        if fatal:
            raise fatal
        self._failures += failed

    async def _rest(self) -> None:
        """Sleep until a question is due; after failures for a growing while, however many are due."""
        pause = self.agenda.pause_seconds(self._failures) if self._failures and self.agenda else 0.0
        until = time.monotonic() + pause
        while self.agenda and (left := max(until, self.agenda.next_due()) - time.monotonic()) > 0:
            await self._nap(left)
        await asyncio.sleep(0)

    async def _nap(self, seconds: float) -> None:
        # Not wait_for: on Python before 3.12 it may swallow a cancellation.
        self.changed.clear()
        timer = self._key[0].call_later(seconds, self.changed.set)
        try:
            await self.changed.wait()
        finally:
            timer.cancel()


async def _answer(client: AsyncClient, question: str) -> Answer | NusaWaError:
    try:
        return await (client.credits() if question == CREDITS else client.delivery_report(question))
    except NusaWaError as error:
        return error


def _ends_all(question: str, error: NusaWaError) -> bool:
    """Whether an error will meet every other question too, however often it is asked."""
    # No credits is an answer to the question for credits: what a wait for a top-up waits out.
    return not error.retryable and not (question == CREDITS and lacks_credits(error))


_loops: dict[tuple[asyncio.AbstractEventLoop, str], _PollLoop] = {}

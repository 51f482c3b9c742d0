"""Ask the gateway, at the account's pace: one client for threads, one for an event loop, the same words and errors."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from types import TracebackType
from typing import Any, TypeVar

import tenacity

from airflow_provider_nusawa.gateway import questions
from airflow_provider_nusawa.gateway.errors import Cause, NusaWaError, Refused, Unreachable
from airflow_provider_nusawa.gateway.exchange import Lost, Reply
from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Message, Receipt
from airflow_provider_nusawa.gateway.pace import Pacing, pace_of
from airflow_provider_nusawa.gateway.questions import Question
from airflow_provider_nusawa.gateway.refusals import retry_after_seconds
from airflow_provider_nusawa.gateway.settings import Settings

T = TypeVar("T")

ATTEMPTS = 3
"""How often one call is made at most. Only a 429, or a connection that never was, is tried again here."""

LONGEST_WAIT_SECONDS = 60.0
"""A Retry-After beyond this is the caller's to wait for: a worker slot is not held for it."""

_NEVER_CONNECTED = (Cause.DNS, Cause.CONNECT, Cause.TIMEOUT, Cause.DROPPED)
_backoff = tenacity.wait_exponential(multiplier=0.5, max=10) + tenacity.wait_random(0, 0.5)


def _is_repeatable(error: BaseException) -> bool:
    if isinstance(error, Refused):
        return error.http_status == 429 and (error.retry_after or 0) <= LONGEST_WAIT_SECONDS
    return isinstance(error, Unreachable) and error.never_asked and error.cause in _NEVER_CONNECTED


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return max(getattr(error, "retry_after", None) or 0.0, _backoff(state))


def _policy(attempts: int = ATTEMPTS) -> dict[str, Any]:
    return {
        "retry": tenacity.retry_if_exception(_is_repeatable),
        "stop": tenacity.stop_after_attempt(attempts),
        "wait": _wait,
        "reraise": True,
    }


def _pace_of(settings: Settings, pace: Pacing | None) -> Pacing:
    return pace or pace_of(settings.account, settings.rate_per_second)


def _heed(pace: Pacing, reply: Reply) -> None:
    if reply.status == 429:
        # Whoever is told of a longer wait hears it as an error, and holds up nobody else.
        pace.slow_down(min(retry_after_seconds(reply) or 0.0, LONGEST_WAIT_SECONDS))
    else:
        pace.speed_up()


class Client:
    """Asks the gateway from threads, over pooled connections. Thread-safe; use it as a context manager.

    :param settings: The connection, read and checked.
    :param connections: How many connections are kept open; more threads than that open further ones.
    :param pace: What says when calls may start; left out, the pace that all clients of the account share in this
        process.
    :param attempts: How often one call is made at most.
    """

    def __init__(
        self, settings: Settings, connections: int = 32, *, pace: Pacing | None = None, attempts: int = ATTEMPTS
    ) -> None:
        from airflow_provider_nusawa.gateway.transport import Transport  # loads requests

        self.settings = settings
        self._transport = Transport(settings, connections)
        self._pace = _pace_of(settings, pace)
        self._stopped = threading.Event()
        self._retrying = tenacity.Retrying(sleep=self._sleep, **_policy(attempts))

    def reserve(self) -> float:
        """Take the account's next free moment for a ``send``; return it as a ``time.monotonic()`` time."""
        return self._pace.reserve() + time.monotonic()

    def send(
        self,
        message: Message,
        *,
        at: float | None = None,
        leave_before: float | None = None,
        unless: Callable[[], bool] | None = None,
    ) -> Receipt:
        """Ask the gateway to send one message, once. It remembers nothing: calling again sends again.

        Returns when the gateway has accepted it, which is not yet delivery. An unanswered request is never repeated,
        because the message may be on its way.

        :param at: The moment reserved for it; left out, it takes the next one that is free.
        :param leave_before: A time of ``intent_clock`` after which the request may not leave any more.
        :param unless: Is asked when the pace lets the call go, which may be long after this was called; where it
            says True, nothing is asked of the gateway.
        :raises Refused: The gateway, or this connection's safe mode, said no. ``scope`` says whom that concerns.
        :raises Unreachable: Certainly not sent: no connection came about, or one of ``stop``, ``leave_before`` and
            ``unless`` held it.
        :raises OutcomeUnknown: Perhaps sent: no readable answer within ``total_timeout_seconds``. A person decides.
        """
        return self._ask(questions.send(self.settings, message), at=at, leave_before=leave_before, unless=unless)

    def key_check(self) -> str:
        """Ask whose API key it is; with v3, which knows no keys, ask nothing and return an empty text.

        :raises Refused: a wrong key, or an address that is not on the white list.
        :raises Unreachable: no readable answer; it may be asked again.
        """
        question = questions.key_check(self.settings)
        return self._ask(question) if question else ""

    def credits(self) -> Credits:
        """Ask for the account's balance.

        :raises Refused: wrong login, expired balance, or an address that is not on the white list.
        :raises Unreachable: no readable answer; it may be asked again.
        """
        return self._ask(questions.credits(self.settings))

    def delivery_report(self, message_id: str) -> DeliveryReport:
        """Ask where an accepted message is.

        :param message_id: The receipt's, as text: it may begin with a zero.
        :raises Refused: the account may not ask.
        :raises Unreachable: no readable answer; it may be asked again.
        """
        return self._ask(questions.delivery_report(self.settings, message_id))

    def stop(self) -> None:
        """Cut calls in flight and refuse new ones, from any thread. Whoever waits in a call hears at once."""
        self._stopped.set()
        self._transport.stop()

    def close(self) -> None:
        self.stop()
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _ask(
        self,
        question: Question[T],
        *,
        at: float | None = None,
        leave_before: float | None = None,
        unless: Callable[[], bool] | None = None,
    ) -> T:
        moments = chain(() if at is None else (at,), iter(self.reserve, None))
        answer: T = self._retrying(self._ask_once, question, moments, leave_before, unless)
        return answer

    def _ask_once(
        self,
        question: Question[T],
        moments: Iterator[float],
        leave_before: float | None,
        unless: Callable[[], bool] | None,
    ) -> T:
        self._sleep(next(moments) - time.monotonic())
        if unless is not None and unless():
            return question.answered(Lost(Cause.STOPPED, bytes_left=False, detail=Cause.STOPPED.value))
        outcome = self._transport.exchange(question.request, leave_before)
        if isinstance(outcome, Reply):
            _heed(self._pace, outcome)
        return question.answered(outcome)

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)


class AsyncClient:
    """Asks the gateway from one event loop. The same calls and errors as ``Client``; use it with ``async with``.

    :param connections: How many calls may be in flight; further ones wait within their time limit.
    :param pace: As for ``Client``.
    """

    def __init__(self, settings: Settings, connections: int = 100, *, pace: Pacing | None = None) -> None:
        from airflow_provider_nusawa.gateway.async_transport import AsyncTransport  # loads aiohttp

        self.settings = settings
        self._transport = AsyncTransport(settings, connections)
        self._pace = _pace_of(settings, pace)
        # Of its own: name resolution, which needs the loop's threads, must not wait for a database.
        self._pace_thread = ThreadPoolExecutor(1, "nusawa-pace") if self._pace.blocks else None
        self._stopped = asyncio.Event()

    async def send(self, message: Message, *, leave_before: float | None = None) -> Receipt:
        """As ``Client.send``."""
        return await self._ask(questions.send(self.settings, message), leave_before)

    async def key_check(self) -> str:
        """As ``Client.key_check``."""
        question = questions.key_check(self.settings)
        return await self._ask(question) if question else ""

    async def credits(self) -> Credits:
        """As ``Client.credits``."""
        return await self._ask(questions.credits(self.settings))

    async def delivery_report(self, message_id: str) -> DeliveryReport:
        """As ``Client.delivery_report``."""
        return await self._ask(questions.delivery_report(self.settings, message_id))

    def stop(self) -> None:
        """Cut calls in flight and refuse new ones. Call it in the event loop. Whoever waits in a call hears at once."""
        self._stopped.set()
        self._transport.stop()

    async def close(self) -> None:
        self.stop()
        if self._pace_thread:
            self._pace_thread.shutdown(wait=False)
        await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def _ask(self, question: Question[T], leave_before: float | None = None) -> T:
        try:
            return await self._ask_once(question, leave_before)
        except NusaWaError as error:
            failed: NusaWaError | None = error

        async def attempt() -> T:
            nonlocal failed
            if failed is not None:  # tenacity's first attempt is the one made above
                error, failed = failed, None
                raise error
            return await self._ask_once(question, leave_before)

        # Tenacity costs a quarter of a send here, and its state cannot be shared: only those who failed pay for it.
        answer: T = await tenacity.AsyncRetrying(sleep=self._sleep, **_policy())(attempt)
        return answer

    async def _ask_once(self, question: Question[T], leave_before: float | None) -> T:
        if wait := await self._of_pace(self._pace.reserve):
            await self._sleep(wait)
        outcome = await self._transport.exchange(question.request, leave_before)
        if isinstance(outcome, Reply):
            await self._of_pace(lambda: _heed(self._pace, outcome))
        return question.answered(outcome)

    async def _of_pace(self, ask: Callable[[], T]) -> T:
        if self._pace_thread is None:
            return ask()
        return await asyncio.get_running_loop().run_in_executor(self._pace_thread, ask)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

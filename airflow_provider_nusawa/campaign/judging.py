"""Decides, moment by moment, whether a leg may send, has to wait a little, or has to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from airflow_provider_nusawa.campaign.breaker import Breaker, State
from airflow_provider_nusawa.campaign.clerk import LONGEST_PAUSE_SECONDS, Clerk
from airflow_provider_nusawa.campaign.desk import Desk
from airflow_provider_nusawa.campaign.ending import Halt, Reason
from airflow_provider_nusawa.campaign.sender import Sender
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.windows import Stretch, day_of, next_midnight

ALL_DONE = Halt(Reason.DONE, "everybody is accounted for")

Decision = tuple["Halt | None", "Stretch | None"]
"""Why it ends; else when it may send, if now."""


class Judge:
    """One leg's judge.

    :param is_told: Whether somebody has asked the leg to stop.
    :param zone: The connection's time zone.
    """

    def __init__(
        self,
        desk: Desk,
        sender: Sender,
        clerk: Clerk,
        breaker: Breaker,
        terms: Terms,
        *,
        zone: str,
        is_told: Callable[[], bool],
    ) -> None:
        self._desk = desk
        self._sender = sender
        self._clerk = clerk
        self._breaker = breaker
        self._terms = terms
        self._zone = zone
        self._is_told = is_told
        self._ends_at = time.monotonic() + terms.max_leg_seconds
        self._look_at = 0.0

    async def decide(self) -> Decision:
        halt = self._stop() or await self._completion() or self._pause_asked_for()
        return (halt, None) if halt else self._by_the_calendar()

    def _stop(self) -> Halt | None:
        refusal = self._sender.account_refusal
        if refusal:
            return Halt(Reason.ACCOUNT, f"the gateway refused the account: {refusal.what}", code=refusal.code)
        if self._breaker.state is State.GIVEN_UP:
            return Halt(Reason.SILENCE, "the gateway does not answer any more")
        if self._is_told():
            return Halt(Reason.TOLD, "it was told to stop")
        return None

    async def _completion(self) -> Halt | None:
        """Look whether anything is left: at the beginning, and whenever there is nothing to do."""
        if time.monotonic() < self._look_at or not (self._clerk.is_idle or not self._look_at):
            return None
        self._look_at = time.monotonic() + 0.5
        found = await self._desk.outlook()
        if not found.progress.equation.open:
            return ALL_DONE
        if found.next_due is None:  # other runners are at the rest
            return None
        wait = found.next_due - found.now
        if wait > LONGEST_PAUSE_SECONDS:
            at = datetime.fromtimestamp(found.next_due, timezone.utc)
            return Halt(Reason.BACK_OFF, "all that is left waits for another try", at)
        self._clerk.look_again_in(wait)
        return None

    def _pause_asked_for(self) -> Halt | None:
        if self._clerk.pause_until:
            return Halt(Reason.RETRY_AFTER, "the gateway asked for a pause", self._clerk.pause_until)
        if time.monotonic() >= self._ends_at:
            return Halt(Reason.LEG_OVER, f"a leg lasts {self._terms.max_leg_seconds:g} seconds", self._desk.now())
        return None

    def _by_the_calendar(self) -> Decision:
        now = self._desk.now()
        is_full = self._clerk.full_day == day_of(now, self._zone)
        begins = next_midnight(now, self._zone) if is_full else now
        stretch = self._terms.stretch(begins, self._zone)
        if stretch is None:
            return Halt(Reason.NOT_AFTER, "there is no time left in which it may send"), None
        at = max(stretch.opens, begins)
        if at - now > timedelta(seconds=LONGEST_PAUSE_SECONDS):
            if is_full:
                return Halt(Reason.DAY_FULL, f"{self._terms.max_per_day} a day have been sent", at), None
            return Halt(Reason.WINDOW, "the send window is closed", at), None
        return None, stretch if at <= now else None

"""NusaWaCampaignTrigger: wait in the triggerer for a campaign's deliveries, by the ledger and by asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.triggers.listening import WaitingTrigger
from airflow_provider_nusawa.waiting.agenda import Rhythm
from airflow_provider_nusawa.waiting.listener import TimeIsUp
from airflow_provider_nusawa.waiting.share import WaitVerdict

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.client import AsyncClient
    from airflow_provider_nusawa.waiting.campaigns import CampaignWatch, Goal, Standing

REOPEN_SECONDS = 900.0
"""So often connection and ledger are opened anew: their passwords may change while a task waits."""

LOOK_SECONDS = 60.0
"""So often, at least, is looked into the ledger, where reports also come in by callback."""


class NusaWaCampaignTrigger(WaitingTrigger):
    """Waits until a share of a campaign is delivered, or until all of it has come to an end.

    :param campaign_id: The campaign's, as its author gave it.
    :param required: The share of its messages that must be delivered; None for none.
    :param final: Whether to wait until each message has come to its end.
    :param give_up_seconds: How long after it was sent a message is still asked after.
    """

    _own_arguments = ("campaign_id", "required", "final", "give_up_seconds")

    def __init__(
        self, *, campaign_id: str, required: float | None, final: bool, give_up_seconds: float, **waiting: Any
    ) -> None:
        super().__init__(**waiting)
        self.campaign_id = campaign_id
        self.required = required
        self.final = final
        self.give_up_seconds = give_up_seconds
        self._standing: Standing | None = None
        self._interval_seconds = self.first_poll_seconds

    async def _wait(self) -> WaitVerdict:
        await self._nap(self.first_poll_seconds)
        while True:
            reopen_at = time.monotonic() + REOPEN_SECONDS
            try:
                async with self._opened() as (watch, client):
                    while time.monotonic() < reopen_at:
                        verdict = await self._round(watch, client)
                        if verdict is not WaitVerdict.PENDING:
                            return verdict
                        await self._nap(min(self._interval_seconds, LOOK_SECONDS))
            except NusaWaError as error:
                if not error.retryable:
                    raise
                self._note(error)
                await self._nap(LOOK_SECONDS)

    async def _round(self, watch: CampaignWatch, client: AsyncClient) -> WaitVerdict:
        """Look, and if that is not enough ask, and look again."""
        from airflow_provider_nusawa.waiting.campaigns import ask_due

        self._standing = standing = await asyncio.to_thread(watch.standing)
        if standing.verdict(self._goal) is not WaitVerdict.PENDING:
            return standing.verdict(self._goal)
        rhythm = Rhythm(self._interval_seconds, self.longest_poll_seconds)
        until = time.monotonic() + min(LOOK_SECONDS, max(self.deadline - time.time(), 0.0))
        failure = await ask_due(watch, client, rhythm, until=until)
        if failure:
            self._note(failure)
        self._standing = standing = await asyncio.to_thread(watch.standing)
        self._interval_seconds = rhythm.grown(self._interval_seconds)
        return standing.verdict(self._goal)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[CampaignWatch, AsyncClient]]:
        from airflow_provider_nusawa import metrics
        from airflow_provider_nusawa.gateway.client import AsyncClient
        from airflow_provider_nusawa.ledger.store import open_ledger
        from airflow_provider_nusawa.ledgers import place_of_async
        from airflow_provider_nusawa.paces import pace_at
        from airflow_provider_nusawa.waiting.campaigns import CampaignWatch

        hook = NusaWaHook(self.nusawa_conn_id)
        settings = await hook.get_async_settings()
        place = await place_of_async(hook, settings)
        ledger = await asyncio.to_thread(open_ledger, place, on_ends=metrics.count_ends)
        try:
            watch = await asyncio.to_thread(CampaignWatch, ledger, self.campaign_id, settings, self._goal)
            async with AsyncClient(settings, pace=pace_at(place, settings)) as client:
                yield watch, client
        finally:
            await asyncio.to_thread(ledger.close)

    @property
    def _goal(self) -> Goal:
        from airflow_provider_nusawa.waiting.campaigns import Goal

        return Goal(self.required, self.final, self.give_up_seconds)

    async def _nap(self, seconds: float) -> None:
        left = self.deadline - time.time()
        if left <= 0:
            raise TimeIsUp
        await asyncio.sleep(min(seconds, left))

    def _event(self, verdict: WaitVerdict) -> dict[str, Any]:
        standing = self._standing.to_json() if self._standing else None
        return {"verdict": verdict.value, "standing": standing, "trouble": self._trouble[:1000]}

"""NusaWaCampaignSensor: wait until enough of a campaign is delivered, or until all of it has come to an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, PokeReturnValue

from airflow_provider_nusawa.airflow_errors import translated
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.links import CampaignLink
from airflow_provider_nusawa.sensors.deferrable import DeferrableSensor
from airflow_provider_nusawa.waiting.share import WaitVerdict, check_required
from airflow_provider_nusawa.xcoms import RETURN_VALUE

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.triggers import NusaWaCampaignTrigger
    from airflow_provider_nusawa.waiting.campaigns import CampaignWatch, Goal, Standing

ASK_SECONDS = 50.0
"""How long one poke asks at most, where the wait is not deferred; then the time-out is looked at."""


class NusaWaCampaignSensor(DeferrableSensor):
    """Waits until a share of a campaign's messages is delivered; fails, without retries, once it no longer can be.

    What callbacks and other tasks have put into the ledger counts; the gateway is asked only after messages that are
    open, those asked after longest ago first, at the account's rate; while callbacks come, after each only every
    ``longest_poll_seconds``.

    :returns: ``{"campaign_id": "…", "total": 1000, "delivered": 960, "failed": 3, "sent": 20, "unsent": 0,
        "given_up": False}``; pushed as well before the task fails.

    :param campaign_id: The campaign's, as ``NusaWaCampaignOperator`` was given it. (templated)
    :param required: The share of its messages that must be delivered: of those accepted or still to be sent. 1.0, but
        with ``final`` none, unless given.
    :param final: Whether to wait until each message is delivered, has failed or is given up.
    :param give_up_after: How long after it was sent a message is asked after; then its end is not waited for either.
    :param nusawa_conn_id: The connection that the campaign was sent through: messages of another API version or
        account cannot be asked after. (templated)
    :param timeout: How long to wait in all: 96 hours, a day longer than ``give_up_after``; other sensors here wait 24.
    :param kwargs: The others of ``DeferrableSensor``: ``deferrable``, ``first_poll_seconds`` and
        ``longest_poll_seconds``; and those of any sensor.
    :raises AirflowFailException: Once the share cannot be reached any more, or if the gateway refuses the account: no
        retry would help.
    :raises AirflowSensorTimeout: After ``timeout``: Airflow does not retry either.
    """

    template_fields: Sequence[str] = ("campaign_id", "nusawa_conn_id")
    operator_extra_links = (CampaignLink(),)

    def __init__(
        self,
        *,
        campaign_id: str,
        required: float | None = None,
        final: bool = False,
        give_up_after: timedelta | float = timedelta(hours=72),
        timeout: timedelta | float = timedelta(hours=96),
        **kwargs: Any,
    ) -> None:
        super().__init__(timeout=timeout, **kwargs)
        if required is not None:
            check_required(required)
        self.campaign_id = campaign_id
        self.required = required
        self.final = final
        self.give_up_after = give_up_after
        self._has_warned = False

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look into the ledger; where the wait is not deferred, ask the gateway too."""
        with translated(), self._watch() as (watch, settings):
            self._warn_of_strangers(watch, settings)
            standing = watch.standing()
            if standing.verdict(self._goal) is WaitVerdict.PENDING and not self.deferrable:
                asyncio.run(self._ask(watch, settings))
                standing = watch.standing()
        self.log.info("%s", standing)
        verdict = standing.verdict(self._goal)
        if verdict is WaitVerdict.PENDING:
            return False
        return PokeReturnValue(True, self._conclude(verdict, standing, "", context))

    def trigger_until(self, deadline: float) -> NusaWaCampaignTrigger:
        from airflow_provider_nusawa.triggers import NusaWaCampaignTrigger  # loads what Dag files do without

        goal = self._goal
        return NusaWaCampaignTrigger(
            campaign_id=str(self.campaign_id),
            required=goal.required,
            final=goal.final,
            give_up_seconds=goal.give_up_seconds,
            **self.trigger_arguments(deadline),
        )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Take up where the trigger ended."""
        from airflow_provider_nusawa.waiting.campaigns import Standing

        standing = Standing(**event["standing"]) if event["standing"] else None
        return self._conclude(WaitVerdict(event["verdict"]), standing, event["trouble"], context)

    @property
    def _goal(self) -> Goal:
        from airflow_provider_nusawa.waiting.campaigns import Goal

        required = self.required if self.required is not None or self.final else 1.0
        span = self.give_up_after
        seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
        return Goal(required, self.final, seconds)

    @contextmanager
    def _watch(self) -> Iterator[tuple[CampaignWatch, Settings]]:
        from airflow_provider_nusawa.ledgers import open_for_reading
        from airflow_provider_nusawa.waiting.campaigns import CampaignWatch

        settings = NusaWaHook(self.nusawa_conn_id).settings
        with open_for_reading(settings) as ledger:
            yield CampaignWatch(ledger, str(self.campaign_id), settings, self._goal), settings

    async def _ask(self, watch: CampaignWatch, settings: Settings) -> None:
        from airflow_provider_nusawa.gateway.client import AsyncClient
        from airflow_provider_nusawa.ledgers import place_of
        from airflow_provider_nusawa.paces import pace_at
        from airflow_provider_nusawa.waiting.agenda import Rhythm
        from airflow_provider_nusawa.waiting.campaigns import ask_due

        rhythm = Rhythm(self.first_poll_seconds, self.longest_poll_seconds)
        async with AsyncClient(settings, pace=pace_at(place_of(settings), settings)) as client:
            failure = await ask_due(watch, client, rhythm, until=time.monotonic() + ASK_SECONDS)
        if failure:
            self.log.warning("A look failed, and the wait goes on: %s", failure.what)

    def _warn_of_strangers(self, watch: CampaignWatch, settings: Settings) -> None:
        """Say once how many messages cannot be asked after through this connection."""
        if self._has_warned:
            return
        self._has_warned = True
        if elsewhere := watch.elsewhere():
            self.log.warning(
                "%s open messages were sent by another account or API version than %r speaks (%s): they are not asked "
                "after here, and only callbacks can tell of them.",
                *(elsewhere, self.nusawa_conn_id, settings.api_version),
            )

    def _conclude(
        self, verdict: WaitVerdict, standing: Standing | None, trouble: str, context: Context
    ) -> dict[str, Any]:
        """Return the counts if it is what was waited for; else push them, and raise why not."""
        value = {"campaign_id": self.campaign_id, **(standing.to_json() if standing else {})}
        if verdict is WaitVerdict.MET:
            return value
        context["ti"].xcom_push(key=RETURN_VALUE, value=value)
        so_far = str(standing) if standing else "nothing is known yet"
        if verdict is WaitVerdict.UNREACHABLE:
            raise AirflowFailException(f"{so_far}; {self._goal.required:g} required, which can no longer be reached.")
        raise self.gave_up(verdict, so_far, trouble)

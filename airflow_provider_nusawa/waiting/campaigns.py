"""Waiting for a campaign's deliveries: how far they are, by the ledger, and asking after those that are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.gateway.errors import NusaWaError
from airflow_provider_nusawa.gateway.messages import DeliveryReport
from airflow_provider_nusawa.ledger.delivery import apply_reports, is_awaited, undelivered, undelivered_elsewhere
from airflow_provider_nusawa.ledger.hearing import is_hearing
from airflow_provider_nusawa.ledger.listing import find_campaign
from airflow_provider_nusawa.ledger.progress import progress
from airflow_provider_nusawa.ledger.states import Delivery
from airflow_provider_nusawa.waiting.agenda import BATCH, Rhythm
from airflow_provider_nusawa.waiting.share import WaitVerdict, needed_of

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.client import AsyncClient
    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.ledger.store import Ledger
    from airflow_provider_nusawa.ledger.tx import Tx


@dataclass(frozen=True, slots=True)
class Goal:
    """What is waited for.

    :param required: The share of all messages that must be delivered; None for none.
    :param final: Whether every message must have come to its end.
    :param give_up_seconds: How long after it was sent a message is still asked after.
    """

    required: float | None
    final: bool
    give_up_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign's messages are.

    :param total: Accepted by the gateway, or still to be sent.
    :param sent: On their way, by a report.
    :param unsent: Still to be sent.
    :param given_up: Whether all that is open was sent too long ago to be asked after.
    """

    total: int
    delivered: int
    failed: int
    sent: int
    unsent: int
    given_up: bool = False

    @property
    def pending(self) -> int:
        """Accepted, and neither delivered nor failed."""
        return self.total - self.unsent - self.delivered - self.failed

    def verdict(self, goal: Goal) -> WaitVerdict:
        needed = needed_of(goal.required, self.total) if goal.required else 0
        if self.total - self.failed < needed:
            return WaitVerdict.UNREACHABLE
        is_over = not self.unsent and (not self.pending or self.given_up)
        if self.delivered >= needed and (is_over or not goal.final):
            return WaitVerdict.MET
        return WaitVerdict.UNREACHABLE if is_over else WaitVerdict.PENDING

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        rest = ", which are not asked after any more" if self.given_up and self.pending else ""
        unsent = f", {self.unsent} still to be sent" if self.unsent else ""
        return (
            f"{self.delivered} of {self.total} messages delivered, {self.failed} failed, {self.pending} open{rest}"
            f"{unsent}"
        )


class CampaignWatch:
    """Looks into the ledger for one campaign. Its calls block.

    :param settings: The connection: which dialect and account it can ask, and whether it is a rehearsal's.
    :raises NoSuchCampaign: if the ledger knows none of that name.
    """

    def __init__(self, ledger: Ledger, name: str, settings: Settings, goal: Goal) -> None:
        redirected = bool(settings.redirect_to)
        self._ledger = ledger
        self._settings = settings
        self._goal = goal
        self._campaign_id = ledger.read(lambda tx: find_campaign(tx, name, redirected=redirected))

    def standing(self) -> Standing:
        return self._ledger.read(self._standing)

    def asked_before(self, rhythm: Rhythm) -> float:
        """Return the ledger's time before which a message that is to be asked after now was asked after last."""

        def work(tx: Tx) -> float:
            return tx.now - (rhythm.longest_seconds if is_hearing(tx) else rhythm.first_seconds)

        return self._ledger.read(work)

    def due(self, asked_before: float) -> list[str]:
        """Return the ids of the next messages to ask after, none of them asked after since then."""
        mine = {"api": self._settings.api_version, "account": self._settings.account}
        rows = self._ledger.write(
            lambda tx: undelivered(
                tx,
                self._campaign_id,
                BATCH,
                asked_before=asked_before,
                posted_after=tx.now - self._goal.give_up_seconds,
                **mine,
            )
        )
        return [row.message_id for row in rows]

    def note(self, reports: Sequence[DeliveryReport]) -> None:
        """Put on record what the gateway has told."""
        if reports:
            self._ledger.write(lambda tx: apply_reports(tx, reports))

    def elsewhere(self) -> int:
        """Return how many open messages cannot be asked after through this connection."""
        api, account = self._settings.api_version, self._settings.account
        return self._ledger.read(lambda tx: undelivered_elsewhere(tx, self._campaign_id, api=api, account=account))

    def _standing(self, tx: Tx) -> Standing:
        found = progress(tx, self._campaign_id)
        delivery, now = found.delivery, found.equation
        delivered = delivery[Delivery.DELIVERED] + delivery[Delivery.READ]
        failed, sent = delivery[Delivery.FAILED], delivery[Delivery.SENT]
        since = tx.now - self._goal.give_up_seconds
        awaited = is_awaited(tx, self._campaign_id, posted_after=since)
        return Standing(now.accepted + now.open, delivered, failed, sent, now.open, given_up=not awaited)


async def ask_due(watch: CampaignWatch, client: AsyncClient, rhythm: Rhythm, *, until: float) -> NusaWaError | None:
    """Ask after what is due, each once, in batches, until ``until`` of the monotonic clock. Return what failed.

    :param rhythm: After its first interval a message is due, while callbacks come after its longest.
    :raises NusaWaError: where asking on is of no use, because the account may not ask.
    """
    asked_before = await asyncio.to_thread(watch.asked_before, rhythm)
    while time.monotonic() < until:
        ids = await asyncio.to_thread(watch.due, asked_before)
        if not ids:
            break
        answers = await asyncio.gather(*(_answer(client, one) for one in ids))
        await asyncio.to_thread(watch.note, [one for one in answers if isinstance(one, DeliveryReport)])
        failures = [one for one in answers if isinstance(one, NusaWaError)]
        for failure in failures:
            if not failure.retryable:
                raise failure
        if len(failures) == len(answers):
            return failures[0]  # the gateway is away: the others need not be tried now
    return None


async def _answer(client: AsyncClient, message_id: str) -> DeliveryReport | NusaWaError:
    try:
        return await client.delivery_report(message_id)
    except NusaWaError as error:
        return error

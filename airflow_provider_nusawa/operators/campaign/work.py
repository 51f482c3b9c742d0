"""What a campaign's task does, in a thread: a leg of the campaign, or a rehearsal of it, or a trial."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.campaign.composing import composer
from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.forecast import finishes_at
from airflow_provider_nusawa.campaign.planning import Planned, Rules, plan
from airflow_provider_nusawa.campaign.preview import Preview, trials_of
from airflow_provider_nusawa.campaign.record import Setting
from airflow_provider_nusawa.campaign.rehearsal import rehearse
from airflow_provider_nusawa.campaign.runner import Leg
from airflow_provider_nusawa.gateway.messages import mask_number
from airflow_provider_nusawa.ledger.errors import LedgerMissing
from airflow_provider_nusawa.ledger.foresight import planned_campaign
from airflow_provider_nusawa.ledger.limits import Limits, room_today
from airflow_provider_nusawa.ledger.progress import refusals, unknowns
from airflow_provider_nusawa.ledgers import open_for_reading, open_for_sending
from airflow_provider_nusawa.operators.campaign.balance import Balance
from airflow_provider_nusawa.operators.campaign.lists import watched
from airflow_provider_nusawa.operators.campaign.name import refuse_another_name

if TYPE_CHECKING:
    from airflow_provider_nusawa.campaign.ending import Ending
    from airflow_provider_nusawa.campaign.rows import Source
    from airflow_provider_nusawa.campaign.terms import Terms
    from airflow_provider_nusawa.campaign.text import Text
    from airflow_provider_nusawa.gateway.messages import Options
    from airflow_provider_nusawa.hooks import NusaWaHook
    from airflow_provider_nusawa.ledger.store import Ledger

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a task was asked to do, its arguments read and checked.

    :param name: The campaign's id, as its author gave it.
    :param run_key: Under which its list is read once.
    :param label: Who sends, for people.
    :param is_mapped: Whether the task is one of a map, whose place may be another campaign's once it is cleared.
    :param before_reading: Called before the list is read for the first time; it may refuse.
    """

    name: str
    run_key: str
    label: str
    hook: NusaWaHook
    text: Text
    options: Options
    source: Source
    rules: Rules
    terms: Terms
    before_reading: Callable[[], None]
    is_mapped: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What a leg came to.

    :param refused_by_code: Of the whole campaign; None is for those whom only HTTP refused.
    """

    planned: Planned
    ending: Ending
    refused_by_code: Mapping[int | None, int]


class CampaignWork:
    """Carries out one order. Each of its three ways blocks; ``stop`` ends it soon, from any thread."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._settings = order.hook.settings
        self._told = threading.Event()
        self._balance = Balance(order.hook, self._told)
        self._leg: Leg | None = None

    def normalise(self, number: str | int) -> str:
        """As the hook's, whose connection has been read."""
        return self._order.hook.normalise(number)

    def stop(self) -> None:
        self._told.set()
        if self._leg:
            self._leg.stop()

    def send(self) -> Sent:
        """Read the list, unless an earlier try has, and send until the leg ends."""
        order = self._order
        with open_for_sending(self._settings, order.hook.nusawa_conn_id) as ledger:
            if not order.is_mapped:
                refuse_another_name(ledger, order.name, order.run_key, redirected=bool(self._settings.redirect_to))
            planned = plan(
                ledger,
                order.name,
                order.text,
                self._source(order.before_reading),
                order.run_key,
                rules=self._rules(),
                redirected=bool(self._settings.redirect_to),
            )
            _tell(planned)
            self._balance.note(ledger, planned.campaign.id)
            ending = self._send(ledger, planned)
            self._balance.note(ledger, planned.campaign.id)
            metrics.note_unknowns(ledger.read(unknowns), order.hook.nusawa_conn_id)
            codes = ledger.read(lambda tx: refusals(tx, planned.campaign.id))
        return Sent(planned, ending, codes)

    def rehearse(self) -> Preview:
        """Do all but send, and say what would come of it."""
        order, settings = self._order, self._settings
        now = datetime.now(timezone.utc)
        stretch = order.terms.stretch(now, settings.timezone)
        limits = order.terms.limits(now, settings.timezone, stretch) if stretch else Limits()
        with self._ledger_if_any() as ledger:
            setting = Setting(order.name, ledger, settings.redirect_to, settings.only_to, limits)
            preview = rehearse(setting, order.text, self._source(lambda: None), rules=self._rules())
            begun = self._begun_today(ledger, limits)
        rate = order.terms.rate(settings.rate_per_second)
        ends = finishes_at(
            preview.to_send, now, settings.timezone, rate_per_second=rate, terms=order.terms, begun_today=begun
        )
        return preview.with_prospects(balance=self._balance.ask(), finishes_at=ends)

    def try_out(self, numbers: Sequence[str]) -> Preview:
        """Send a few of the messages to other numbers, their author's."""
        preview = self.rehearse()
        trials = trials_of(preview.samples, numbers, self._order.options)
        if not trials:
            raise ListUnfit("there is nobody on the list to whom anything would be sent")
        with self._order.hook.get_conn() as client:
            for trial in trials:
                if self._told.is_set():
                    break
                receipt = client.send(trial)
                log.info("a sample went to %s, as %s", mask_number(trial.to), receipt.message_id)
        return preview

    def _send(self, ledger: Ledger, planned: Planned) -> Ending:
        order = self._order
        compose = composer(ledger, planned.campaign, order.options)
        count = partial(metrics.count_outcomes, nusawa_conn_id=order.hook.nusawa_conn_id)
        place = (ledger, planned.campaign.id, self._settings)
        self._leg = Leg(*place, compose, order.terms, label=order.label, on_recorded=count)
        if self._told.is_set():
            self._leg.stop()
        return self._leg.run()

    def _source(self, before: Callable[[], None]) -> Source:
        return watched(self._order.source, before, self._told.is_set)

    def _rules(self) -> Rules:
        """Return the rules, by which no list is read on once the task was told to stop."""
        rules, told = self._order.rules, self._told.is_set
        exclude, only = (watched(one, lambda: None, told) if one else None for one in (rules.exclude, rules.only))
        return replace(rules, exclude=exclude, only=only)

    @contextmanager
    def _ledger_if_any(self) -> Iterator[Ledger | None]:
        try:
            ledger = open_for_reading(self._settings)
        except LedgerMissing:
            yield None  # nobody has been messaged yet: the first run makes it
            return
        with ledger:
            yield ledger

    def _begun_today(self, ledger: Ledger | None, limits: Limits) -> int:
        if ledger is None or limits.max_per_day is None:
            return 0
        name, redirected = self._order.name, bool(self._settings.redirect_to)
        campaign_id = ledger.read(lambda tx: planned_campaign(tx, name, redirected=redirected))
        room = ledger.read(lambda tx: room_today(tx, campaign_id, limits)) if campaign_id is not None else None
        return limits.max_per_day - room if room is not None else 0


def _tell(planned: Planned) -> None:
    counts = planned.counts
    if planned.was_read_before:
        log.info("the list was read by an earlier try: %s of %s rows still to send", counts.planned, counts.rows_read)
        return
    log.info(
        "%s rows read = %s planned + %s bad + %s excluded + %s known + %s doubles",
        *(counts.rows_read, counts.planned, counts.bad, counts.excluded, counts.known, counts.doubles),
    )
    for row in planned.bad:
        log.warning("bad %s", row)

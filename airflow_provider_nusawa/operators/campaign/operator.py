"""NusaWaCampaignOperator: one text to everybody on a list, paced, resumable, each one accounted for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_nusawa.airflow_errors import invalid_arguments_fail_at_once, translated
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.links import CampaignLink
from airflow_provider_nusawa.operators.campaign.arguments import LISTS, ListedOperator, PacedOperator, check_share
from airflow_provider_nusawa.operators.choices import one_of
from airflow_provider_nusawa.operators.standing_by import Errand, stand_by
from airflow_provider_nusawa.xcoms import RETURN_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.campaign.preview import Preview
    from airflow_provider_nusawa.campaign.shares import Shares
    from airflow_provider_nusawa.operators.campaign.work import CampaignWork, Sent

SOONEST_SECONDS = 15.0
"""Airflow may lose the event of a wait that ends within seconds, and fail the task."""


class NusaWaCampaignOperator(ListedOperator, PacedOperator):
    """Sends one text to everybody on a list, through nights and restarts, and messages nobody twice.

    Retries, clears and later runs go on where it stopped: what became of whom is on record in the ledger, under
    ``campaign_id``. Outside the window, and after ``max_leg``, the task defers, so it needs a triggerer.

    :returns: How many rows ended how, and the id; no numbers. Pushed to XCom also when the task then fails. A dry run
        returns what it foresees instead.

    :param campaign_id: Which message this is. The same id in a later run goes on with it, and messages nobody again:
        put the year into that of a birthday. (templated)
    :param text: The message: a Jinja template over each row's columns and ``values``. Airflow does not render it.
    :param text_path: A file with that template instead: absolute, or found as Airflow finds template files.
    :param media_url: The address of a picture or document to go with it, a template like the text: each row may have
        its own. API v1.0 only.
    :param sender: Which of the account's senders speaks; its usual one unless given. API v1.0 only. (templated)
    :param gateway_queue: Which of the account's queues it goes through; its usual one unless given. Plain ``queue`` is
        Airflow's, of workers. API v1.0 only. (templated)
    :param include_unsubscribe: Whether the message offers the person to unsubscribe; as the account is set unless
        given. API v1.0 only.
    :param values: What comes from Airflow, for the text: ``{{ values.name }}``. Kept as it was when the list was read:
        a later try of the run renders with the same. (templated)
    :param allow_late: Whether the list may be read more than 24 h after the run was due.
    :param on_partial: What a campaign comes to that is not whole: ``fail``, or ``skip`` the task. ``succeed`` lets
        people be refused, or left out by ``not_after``, if somebody was accepted and the shares given hold.
    :param max_refused_share: The share of those tried that may be refused, from 0 to 1, and all is well: 0 unless
        given, or 1 with ``on_partial="succeed"``.
    :param max_unknown_share: Likewise, the share of those who perhaps got it, about whom a person has to decide; 0
        unless given, whatever ``on_partial`` is.
    :param dry_run: Do all but send, and tell what would come of it.
    :param test_to: Send at most five of the messages to these numbers instead, which is not remembered. (templated)
    :param nusawa_conn_id: The connection to send through. (templated)
    :param kwargs: Lists as in ``ListedOperator``, hours and limits as in ``PacedOperator``.
    :raises AirflowFailException: Where no retry can help, such as a refusal of the account; the rest stays planned.
    """

    template_fields: Sequence[str] = (
        "campaign_id",
        *(name + way for name in LISTS for way in ("", "_path", "_sql")),
        *("sql_conn_id", "values", "holidays", "not_after", "test_to", "sender", "gateway_queue", "nusawa_conn_id"),
    )
    template_fields_renderers = dict.fromkeys(("recipients_sql", "exclude_sql", "only_sql"), "sql")
    operator_extra_links = (CampaignLink(),)
    ui_color = "#e7f7ec"

    def __init__(
        self,
        *,
        campaign_id: str,
        text: str | None = None,
        text_path: str | None = None,
        media_url: str = "",
        sender: str | None = None,
        gateway_queue: str | None = None,
        include_unsubscribe: bool | None = None,
        values: Mapping[str, Any] | None = None,
        allow_late: bool = False,
        on_partial: Literal["fail", "succeed", "skip"] = "fail",
        max_refused_share: float | None = None,
        max_unknown_share: float = 0.0,
        dry_run: bool = False,
        test_to: Any = None,
        nusawa_conn_id: str = NusaWaHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        one_of("on_partial", on_partial, ("fail", "succeed", "skip"))
        check_share("max_refused_share", max_refused_share or 0.0)
        check_share("max_unknown_share", max_unknown_share)
        if (text is None) == (text_path is None):
            raise ValueError("give either text or text_path")
        if dry_run and test_to is not None:
            raise ValueError("give either dry_run or test_to")
        self.campaign_id = campaign_id
        self.text = text
        self.text_path = text_path
        self.media_url = media_url
        self.sender = sender
        self.gateway_queue = gateway_queue
        self.include_unsubscribe = include_unsubscribe
        self.values = values
        self.allow_late = allow_late
        self.on_partial = on_partial
        self.max_refused_share = max_refused_share
        self.max_unknown_share = max_unknown_share
        self.is_rehearsal = dry_run  # not dry_run: that is a method of Airflow's operators
        self.is_trial = test_to is not None
        self.test_to = test_to
        self.nusawa_conn_id = nusawa_conn_id
        self._told_to_stop = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Go on with the campaign, from wherever it stands."""
        with translated():
            work = self._work(context)
            if self.is_trial:
                return self._tell(self._wait_for(work, self._trial(work)), context)
            if self.is_rehearsal:
                return self._tell(self._wait_for(work, work.rehearse), context)
            return self._send(work, context)

    def go_on(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Take up again after a deferral; the list is on record, and is not read a second time."""
        return self.execute(context)

    def on_kill(self) -> None:
        # Called in a signal handler, which may have interrupted anything: only a flag is safe.
        self._told_to_stop = True

    def _work(self, context: Context) -> CampaignWork:
        from airflow_provider_nusawa.operators.campaign.orders import order_of
        from airflow_provider_nusawa.operators.campaign.work import CampaignWork

        hook = NusaWaHook(self.nusawa_conn_id)
        settings = hook.settings  # whose errors name the connection, not the task's arguments
        with invalid_arguments_fail_at_once(self.task_id):
            order = order_of(self, hook, settings, context)
        return CampaignWork(order)

    def _trial(self, work: CampaignWork) -> Callable[[], Preview]:
        from airflow_provider_nusawa.recipients import read_recipients

        numbers = read_recipients(self.test_to, work.normalise)
        return lambda: work.try_out(numbers)

    def _wait_for(self, work: CampaignWork, call: Callable[[], Any]) -> Any:
        errand = Errand(call, work.stop)
        stand_by(errand, lambda: self._told_to_stop, self.log)
        return errand.result

    def _tell(self, preview: Preview, context: Context) -> dict[str, Any]:
        for line in preview.told():
            self.log.info("%s", line)
        value = {"campaign_id": self.campaign_id, **preview.to_xcom()}
        context["ti"].xcom_push(key=RETURN_VALUE, value=value)
        if preview.objections:
            raise AirflowFailException(f"The campaign would be refused: {'; '.join(preview.objections)}")
        return value

    def _send(self, work: CampaignWork, context: Context) -> dict[str, Any]:
        from airflow_provider_nusawa.campaign.ending import End
        from airflow_provider_nusawa.ledger.errors import PlanBusy
        from airflow_provider_nusawa.operators.campaign.conclusion import conclude, value_of

        try:
            sent: Sent = self._wait_for(work, work.send)
        except PlanBusy as busy:
            self._defer_until(time.time() + busy.wait_seconds, busy.what)
        ending = sent.ending
        self.log.info("campaign %r %s", self.campaign_id, ending)
        if ending.end is End.COME_BACK:
            self._defer_until(ending.at.timestamp() if ending.at else 0.0, ending.why)
        value = value_of(self.campaign_id, sent)
        context["ti"].xcom_push(key=RETURN_VALUE, value=value)
        conclude(ending, self._shares, may_skip=self.on_partial == "skip")
        return value

    def _defer_until(self, moment: float, why: str) -> NoReturn:
        from airflow_provider_nusawa.triggers import NusaWaMomentTrigger  # loads what Dag files do without

        moment = max(moment, time.time() + SOONEST_SECONDS)
        said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))
        self.log.info("deferred until %s: %s. If it does not wake up then, see whether a triggerer runs", said, why)
        self.defer(trigger=NusaWaMomentTrigger(moment=moment), method_name="go_on")
        raise AssertionError("unreachable")

    @property
    def _shares(self) -> Shares:
        from airflow_provider_nusawa.campaign.shares import Shares

        is_lenient = self.on_partial == "succeed"
        refused = self.max_refused_share
        return Shares(float(is_lenient) if refused is None else refused, self.max_unknown_share, is_lenient)

"""What a notifier does when it is called: render, word, send, and say in the log whatever went wrong."""

from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf, redact
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_nusawa import ledgers
from airflow_provider_nusawa.gateway.messages import MAX_TEXT
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.notifications.delivery import send, send_async
from airflow_provider_nusawa.notifications.event import RECOVERIES, Event, Kind, as_recovery, read_event
from airflow_provider_nusawa.notifications.ledger_memory import LedgerMemory
from airflow_provider_nusawa.notifications.memory import ProcessStore, Store, store_of
from airflow_provider_nusawa.notifications.rounds import Alert, Round
from airflow_provider_nusawa.notifications.wording import cut, default_text, error_line, printable

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.notifications.notifier import NusaWaNotifier
    from airflow_provider_nusawa.notifications.rendering import Rendered

log = logging.getLogger(__name__)

_PROCESS = ProcessStore()
_WITHOUT_ERROR = (Kind.SUCCEEDED, Kind.STARTED, Kind.SKIPPED, Kind.WAITING, Kind.RUN_SUCCEEDED, *RECOVERIES.values())
_SCOPE = (
    "min_interval holds within this %s only: alerts of other runs are neither counted nor held back. "
    "A ledger (ledger_conn_id in the connection) would know of them."
)
_WITHOUT_LEDGER = "The ledger is left out of this alert, which may so be told twice: %s"
_INSTEAD = {
    "to": "This recipient is left out; mend the template.",
    "text": "The default text is sent instead.",
    "nusawa_conn_id": "nusawa_default is used instead.",
}


def tell(notifier: NusaWaNotifier, context: Any) -> None:
    """Tell everybody from this thread. Raises nothing."""
    try:
        rendered = notifier.take_rendered(context)
        hook = _hook(rendered)
        with hook.get_conn() as client:
            place = _place(hook) if _needs_ledger(notifier, hook.settings) else None
            told, alerts = _round(notifier, rendered, context, hook.settings, place)
            with closing(told):
                send(client, told, alerts)
    except Exception as error:  # noqa: BLE001  (an alert must never fail what it reports on)
        log.error("An alert was not sent: %s", words_of(error))


async def tell_async(notifier: NusaWaNotifier, context: Any) -> None:
    """Tell everybody from an event loop. Raises nothing."""
    try:
        rendered = notifier.take_rendered(context)
        hook = _hook(rendered)
        async with await hook.get_async_conn() as client:
            if not _needs_ledger(notifier, client.settings):
                await send_async(client, *_round(notifier, rendered, context, client.settings))
                return
            place = await _place_async(hook, client.settings)
            # A database is waited for in another thread.
            told, alerts = await asyncio.to_thread(_round, notifier, rendered, context, client.settings, place)
            with closing(told):
                await send_async(client, told, alerts)
    except Exception as error:  # noqa: BLE001  (an alert must never fail what it reports on)
        log.error("An alert was not sent: %s", words_of(error))


def _hook(rendered: Rendered) -> NusaWaHook:
    for name, error in rendered.failed:
        log.error("The template of %r failed: %s. %s", name, words_of(error), _INSTEAD[name])
    if not rendered.to:
        log.error("Nobody is told: 'to' names no recipient that could be read.")
    return NusaWaHook(rendered.nusawa_conn_id or NusaWaHook.default_conn_name)


def _needs_ledger(notifier: NusaWaNotifier, settings: Settings) -> bool:
    return notifier.heed_suppressions or ledgers.is_named(settings)


def _place(hook: NusaWaHook) -> URL | None:
    try:
        return ledgers.place_of(hook.settings)
    except Exception as error:  # noqa: BLE001  (an alert twice is better than none)
        log.warning(_WITHOUT_LEDGER, words_of(error))
        return None


async def _place_async(hook: NusaWaHook, settings: Settings) -> URL | None:
    try:
        return await ledgers.place_of_async(hook, settings)
    except Exception as error:  # noqa: BLE001  (as above)
        log.warning(_WITHOUT_LEDGER, words_of(error))
        return None


def _round(
    notifier: NusaWaNotifier, rendered: Rendered, context: Any, settings: Settings, place: URL | None = None
) -> tuple[Round, list[Alert]]:
    event = read_event(context, notifier, _run_page())
    if notifier.recovered:
        event = as_recovery(event)
    store = _store(notifier, event, context, settings, place)
    told = Round(event, str(notifier.text), store=store, settings=settings, min_seconds=notifier.min_seconds)
    is_of_the_run = store is not _PROCESS and not isinstance(store, LedgerMemory)
    scope = (event.dag_id, event.task_id, *([event.run_id] if is_of_the_run else []))
    text = text_of(rendered, event, context.get("exception"), include_error=notifier.include_error)
    return told, told.plan(rendered.to, text, scope)


def _store(
    notifier: NusaWaNotifier, event: Event, context: Any, settings: Settings, place: URL | None
) -> Store | LedgerMemory:
    """Return what remembers: the ledger, the task, or this process. The last two know little, and the log says so."""
    if place:
        memory = LedgerMemory(place, settings, _PROCESS, heed_suppressions=notifier.heed_suppressions)
        if not memory.is_away:
            return memory
    store = store_of(context, has_store=event.has_store, process=_PROCESS)
    if notifier.min_seconds and not notifier.scope_is_said:
        notifier.scope_is_said = True
        log.warning(_SCOPE, "process" if store is _PROCESS else "task instance")
    return store


def text_of(rendered: Rendered, event: Event, error: object, *, include_error: bool) -> str:
    """Return what is sent: the Dag author's text, or else the default one."""
    own = printable(rendered.text or "")
    if own.strip():
        return cut(own, MAX_TEXT)
    failure = rendered.failure_of("text")
    note = f"template failed: {words_of(failure, in_full=include_error)}" if failure else ""
    tells = include_error and error is not None and event.kind not in _WITHOUT_ERROR
    return printable(default_text(event, error=words_of(error) if tells else "", note=note))


def words_of(error: object, *, in_full: bool = True) -> str:
    """Return an error's class and, in full, its first line without what must not travel."""
    try:
        said = str(redact(str(error))) if in_full else ""
    except Exception:  # noqa: BLE001  (an error whose words cannot be had still has a class)
        said = ""
    return error_line(error, said)


def _run_page() -> str:
    if AIRFLOW_V_3_0_PLUS:
        base, page = conf.get("api", "base_url", fallback=""), "/dags/{dag_id}/runs/{run_id}"
    else:
        base, page = conf.get("webserver", "base_url", fallback=""), "/dags/{dag_id}/grid?dag_run_id={run_id}"
    return base.rstrip("/").replace("{", "{{").replace("}", "}}") + page if base else ""

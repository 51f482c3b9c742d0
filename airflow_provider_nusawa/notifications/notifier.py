"""The notifier: what Airflow calls when something happened, at any hook point, and which never raises into it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseNotifier
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS

from airflow_provider_nusawa.gateway.messages import MAX_TEXT
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.notifications.delivery import send, send_async
from airflow_provider_nusawa.notifications.event import Event, Kind, read_event
from airflow_provider_nusawa.notifications.memory import ProcessStore, store_of
from airflow_provider_nusawa.notifications.rendering import Rendered, render_fields
from airflow_provider_nusawa.notifications.rounds import Alert, Round
from airflow_provider_nusawa.notifications.wording import cut, default_text, error_line, printable

if TYPE_CHECKING:
    import jinja2

    from airflow_provider_nusawa.gateway.settings import Settings

_PROCESS = ProcessStore()
log = logging.getLogger(__name__)

_WITHOUT_ERROR = (Kind.SUCCEEDED, Kind.STARTED, Kind.SKIPPED, Kind.WAITING, Kind.RUN_SUCCEEDED)
_SCOPE = "min_interval holds within this %s only: alerts of other runs are neither counted nor held back."
_INSTEAD = {
    "to": "This recipient is left out; mend the template.",
    "text": "The default text is sent instead.",
    "nusawa_conn_id": "nusawa_default is used instead.",
}


class NusaWaNotifier(BaseNotifier):
    """Tells people by WhatsApp what happened: on a task, a DAG, a missed deadline or a human's turn.

    It never raises into what it reports on: whatever fails stands in the log. A template that fails does not lose
    the alert: the default text is sent, and says so; a recipient whose template fails is left out, and the others
    are told; a connection id whose template fails gives way to ``nusawa_default``.

    :param to: One or more phone numbers, or text that lists several with commas. (templated)
    :param text: What to say; beyond 1000 characters it is cut. Left out, a text names the DAG, task, run and try,
        the error's class and first line, and the log. (templated)
    :param include_error: Whether the default text holds what the error says. What Airflow masks, URL user-infos,
        query strings and long numbers are removed from it; anything else in an error's words does travel.
    :param min_interval: Least time between two alerts of one kind about one task to one recipient, as a timedelta or
        in seconds. What is held back is counted in the next alert. It holds within a task instance (Airflow 3.3+),
        and elsewhere within a process.
    :param nusawa_conn_id: The connection to send through. (templated)
    """

    template_fields: Sequence[str] = ("to", "text", "nusawa_conn_id")
    template_ext: Sequence[str] = ()  # a text that ends in ".txt" is a text

    def __init__(
        self,
        to: str | Sequence[str],
        text: str | None = None,
        include_error: bool = True,
        min_interval: timedelta | float | None = None,
        nusawa_conn_id: str = "nusawa_default",
        **kwargs: Any,
    ) -> None:
        if AIRFLOW_V_3_1_PLUS:
            super().__init__(**kwargs)  # context, which is how deadlines hand it over
        else:
            if unknown := sorted(set(kwargs) - {"context"}):
                raise TypeError(f"{type(self).__name__} takes no argument {unknown[0]!r}")
            super().__init__()
        self.to = to
        self.text = text
        self.include_error = include_error
        self.min_interval = min_interval
        self.nusawa_conn_id = nusawa_conn_id
        self._min_seconds = _seconds(min_interval)
        self._said_scope = False
        self._rendered: Rendered | None = None

    def render_template_fields(self, context: Any, jinja_env: jinja2.Environment | None = None) -> None:
        """Render aside, so that the same notifier can be called again with another context."""
        self._rendered = render_fields(
            lambda value: self._render_one(value, context, jinja_env), self.to, self.text, self.nusawa_conn_id
        )

    def _render_one(self, value: Any, context: Any, jinja_env: jinja2.Environment | None) -> Any:
        env = jinja_env or self._environment(context.get("dag"))
        if callable(value):
            return value(context=context, jinja_env=env)
        return self.render_template(value, context, env, set())

    def _environment(self, dag: Any) -> jinja2.Environment:
        if hasattr(dag, "get_template_env"):
            env: jinja2.Environment = dag.get_template_env(force_sandboxed=True)
            return env
        return self.get_template_env(None)  # no DAG in a deadline's context; a serialized one in 3.3's dag.test()

    def _render(self, template: Any, context: Any, dag: Any = None) -> Any:
        # Without the DAG, which 2.11 insists on: native rendering would make a number of "0812…" and of "1e5".
        return super(BaseNotifier, self)._render(template, context, None)

    def notify(self, context: Any) -> None:
        """Tell everybody, and return when each has been told or cannot be."""
        try:
            with self._hook(context).get_conn() as client:
                send(client, *self._round(context, client.settings))
        except Exception as error:  # noqa: BLE001  (an alert must never fail what it reports on)
            log.error("An alert was not sent: %s", _words(error))

    async def async_notify(self, context: Any) -> None:
        """Tell everybody from an event loop, as deadlines do in the triggerer."""
        try:
            async with await self._hook(context).get_async_conn() as client:
                await send_async(client, *self._round(context, client.settings))
        except Exception as error:  # noqa: BLE001  (an alert must never fail what it reports on)
            log.error("An alert was not sent: %s", _words(error))

    def _hook(self, context: Any) -> NusaWaHook:
        if self._rendered is None:
            self.render_template_fields(context)
        rendered = self._rendered or Rendered()
        for name, error in rendered.failed:
            log.error("The template of %r failed: %s. %s", name, _words(error), _INSTEAD[name])
        if not rendered.to:
            log.error("Nobody is told: 'to' names no recipient that could be read.")
        return NusaWaHook(rendered.nusawa_conn_id or NusaWaHook.default_conn_name)

    def _round(self, context: Any, settings: Settings) -> tuple[Round, list[Alert]]:
        rendered, self._rendered = self._rendered or Rendered(), None
        event = read_event(context, self, _run_page())
        store = store_of(context, has_store=event.has_store, process=_PROCESS)
        if self._min_seconds and not self._said_scope:
            self._said_scope = True
            log.warning(_SCOPE, "process" if store is _PROCESS else "task instance")
        told = Round(event, str(self.text), store=store, settings=settings, min_seconds=self._min_seconds)
        scope = (event.dag_id, event.task_id, *([] if store is _PROCESS else [event.run_id]))
        return told, told.plan(rendered.to, self._text_of(rendered, event, context), scope)

    def _text_of(self, rendered: Rendered, event: Event, context: Any) -> str:
        own = printable(rendered.text or "")
        if own.strip():
            return cut(own, MAX_TEXT)
        failure, error = rendered.failure_of("text"), context.get("exception")
        note = f"template failed: {_words(failure, self.include_error)}" if failure else ""
        tells = self.include_error and error is not None and event.kind not in _WITHOUT_ERROR
        return printable(default_text(event, error=_words(error) if tells else "", note=note))


def _words(error: object, in_full: bool = True) -> str:
    """Return an error's class and, unless it is to be left out, its first line without what must not travel."""
    from airflow.providers.common.compat.sdk import redact

    try:
        said = str(redact(str(error))) if in_full else ""
    except Exception:  # noqa: BLE001  (an error whose words cannot be had still has a class)
        said = ""
    return error_line(error, said)


def _seconds(interval: timedelta | float | None) -> float:
    seconds = interval.total_seconds() if isinstance(interval, timedelta) else interval or 0.0
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise ValueError(f"min_interval is a timedelta or a number of seconds, not negative, and not {interval!r}")
    return float(seconds)


def _run_page() -> str:
    from airflow.providers.common.compat.sdk import conf

    if AIRFLOW_V_3_0_PLUS:
        base, page = conf.get("api", "base_url", fallback=""), "/dags/{dag_id}/runs/{run_id}"
    else:
        base, page = conf.get("webserver", "base_url", fallback=""), "/dags/{dag_id}/grid?dag_run_id={run_id}"
    return base.rstrip("/").replace("{", "{{").replace("}", "}}") + page if base else ""


send_nusawa_notification = NusaWaNotifier

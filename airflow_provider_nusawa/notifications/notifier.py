"""The notifier: what Airflow calls when something happened, at any hook point, and which never raises into it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseNotifier
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

if TYPE_CHECKING:
    import jinja2

    from airflow_provider_nusawa.notifications.rendering import Rendered

# What tells, and all that it needs, is loaded when there is something to tell: Dag files are parsed all day long.


class NusaWaNotifier(BaseNotifier):
    """Tells people by WhatsApp what happened: on a task, a Dag, a missed deadline or a human's turn.

    It never raises into what it reports on: whatever fails stands in the log. A template that fails does not lose
    the alert: the default text is sent, and says so; a recipient whose template fails is left out, and the others
    are told; a connection id whose template fails gives way to ``nusawa_default``.

    :param to: One or more phone numbers, or text that lists several with commas. (templated)
    :param text: What to say; beyond 1000 characters it is cut. Left out, a text names the Dag, task, run and try,
        the error's class and first line, and the log. (templated)
    :param include_error: Whether the default text holds what the error says. What Airflow masks, URL user-infos,
        query strings and long numbers are removed from it; anything else in an error's words does travel.
    :param min_interval: Least time between two alerts of one kind about one task to one recipient, as a timedelta or
        in seconds. What is held back is counted in the next alert. Where the connection names a ledger it holds across
        runs and processes; without one within a task instance (Airflow 3.3+), and elsewhere within a process.
    :param recovered: Whether a success is told only to those who were told of a failure of the same task, or run,
        before. How far back that is known: see docs/notifications.md. Failures are told as without it.
    :param heed_suppressions: Whether to leave out who has said no, by the ledger's list. While the ledger is away,
        nobody knows who that is: then all are told.
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
        *,
        recovered: bool = False,
        heed_suppressions: bool = False,
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
        self.recovered = recovered
        self.heed_suppressions = heed_suppressions
        self.nusawa_conn_id = nusawa_conn_id
        self.min_seconds = _seconds(min_interval)
        self.scope_is_said = False
        self._rendered: Rendered | None = None

    def render_template_fields(self, context: Any, jinja_env: jinja2.Environment | None = None) -> None:
        """Render aside, so that the same notifier can be called again with another context."""
        from airflow_provider_nusawa.notifications.rendering import render_fields

        self._rendered = render_fields(
            lambda value: self._render_one(value, context, jinja_env), self.to, self.text, self.nusawa_conn_id
        )

    def take_rendered(self, context: Any) -> Rendered:
        """Return what the templates give in this context, once: Airflow has rendered before it calls ``notify``."""
        if self._rendered is None:
            self.render_template_fields(context)
        rendered, self._rendered = self._rendered, None
        assert rendered is not None  # noqa: S101  (render_template_fields has just made it)
        return rendered

    def _render_one(self, value: Any, context: Any, jinja_env: jinja2.Environment | None) -> Any:
        env = jinja_env or self._environment(context.get("dag"))
        if callable(value):
            return value(context=context, jinja_env=env)
        return self.render_template(value, context, env, set())

    def _environment(self, dag: Any) -> jinja2.Environment:
        if hasattr(dag, "get_template_env"):
            env: jinja2.Environment = dag.get_template_env(force_sandboxed=True)
            return env
        return self.get_template_env(None)  # no Dag in a deadline's context; a serialized one in 3.3's dag.test()

    def _render(self, template: Any, context: Any, dag: Any = None) -> Any:
        # Without the Dag, which 2.11 insists on: native rendering would make a number of "0812…" and of "1e5".
        return super(BaseNotifier, self)._render(template, context, None)

    def notify(self, context: Any) -> None:
        """Tell everybody, and return when each has been told or cannot be."""
        from airflow_provider_nusawa.notifications.telling import tell

        tell(self, context)

    async def async_notify(self, context: Any) -> None:
        """Tell everybody from an event loop, as deadlines do in the triggerer."""
        from airflow_provider_nusawa.notifications.telling import tell_async

        await tell_async(self, context)


def _seconds(interval: timedelta | float | None) -> float:
    seconds = interval.total_seconds() if isinstance(interval, timedelta) else interval or 0.0
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise ValueError(f"min_interval is a timedelta or a number of seconds, not negative, and not {interval!r}")
    return float(seconds)


send_nusawa_notification = NusaWaNotifier

"""A connection's safe mode: staging must not reach real people, whatever the Dag says."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_nusawa.gateway.errors import Refused, Scope
from airflow_provider_nusawa.gateway.messages import MAX_TEXT, Message
from airflow_provider_nusawa.gateway.settings import Settings


def is_barred(settings: Settings, message: Message) -> bool:
    """Whether ``only_to`` leaves the person intended out."""
    return bool(settings.only_to) and message.to not in settings.only_to


def posted_instead(settings: Settings, message: Message) -> Message:
    """Return what may be posted in place of ``message``: itself, unless ``redirect_to`` sends it elsewhere.

    A redirected text is led by the intended last four digits, and loses at its end what no longer fits.

    :raises Refused: if ``only_to`` does not name the person intended.
    """
    if is_barred(settings, message):
        what = "this connection is in safe mode, and its only_to does not name the recipient"
        raise Refused(what, scope=Scope.SAFE_MODE, destination=message.to)
    if not settings.redirect_to:
        return message
    return replace(message, to=settings.redirect_to, text=f"[for …{message.to[-4:]}] {message.text}"[:MAX_TEXT])

"""Which dialect a connection speaks: the one table, and the only place that chooses by version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from airflow_provider_nusawa.gateway import v1, v3
from airflow_provider_nusawa.gateway.errors import InvalidSettings

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.exchange import Reply, Request
    from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Message, Receipt
    from airflow_provider_nusawa.gateway.settings import Settings


class Dialect(Protocol):
    """One version of the gateway's API, as a module of pure functions.

    ``check_settings`` raises InvalidSettings for a login or a password that the dialect cannot log in with.
    ``*_request`` builds what is asked, ``read_*`` turns the reply into a value or raises. A reader of a send raises
    Refused or OutcomeUnknown; the others raise Refused or Unreachable. ``key_check_request`` is None where there are
    no keys; ``check_message`` raises InvalidMessage for what the dialect cannot say; ``login_advice`` is one clause on
    what to look at when the login is refused; ``REPORTS_NAME_PEOPLE`` says whether a delivery report tells whom the
    message was for and what it said.
    """

    NAME: str
    REPORTS_NAME_PEOPLE: bool

    def check_settings(self, settings: Settings) -> None: ...

    def login_advice(self, settings: Settings) -> str: ...

    def check_message(self, message: Message) -> None: ...

    def send_request(self, settings: Settings, message: Message) -> Request: ...

    def read_receipt(self, reply: Reply, message: Message, settings: Settings) -> Receipt: ...

    def key_check_request(self, settings: Settings) -> Request | None: ...

    def read_key_check(self, reply: Reply, settings: Settings) -> str: ...

    def credits_request(self, settings: Settings) -> Request: ...

    def read_credits(self, reply: Reply, settings: Settings) -> Credits: ...

    def report_request(self, settings: Settings, message_id: str) -> Request: ...

    def read_report(self, reply: Reply, message_id: str, settings: Settings) -> DeliveryReport: ...


DIALECTS: dict[str, Dialect] = {"v3": v3, "v1": v1}


def dialect_of(settings: Settings) -> Dialect:
    """Return the dialect that a connection asks for.

    :raises InvalidSettings: for one that nobody speaks.
    """
    try:
        return DIALECTS[settings.api_version]
    except KeyError:
        known = " or ".join(DIALECTS)
        what = f"api_version is {settings.api_version!r}, and must be {known}"
        raise InvalidSettings(what, field="api_version") from None

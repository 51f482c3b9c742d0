"""NusaWaHook: an Airflow connection in, a client of the gateway out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_nusawa.connection_form import CONN_TYPE, HOOK_NAME, form_widgets, ui_field_behaviour

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_nusawa.gateway.client import AsyncClient, Client
    from airflow_provider_nusawa.gateway.media import Media
    from airflow_provider_nusawa.gateway.messages import Credits, DeliveryReport, Options, Receipt
    from airflow_provider_nusawa.gateway.settings import Settings

# Gateway, form library and Airflow's own connection code load when they are first used: Dag files, which import this
# module through the operators, are parsed all day long.


def settings_from(connection: Connection) -> Settings:
    """Read a connection of type ``nusawa``, and have Airflow mask its password in every spelling.

    :raises InvalidSettings: naming the field, what stands in it and what may, but never the password.
    """
    from airflow_provider_nusawa.connection_settings import settings_from as read

    return read(connection)


class NusaWaHook(BaseHook):
    """Lends a Dag the gateway that a connection describes.

    :param nusawa_conn_id: A connection of type ``nusawa``; docs/connection.md explains its fields.
    """

    conn_name_attr = "nusawa_conn_id"
    default_conn_name = "nusawa_default"
    conn_type = CONN_TYPE
    hook_name = HOOK_NAME

    def __init__(self, nusawa_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.nusawa_conn_id = nusawa_conn_id
        self._settings: Settings | None = None

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the extras as form fields, for Airflow up to 3.1."""
        return form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return how the standard fields are shown, for Airflow up to 3.1."""
        return ui_field_behaviour()

    @property
    def settings(self) -> Settings:
        """The connection, read and checked once for each hook.

        :raises InvalidSettings: naming the field to mend.
        """
        if self._settings is None:
            self._settings = settings_from(self.get_connection(self.nusawa_conn_id))
        return self._settings

    def normalise(self, number: str | int) -> str:
        """Return a number as the gateway takes it: digits, with the country code of ``default_region`` if it has none.

        :raises InvalidMessage: saying why it cannot get a WhatsApp message.
        """
        from airflow_provider_nusawa.gateway.numbers import normalise_number

        return normalise_number(number, self.settings.default_region)

    def get_conn(self) -> Client:
        """Return a client for threads. Close it, or use it in a ``with`` statement."""
        from airflow_provider_nusawa.gateway.client import Client
        from airflow_provider_nusawa.paces import shared_pace

        return Client(self.settings, pace=shared_pace(self.settings))

    async def get_async_conn(self) -> AsyncClient:
        """Return a client for the running event loop. Close it, or use it in an ``async with`` statement."""
        from airflow_provider_nusawa.gateway.client import AsyncClient
        from airflow_provider_nusawa.paces import shared_pace_async

        settings = await self.get_async_settings()
        return AsyncClient(settings, pace=await shared_pace_async(self, settings))

    async def get_async_settings(self) -> Settings:
        """As ``settings``, without blocking the event loop."""
        if self._settings is None:
            from airflow_provider_nusawa.connection_settings import settings_from_async

            self._settings = await settings_from_async(self, self.nusawa_conn_id)
        return self._settings

    def send_message(
        self, to: str | int, text: str, *, media: Media | None = None, options: Options | None = None
    ) -> Receipt:
        """Send one message, once. This keeps no memory: a second call, or a retried task, sends it a second time.

        A task that may be retried should use ``NusaWaSendMessageOperator``, which remembers what it sent.

        :param to: A phone number as people write it.
        :param text: 1 to 1000 characters; with media it is the caption, and may be empty.
        :param media: A picture or document to go with it. API v1.0 only, as are:
        :param options: Sender, queue, and whether unsubscribing is offered.
        :raises InvalidMessage: before anything is asked of the gateway.
        :raises Refused: The gateway, or the connection's safe mode, said no: nothing was sent.
        :raises Unreachable: Nothing was sent; it may be repeated.
        :raises OutcomeUnknown: Perhaps sent; look before repeating it.
        """
        from airflow_provider_nusawa.gateway.messages import NO_OPTIONS, Message

        message = Message(self.normalise(to), text, media, options or NO_OPTIONS)
        with self.get_conn() as client:
            return client.send(message)

    def get_credits(self) -> Credits:
        """Ask for the account's balance.

        :raises Refused: wrong login, expired balance, or an address that is not on the white list.
        :raises Unreachable: no readable answer; it may be asked again.
        """
        with self.get_conn() as client:
            return client.credits()

    def get_delivery_report(self, message_id: str) -> DeliveryReport:
        """Ask where an accepted message is.

        :param message_id: The receipt's, as text: it may begin with a zero.
        :raises Refused: the account may not ask.
        :raises Unreachable: no readable answer; it may be asked again.
        """
        with self.get_conn() as client:
            return client.delivery_report(message_id)

    def test_connection(self) -> tuple[bool, str]:
        """Ask for the balance, and say in one sentence, free of secrets, what came of it and what to mend."""
        from airflow_provider_nusawa.connection_check import ask_balance

        return ask_balance(lambda: self.settings)

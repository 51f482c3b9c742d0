"""The hook, over a real socket: an Airflow connection in, the gateway's answers out."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_nusawa.gateway.client import AsyncClient, Client
from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.errors import InvalidMessage, InvalidSettings, Refused
from airflow_provider_nusawa.gateway.media import Media
from airflow_provider_nusawa.gateway.messages import Message, Options, Outcome
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.testing import NusaWaGateway


def test_a_hook_needs_only_the_id_of_its_connection() -> None:
    assert list(inspect.signature(NusaWaHook).parameters) == [NusaWaHook.conn_name_attr]
    assert NusaWaHook().nusawa_conn_id == "nusawa_default"


def test_a_message_goes_out_as_people_write_the_number(nusawa_gateway: NusaWaGateway) -> None:
    receipt = NusaWaHook().send_message("0812-3456-7890", "Halo, apa kabar? 👋")

    assert receipt.outcome is Outcome.ACCEPTED
    (message,) = nusawa_gateway.sent_to("6281234567890")
    assert (message.id, message.text) == (receipt.message_id, "Halo, apa kabar? 👋")


def test_a_hook_keeps_no_memory(nusawa_gateway: NusaWaGateway) -> None:
    hook = NusaWaHook()

    hook.send_message("081234567890", "Halo")
    hook.send_message("081234567890", "Halo")

    assert len(nusawa_gateway.sent_to("081234567890")) == 2
    assert "NusaWaSendMessageOperator" in (NusaWaHook.send_message.__doc__ or "")


@pytest.mark.parametrize(("to", "text"), [("0812", "Halo"), ("081234567890", " "), ("081234567890", "x" * 1001)])
def test_what_cannot_be_sent_is_refused_before_any_request(nusawa_gateway: NusaWaGateway, to: str, text: str) -> None:
    with pytest.raises(InvalidMessage):
        NusaWaHook().send_message(to, text)

    assert nusawa_gateway.requests == []


def test_the_safe_mode_of_the_connection_holds(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.use(only_to="0811-1111-1111", redirect_to="+62 822 2222 2222")

    with pytest.raises(Refused):
        NusaWaHook().send_message("081234567890", "Halo")
    NusaWaHook().send_message("081111111111", "Halo")

    (message,) = nusawa_gateway.messages
    assert message.number == "6282222222222"


def test_credits_and_reports_are_asked(nusawa_gateway: NusaWaGateway) -> None:
    hook = NusaWaHook()
    receipt = hook.send_message("081234567890", "Halo")
    nusawa_gateway.advance(60)

    report = hook.get_delivery_report(receipt.message_id)

    assert report.status is DeliveryStatus.DELIVERED
    assert hook.get_credits().amount == Decimal(99_999)


def test_numbers_are_read_by_the_connections_region(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.use(default_region="sg")

    assert NusaWaHook().normalise("8123 4567") == "6581234567"
    assert NusaWaHook(nusawa_gateway.use("home")).normalise(81234567890) == "6281234567890"


def test_a_connection_is_read_once(nusawa_gateway: NusaWaGateway) -> None:
    hook = NusaWaHook()
    first = hook.settings
    nusawa_gateway.use(default_region="SG")

    assert hook.settings is first
    assert asyncio.run(hook.get_async_settings()) is first
    assert NusaWaHook().settings.default_region == "SG"


def test_a_bad_connection_is_found_when_it_is_first_used(nusawa_gateway: NusaWaGateway) -> None:
    hook = NusaWaHook(nusawa_gateway.use("bad", timezone="WIB"))

    with pytest.raises(InvalidSettings, match="WIB"):
        hook.get_conn()
    with pytest.raises(InvalidSettings, match="WIB"):
        asyncio.run(hook.get_async_conn())


def test_clients_come_ready_for_threads_and_for_an_event_loop(nusawa_gateway: NusaWaGateway) -> None:
    hook = NusaWaHook()

    async def send() -> str:
        async with await hook.get_async_conn() as client:
            assert isinstance(client, AsyncClient)
            return (await client.send(Message("6281234567891", "Halo"))).message_id

    with hook.get_conn() as client:
        assert isinstance(client, Client)
        assert client.credits().amount > 0
    message_id = asyncio.run(send())
    assert [message.id for message in nusawa_gateway.sent_to("081234567891")] == [message_id]


def test_airflow_finds_the_hook_by_its_connection_type(nusawa_gateway: NusaWaGateway) -> None:
    hook: Any = NusaWaHook.get_connection("nusawa_default").get_hook()

    assert type(hook) is NusaWaHook
    assert hook.settings.host == nusawa_gateway.url


def test_airflows_own_button_reaches_the_hook(nusawa_gateway: NusaWaGateway) -> None:
    models: Any = importlib.import_module("airflow.models.connection")
    stored = models.Connection(conn_id="nusawa_default", conn_type="nusawa")

    well, sentence = stored.test_connection()

    assert well
    assert sentence.startswith("The account has 100000 credits")


def test_media_and_options_go_through_v1_and_not_through_v3(nusawa_gateway):
    media, options = Media(content=b"%PDF", file_name="a.pdf"), Options(sender="628110", include_unsubscribe=True)
    with pytest.raises(InvalidMessage, match="set api_version to v1"):
        NusaWaHook().send_message("081234567890", "", media=media)
    nusawa_gateway.use(api_version="v1")

    NusaWaHook().send_message("081234567890", "", media=media, options=options)

    (stored,) = nusawa_gateway.messages
    assert (stored.media.file_name, nusawa_gateway.requests[-1].fields["sender"]) == ("a.pdf", "628110")

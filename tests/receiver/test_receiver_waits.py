"""Waits beside a receiver: news from the ledger at once, few questions to the gateway, and no callback is needed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_nusawa.emulator.faults import FOREVER
from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.hearing import note_heard, told_of
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.ledger.tx import Tx
from airflow_provider_nusawa.sensors import NusaWaDeliverySensor
from airflow_provider_nusawa.testing import NusaWaGateway
from airflow_provider_nusawa.triggers import NusaWaDeliveryTrigger
from airflow_provider_nusawa.waiting.agenda import Agenda, Rhythm
from airflow_provider_nusawa.waiting.hearsay import Ear
from airflow_provider_nusawa.waiting.listener import Listener
from airflow_provider_nusawa.waiting.polling import CREDITS


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """The ledger that Airflow's config names."""
    path = tmp_path / "ledger.sqlite"
    monkeypatch.setenv("AIRFLOW__NUSAWA__LEDGER_CONN_ID", "the_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_THE_LEDGER", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    with open_ledger(f"sqlite:///{path}", create=True) as opened:
        yield opened


def tell(ledger: Ledger, letter: str, *message_ids: str) -> None:
    def work(tx: Tx) -> None:
        apply_reports(tx, [DeliveryReport(one, DeliveryStatus(letter)) for one in message_ids])
        note_heard(tx)

    ledger.write(work)


def send(gateway: NusaWaGateway, count: int = 1) -> list[str]:
    gateway.backend.clock.freeze()
    return [NusaWaHook().send_message(f"62812345678{place:02d}", "Halo").message_id for place in range(count)]


def looks(gateway: NusaWaGateway) -> int:
    return sum(request.call == "dr" for request in gateway.backend.books.requests)


def sensor(*messages: str, **more: object) -> NusaWaDeliverySensor:
    return NusaWaDeliverySensor(task_id="wait", messages=list(messages), **more)


def wait(*message_ids: str, seconds: float = 20.0, longest: float = 300.0) -> dict:
    trigger = NusaWaDeliveryTrigger(
        nusawa_conn_id="nusawa_default", message_ids=list(message_ids), needed=len(message_ids),
        deadline=time.time() + seconds, first_poll_seconds=0.3, longest_poll_seconds=longest,
    )  # fmt: skip

    async def fired() -> list[dict]:
        payloads = [event.payload async for event in trigger.run()]
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) == 1  # nobody listens to the ledger any more
        return payloads

    (event,) = asyncio.run(fired())
    return event


def test_what_callbacks_told_is_known_without_a_question(nusawa_gateway: NusaWaGateway, ledger: Ledger) -> None:
    ids = send(nusawa_gateway, 3)
    tell(ledger, "D", *ids)

    began = time.monotonic()
    assert wait(*ids)["verdict"] == "met"
    assert time.monotonic() - began > 0.3  # Airflow may lose an event that is fired at once
    assert sensor(*ids).poke({}).xcom_value[2]["delivered"]
    assert looks(nusawa_gateway) == 0


def test_what_callbacks_did_not_tell_is_asked_for_rarely_and_found_all_the_same(
    nusawa_gateway: NusaWaGateway, ledger: Ledger
) -> None:
    told, lost = send(nusawa_gateway, 2)
    nusawa_gateway.advance(60)
    tell(ledger, "D", told)

    event = wait(told, lost, seconds=60.0, longest=12.0)

    assert event["verdict"] == "met"
    assert looks(nusawa_gateway) == 1


def test_news_come_while_a_task_waits(nusawa_gateway: NusaWaGateway, ledger: Ledger) -> None:
    (message,) = send(nusawa_gateway)
    tell(ledger, "S", "another")

    async def both() -> float:
        began = time.monotonic()
        told = asyncio.get_running_loop().call_later(1.0, tell, ledger, "R", message)
        waiting = await asyncio.to_thread(wait, message)
        told.cancel()
        assert waiting["reports"][0][1] == "R"
        return time.monotonic() - began

    assert asyncio.run(both()) < 12
    assert looks(nusawa_gateway) == 0


def test_a_failure_that_a_callback_told_is_confirmed_by_the_gateway(
    nusawa_gateway: NusaWaGateway, ledger: Ledger
) -> None:
    (message,) = send(nusawa_gateway)
    nusawa_gateway.backend.set_letter(message, "F", "69")
    tell(ledger, "F", message)

    assert wait(message)["verdict"] == "unreachable"
    assert looks(nusawa_gateway) == 1
    with pytest.raises(AirflowFailException, match="letter F"):
        sensor(message).poke({"ti": Pushed()})


def test_the_same_callback_seen_again_confirms_nothing(nusawa_gateway: NusaWaGateway, ledger: Ledger) -> None:
    (message,) = send(nusawa_gateway)
    tell(ledger, "F", message)
    nusawa_gateway.backend.fail_next("html", FOREVER, call="dr")

    assert wait(message, seconds=11.5)["verdict"] == "timed_out"


def test_a_failure_that_the_gateway_overrules_is_none(nusawa_gateway: NusaWaGateway, ledger: Ledger) -> None:
    (message,) = send(nusawa_gateway)
    nusawa_gateway.backend.set_letter(message, "D")
    tell(ledger, "F", message)

    assert wait(message)["verdict"] == "met"


def test_where_no_callbacks_come_the_gateway_is_asked_as_ever(nusawa_gateway: NusaWaGateway, ledger: Ledger) -> None:
    ids = send(nusawa_gateway, 2)
    nusawa_gateway.advance(60)

    assert sensor(*ids).poke({})
    assert wait(*ids)["verdict"] == "met"
    assert looks(nusawa_gateway) == 4


@pytest.mark.parametrize("place", ["/nowhere/at/all", ""])
def test_a_ledger_that_is_away_holds_nobody_up(
    nusawa_gateway: NusaWaGateway, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_THE_LEDGER", json.dumps({"conn_type": "sqlite" if place else "http", "host": place})
    )
    (message,) = send(nusawa_gateway)
    nusawa_gateway.advance(60)

    assert sensor(message).poke({})
    assert wait(message)["verdict"] == "met"


def test_when_the_ledger_goes_away_the_gateway_is_asked_as_ever(ledger: Ledger, tmp_path: Path) -> None:
    agenda: Agenda[Listener] = Agenda()

    def due() -> float:
        listener = Listener(agenda, asyncio.Event())
        agenda.add(listener, ["m"], Rhythm(1, 300), now=0)
        found = agenda.next_due()
        agenda.drop(listener, ["m"])
        return found

    async def open_it() -> Ledger:
        return await asyncio.to_thread(open_ledger, f"sqlite:///{tmp_path}/ledger.sqlite")

    async def until(seconds: float) -> None:
        end = time.monotonic() + 10
        while due() != seconds:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)

    async def listen() -> None:
        tell(ledger, "S", "another")
        listening = asyncio.create_task(Ear(agenda, open_it, look_seconds=0.02).listen())
        await until(300)
        (tmp_path / "ledger.sqlite").rename(tmp_path / "elsewhere")
        await until(1)
        listening.cancel()

    asyncio.run(listen())


def test_a_sensor_that_pokes_asks_once_in_the_longest_interval(nusawa_gateway: NusaWaGateway, ledger: Ledger) -> None:
    (message,) = send(nusawa_gateway)
    tell(ledger, "S", "another")

    assert not sensor(message, poke_interval=0.0, deferrable=False).poke({})
    assert looks(nusawa_gateway) == 0
    assert not sensor(message, poke_interval=300.0, longest_poll_seconds=300.0, deferrable=True).poke({})
    assert looks(nusawa_gateway) == 0
    assert not sensor(message, poke_interval=300.0, longest_poll_seconds=300.0, deferrable=False).poke({})
    assert looks(nusawa_gateway) == 1


def test_callbacks_make_messages_rare_and_not_the_balance() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.add("task", ["m", CREDITS], Rhythm(15, 300), now=0)
    agenda.ask_rarely(True, now=1)
    agenda.add("task", ["n"], Rhythm(15, 300), now=2)

    assert agenda.due(15, 10) == [CREDITS]
    assert agenda.due(302, 10) == [CREDITS, "m", "n"]
    agenda.asked("m", 302)
    agenda.hurry("n", 302)
    assert agenda.next_due() == 15
    agenda.asked(CREDITS, 302)
    assert agenda.due(320, 10) == [CREDITS, "n"] or agenda.due(320, 10) == ["n", CREDITS]
    agenda.ask_rarely(False, now=320)
    agenda.asked("m", 320)
    assert "m" in agenda.due(400, 10)


def test_the_ledger_tells_of_messages_whoever_sent_them(ledger: Ledger) -> None:
    tell(ledger, "S", "orphan")

    assert [(one.message_id, one.letter) for one in ledger.read(lambda tx: told_of(tx, ["orphan", "other"]))] == [
        ("orphan", "S")
    ]


class Pushed:
    def xcom_push(self, **_: object) -> None:
        pass

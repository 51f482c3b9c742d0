"""What a StatsD server hears of a real Airflow's tasks: each outcome by its name, the balance, no number."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from textwrap import dedent

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
from ledger_house import Clock, accepted
from ledger_house import House as Campaigns
from receiver_airflow import TOKEN, api_server

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.emulator.accounts import DEMO_KEY
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.store import open_ledger
from dev.house import House

pytestmark = pytest.mark.e2e
pytest.importorskip("statsd", reason="Airflow tells StatsD through the package of that name")

BALANCE = 1500
MEASURED = """
from datetime import datetime, timezone
from airflow.providers.common.compat.sdk import dag
from airflow_provider_nusawa.notifications import NusaWaNotifier
from airflow_provider_nusawa.operators import (
    NusaWaCampaignOperator, NusaWaCreditsCheckOperator, NusaWaSendMessageOperator,
)
from airflow_provider_nusawa.sensors import NusaWaCampaignSensor, NusaWaDeliverySensor

PEOPLE = ["0812-3456-7890", "0812-3456-7891", "0840-0005-000", "0840-0005-100", "0840-0001-100", "0840-0006-100"]

@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), render_template_as_native_obj=True)
def measured():
    gate = NusaWaCreditsCheckOperator(task_id="gate", minimum=1)
    send = NusaWaSendMessageOperator(
        task_id="send", to=PEOPLE, text="Halo", on_partial="succeed",
        on_success_callback=NusaWaNotifier(to=["0812-3456-7890", "0840-0001-101", "0840-0006-101"]),
    )
    wait = NusaWaDeliverySensor(task_id="wait", messages=send.output, required=0.5, poke_interval=1)
    blast = NusaWaCampaignOperator(
        task_id="blast", campaign_id="promo", text="Halo", max_unknown_share=1.0,
        recipients=["0813-0000-0001", "0813-0000-0002", "0840-0006-102"],
    )
    settled = NusaWaCampaignSensor(task_id="settled", campaign_id="promo", deferrable=True, first_poll_seconds=1)
    say = NusaWaSendMessageOperator(task_id="say", to="0812-3456-7892", text="Halo", nusawa_conn_id="nusawa_v1")
    hear = NusaWaDeliverySensor(
        task_id="hear", messages=say.output, nusawa_conn_id="nusawa_v1", poke_interval=1, first_poll_seconds=1,
    )
    gate >> send >> wait >> blast >> settled
    say >> hear

measured()
"""


@dataclass
class Ear:
    """A StatsD server that only listens.

    :param heard: Sums of counters, and the last value of gauges, by name.
    :param timings: All values of timings, in milliseconds, by name.
    """

    heard: Counter[str] = field(default_factory=Counter)
    timings: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    packets: list[str] = field(default_factory=list)

    def listen(self, on: socket.socket) -> None:
        while packet := on.recv(65536).decode():
            for line in packet.splitlines():
                self.packets.append(line)
                if line.startswith("airflow.nusawa."):
                    self._take(*re.fullmatch(r"airflow\.([^:]+):([^|]+)\|(c|g|ms).*", line).groups())

    def _take(self, name: str, value: str, kind: str) -> None:
        assert kind == {True: "c", name in metrics.GAUGES: "g", name in metrics.TIMINGS: "ms"}[True]
        if kind == "ms":
            self.timings[name].append(float(value))
        else:
            self.heard[name] = float(value) if kind == "g" else self.heard[name] + int(value)


@contextmanager
def listening() -> Iterator[tuple[Ear, dict[str, str]]]:
    """A StatsD server, and Airflow's settings that lead there. All is heard at the end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        ear = Ear()
        listener = threading.Thread(target=ear.listen, args=(server,))
        listener.start()
        host, port = server.getsockname()
        try:
            yield (
                ear,
                {
                    "AIRFLOW__METRICS__STATSD_ON": "True",
                    "AIRFLOW__METRICS__STATSD_HOST": host,
                    "AIRFLOW__METRICS__STATSD_PORT": str(port),
                },
            )
        finally:
            server.sendto(b"", (host, port))
            listener.join()


@pytest.fixture(scope="module")
def ear(spawned_gateway):
    """What was heard of one run of the Dag."""
    spawned_gateway.order("reset")
    spawned_gateway.order("clock", frozen=False)
    spawned_gateway.order("accounts", balance=BALANCE)
    v3 = spawned_gateway.connection
    v1 = {**v3, "password": DEMO_KEY, "extra": {"api_version": "v1"}}
    account = {"AIRFLOW_CONN_NUSAWA_DEFAULT": json.dumps(v3), "AIRFLOW_CONN_NUSAWA_V1": json.dumps(v1)}
    with listening() as (ear, settings), House(environ={**settings, **account}, say=print) as house:
        house.add_dag("measured", dedent(MEASURED))
        house.run("measured")
        house.until(lambda: sum(ear.heard[name] for name in metrics.ALERTS.values()) >= 3, 30, lambda: str(ear.heard))
    return ear


def test_each_outcome_of_a_send_and_of_a_campaign_is_counted(ear):
    assert {outcome: ear.heard[name] for outcome, name in metrics.SENDS.items()} == {
        Outcome.ACCEPTED: 4 + 2 + 1, Outcome.REFUSED: 1, Outcome.UNKNOWN: 1 + 1, Outcome.NOT_TRIED: 0,
    }  # fmt: skip


def test_each_outcome_of_an_alert_is_counted(ear):
    assert {outcome: ear.heard[name] for outcome, name in metrics.ALERTS.items()} == {
        Outcome.ACCEPTED: 1, Outcome.REFUSED: 1, Outcome.UNKNOWN: 1, Outcome.NOT_TRIED: 0,
    }  # fmt: skip


def test_the_balance_is_told_by_the_gate_and_around_a_campaign(ear):
    told = [float(n) for packet in ear.packets for n in re.findall(rf"{metrics.BALANCE}:([\d.]+)\|g", packet)]

    gate, before, after = told
    assert (gate, gate > before, before - after) == (BALANCE, True, 3)  # one of them taken without an answer


def test_deliveries_are_counted_when_the_wait_ends_and_of_campaigns_when_they_are_heard_of(ear):
    assert ear.heard[metrics.DELIVERED] == 3 + 1 + 2
    assert ear.heard[metrics.FAILED] in (0, 1)  # required=0.5 is met with or without the one that fails


def test_how_long_a_delivery_took_is_told_of_campaigns_and_of_v1(ear):
    delays = ear.timings[metrics.DELIVERY_DELAY]

    assert len(delays) == 2 + 1
    assert all(500 < delay < 60_000 for delay in delays)


def test_the_unknown_ones_of_campaigns_are_told(ear):
    assert ear.heard[metrics.UNKNOWNS] == 1


@pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="older Airflows take callbacks in no API server, or count nothing there"
)
def test_callbacks_are_counted_where_airflow_takes_them():
    with listening() as (ear, settings), api_server(**settings) as house:
        with open_ledger(f"sqlite:///{house.home}/nusawa-ledger.sqlite") as ledger:
            campaigns = Campaigns(ledger, Clock())
            runner, begun = campaigns.begun(campaigns.campaign(people=1))
            runner.turn(accepted(begun))
            sent = campaigns.row().message_id
        for token, ref_no in ((TOKEN, "17"), (TOKEN, sent), ("a-wrong-one-of-16-characters", "17"), (TOKEN, "")):
            house.web.fetch("GET", f"/nusawa/callback?token={token}&ref_no={ref_no}&status=D&err_code=0")

    assert {what: ear.heard[name] for what, name in metrics.CALLBACKS.items()} == {
        "stored": 2, "refused": 2, "failed": 0,
    }  # fmt: skip
    assert ear.heard[metrics.DELIVERED] == 1
    assert len(ear.timings[metrics.DELIVERY_DELAY]) == 1


def test_no_packet_holds_a_number_or_the_password(ear):
    ours = [packet for packet in ear.packets if "nusawa" in packet]

    assert ours
    assert not [packet for packet in ours if re.search(r"\d{7}|demo-password", packet)]

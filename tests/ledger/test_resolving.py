"""``resolve`` from what the gateway tells: a real emulator in both its dialects, beside a real ledger."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from ledger_house import House, answered, number

from airflow_provider_nusawa.emulator import Account, Backend
from airflow_provider_nusawa.emulator.serving import serve
from airflow_provider_nusawa.gateway.client import Client
from airflow_provider_nusawa.gateway.codes import DeliveryStatus
from airflow_provider_nusawa.gateway.messages import DeliveryReport, Message, Outcome
from airflow_provider_nusawa.gateway.settings import Secret, Settings
from airflow_provider_nusawa.journal import Entry, Intent
from airflow_provider_nusawa.ledger.acts import Again, retry
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.cli import main
from airflow_provider_nusawa.ledger.delivery import apply_reports
from airflow_provider_nusawa.ledger.hints import note_balance
from airflow_provider_nusawa.ledger.journal_store import LedgerStore, mark_of
from airflow_provider_nusawa.ledger.reading import Line, Reader
from airflow_provider_nusawa.ledger.schema_shared import journal, rates

PAST = 1_000_000_000.0


@dataclass
class Desk:
    """A campaign with three unknown, a gateway, and a person at the command line."""

    house: House
    campaign: Campaign
    backend: Backend
    url: str
    place: str
    api: str = "v1"

    def connection(self) -> str:
        account = self.backend.account
        password = account.secret_of(self.api)
        extra = {"api_version": self.api, "rate_per_second": 100}
        return json.dumps(
            {"conn_type": "nusawa", "host": self.url, "login": account.login, "password": password, "extra": extra}
        )

    def sent(self, place: int, text: str = "") -> str:
        """Have the gateway take a message, as one whose answer was lost; return its id."""
        account = self.backend.account
        settings = Settings(account.login, Secret(account.secret_of(self.api)), self.url, api_version=self.api)
        with Client(settings) as client:
            return client.send(Message(number(place), text or f"Halo N{place}")).message_id

    def called_back(self, *message_ids: str) -> None:
        reports = [DeliveryReport(one, DeliveryStatus.DELIVERED) for one in message_ids]
        self.house.ledger.write(lambda tx: apply_reports(tx, reports))

    def resolve(self, *words: str, name: str = "halo") -> str:
        command = ["--ledger", self.place, "--who", "ani", "resolve", name, "--reason", "asked", *words]
        if "--connection" not in words:
            command += ["--connection", self.connection()]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        return result.output

    def states(self) -> list[str]:
        return list(self.house.states(self.campaign).values())


def unknown(house: House, name: str = "halo", people: Any = 3) -> Campaign:
    campaign = house.campaign(name, people)
    doubt(house, campaign)
    return campaign


def doubt(house: House, campaign: Campaign, api: str = "v1", most: int = 10) -> None:
    """Have so many requests lose their answers."""
    runner, begun = house.begun(campaign, most, api=api)
    runner.turn(answered(begun, Outcome.UNKNOWN, api))


@pytest.fixture
def desk(house: House, url: str) -> Iterator[Desk]:
    house.clock.now = PAST
    backend = Backend(Account(balance=1_000))
    with serve(backend) as gateway:
        yield Desk(house, unknown(house), backend, gateway, url)


def test_a_message_with_the_same_number_and_text_decides(desk: Desk) -> None:
    desk.called_back(desk.sent(1), desk.sent(3, "something else"))

    output = desk.resolve()

    assert "asked after 2 messages, of which 0 told nothing: 1 of 3 unknown recipients are resolved" in output
    assert desk.states() == ["accepted", "unknown", "unknown"]
    row = desk.house.row(1)
    assert row.message_id == desk.backend.sent_to(number(1))[0].id
    assert row.delivery.value == "delivered"  # what the orphan told is not lost


def test_it_asks_at_the_rate_of_all_who_share_the_ledger(desk: Desk) -> None:
    desk.called_back(desk.sent(1))

    desk.resolve()

    account = f"{desk.url}|{desk.backend.account.login}"
    assert desk.house.ledger.read(lambda tx: tx.run(sa.select(rates.c.account)).scalars().all()) == [account]


def test_two_messages_that_fit_decide_nothing(desk: Desk) -> None:
    desk.called_back(desk.sent(1), desk.sent(1))

    assert "0 of 3 unknown recipients are resolved as accepted; 1 fit several" in desk.resolve()
    assert desk.states() == ["unknown"] * 3


def test_another_campaigns_unknown_message_may_be_the_one(desk: Desk) -> None:
    unknown(desk.house, "second", people=[1])
    desk.called_back(desk.sent(1), desk.sent(2))

    assert "1 of 3 unknown recipients are resolved as accepted; 1 fit" in desk.resolve()
    assert desk.states() == ["unknown", "accepted", "unknown"]


def test_a_message_from_before_the_request_is_another_one(desk: Desk) -> None:
    desk.backend.clock.advance(-(desk.backend.clock.seconds() - PAST) - 600)
    old = desk.sent(1)
    desk.backend.clock.advance(590)
    recent = desk.sent(2)
    desk.called_back(old, recent)

    desk.resolve()

    assert desk.states() == ["unknown", "accepted", "unknown"]


def test_a_message_that_somebody_has_on_record_is_not_asked_after(desk: Desk) -> None:
    first = desk.sent(1)
    desk.called_back(first)
    desk.resolve()
    asked = desk.backend.books.counts["dr"]

    assert "no callback has told of a message that nobody knows" in desk.resolve("--message-id", first)
    assert desk.backend.books.counts["dr"] == asked


def test_a_message_of_a_single_send_is_not_taken_for_a_campaigns(desk: Desk) -> None:
    single = desk.sent(1)
    store = LedgerStore(desk.house.ledger, "account", "dag", "run", "task")
    store.conclude(store.intend([Intent("p1", "t1")]), [Entry(Outcome.ACCEPTED, "t1", single, "v1", 0)])

    desk.resolve("--message-id", single)

    assert desk.states() == ["unknown"] * 3


def test_a_message_of_an_earlier_try_does_not_decide_a_later_one(desk: Desk) -> None:
    house, first = desk.house, desk.sent(1)
    desk.resolve("--message-id", first)
    house.ledger.write(lambda tx: apply_reports(tx, [DeliveryReport(first, DeliveryStatus.FAILED)]))
    house.clock.now += 200
    house.ledger.write(lambda tx: retry(tx, desk.campaign.id, Again.FAILED, who="ani", reason="asked"))
    doubt(house, desk.campaign)
    desk.called_back(first)

    desk.resolve()

    assert desk.states() == ["unknown"] * 3


def test_a_person_may_name_messages(desk: Desk) -> None:
    output = desk.resolve("--message-id", desk.sent(2), "--message-id", "404404")

    assert "asked after 2 messages, of which 1 told nothing (the gateway knows no such message yet" in output
    assert desk.states() == ["unknown", "accepted", "unknown"]


def test_only_so_many_are_asked_after(desk: Desk) -> None:
    desk.called_back(*[desk.sent(place) for place in (1, 2, 3)])

    assert "asked after 2 messages" in desk.resolve("--most", "2")
    assert sorted(desk.states()) == ["accepted", "accepted", "unknown"]


def test_a_message_does_not_decide_what_was_posted_through_the_other_api(desk: Desk) -> None:
    campaign = desk.house.campaign("switched", [11, 12, 13])
    doubt(desk.house, campaign, "v3", most=1)
    doubt(desk.house, campaign, "v1", most=1)
    ended, _ = desk.house.begun(campaign, most=1, api="v1")
    ended.end()  # before any answer
    desk.called_back(*[desk.sent(place) for place in (11, 12, 13)])

    output = desk.resolve(name="switched")

    assert "1 of 3 unknown recipients were written to through another API" in output
    assert "2 of 2 unknown recipients are resolved as accepted" in output
    assert list(desk.house.states(campaign).values()) == ["unknown", "accepted", "accepted"]


def test_under_v3_nothing_is_decided(desk: Desk) -> None:
    desk.api = "v3"
    desk.called_back(desk.sent(1))

    output = desk.resolve("--balance-before", "1000")

    assert "API v3 names no recipient, so nothing was decided" in output
    assert "messages that nobody here has sent: 1" in output
    assert "the balance fell by 1 for 0 accepted" in output
    assert "1 of the unknown were taken" in output
    assert desk.states() == ["unknown"] * 3
    assert "with --balance-before" in desk.resolve()


def test_under_v3_the_balance_on_record_is_held_beside_todays(desk: Desk) -> None:
    desk.api = "v3"
    account = f"{desk.url}|{desk.backend.account.login}"
    desk.house.clock.now = PAST - 1
    desk.house.ledger.write(lambda tx: note_balance(tx, desk.campaign.id, account, Decimal(1_000)))
    desk.sent(1)

    assert "the balance fell by 1 for 0 accepted" in desk.resolve()
    assert "the balance fell by 4 for 0 accepted" in desk.resolve("--balance-before", "1003")
    assert desk.states() == ["unknown"] * 3


@pytest.mark.parametrize("words", [("--message-id", "0123"), ("--most", "5")], ids=lambda words: words[0])
def test_under_v3_what_would_be_asked_after_is_said_to_be_ignored(desk: Desk, words: tuple[str, str]) -> None:
    desk.api = "v3"

    assert "--message-id and --most are ignored" in desk.resolve(*words)
    assert "are ignored" not in desk.resolve()


def test_neither_numbers_nor_texts_are_printed(desk: Desk) -> None:
    desk.called_back(desk.sent(1))

    output = desk.resolve()

    assert number(1)[-8:] not in output
    assert "Halo" not in output


def test_a_campaign_without_unknown_ones_asks_nothing(desk: Desk) -> None:
    desk.house.campaign("quiet")

    assert desk.resolve(name="quiet") == "no recipient of this campaign is unknown\n"
    assert desk.backend.books.received == 0


@pytest.mark.parametrize(
    "words", [pytest.param([], id="neither"), pytest.param(["LIST", "--connection", "x"], id="both")]
)
def test_a_list_or_a_connection(desk: Desk, words: list[str], tmp_path: Any) -> None:
    (tmp_path / "list.csv").write_text("number,outcome\n")
    words = [str(tmp_path / "list.csv") if word == "LIST" else word for word in words]

    result = CliRunner().invoke(main, ["--ledger", desk.place, "resolve", "halo", "--reason", "x", *words])

    assert result.exit_code == 2
    assert "either a CSV or --connection" in result.output


def test_the_commands_in_the_guide_run(desk: Desk, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ python -m airflow_provider_nusawa\.ledger (.+)$", guide, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    Path("told.csv").write_text(f"number,outcome,message_id\n{number(31)},accepted,0123\n")
    monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", desk.connection())
    campaign = unknown(desk.house, "promo-2026", people=[31, 32])
    desk.called_back(desk.sent(32))

    for command in commands:
        result = CliRunner().invoke(main, ["--ledger", desk.place, *shlex.split(command)])
        assert result.exit_code == 0, result.output

    assert len(commands) == 2
    assert list(desk.house.states(campaign).values()) == ["accepted", "accepted"]


def test_a_message_that_fits_two_recipients_is_nobodys(desk: Desk) -> None:
    """As in a rehearsal, where all texts go to one number and name four digits only."""
    redirect = number(99)
    campaign = desk.house.campaign("halo", people=[], redirected=True)
    reader = Reader.open(desk.house.ledger, campaign, "run 2")
    reader.add([Line(line, number(place), {"nama": "Sama"}) for line, place in enumerate((1, 10_001), 1)])
    reader.complete()
    doubt(desk.house, campaign)
    message_id = desk.sent(99, f"[for …{number(1)[-4:]}] Halo Sama")
    connection = json.loads(desk.connection())
    connection["extra"]["redirect_to"] = redirect

    output = desk.resolve("--rehearsal", "--message-id", message_id, "--connection", json.dumps(connection))

    assert "0 of 2 unknown recipients are resolved as accepted; 2 fit" in output
    assert list(desk.house.states(campaign).values()) == ["unknown"] * 2


def test_a_single_sends_unknown_message_may_be_the_one(desk: Desk) -> None:
    account, ledger = "http://gateway|demo", desk.house.ledger
    blank = {"map_index": -1, "batch": "b", "message_id": "", "api": "v1", "refusal": "", "letter": "", "at": PAST}
    person = mark_of(ledger, f"{account}|direct|{number(1)}")
    row = {"scope": "s", "account": account, "person": person, "text": "t", "outcome": Outcome.UNKNOWN, **blank}
    ledger.write(lambda tx: tx.run(sa.insert(journal).values(row)))
    desk.called_back(desk.sent(1), desk.sent(2))

    assert "1 of 3 unknown recipients are resolved as accepted; 1 fit" in desk.resolve()
    assert desk.states() == ["unknown", "accepted", "unknown"]

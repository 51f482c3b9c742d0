"""The emulator's JSON API: what it tells, and what it can be ordered to do."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError

import pytest
from emulator_calls import NUMBER, ask, send

from airflow_provider_nusawa.emulator.remote import Remote
from airflow_provider_nusawa.testing import NusaWaGateway


@pytest.fixture
def remote(nusawa_gateway: NusaWaGateway) -> Remote:
    return Remote(nusawa_gateway.url)


def test_messages_are_told_newest_first_with_their_state(nusawa_gateway: NusaWaGateway, remote: Remote) -> None:
    send(nusawa_gateway.url)
    send(nusawa_gateway.url, number="6281234567890", text="Lagi")
    nusawa_gateway.advance(10)

    newest, oldest = remote.messages()
    assert (newest["number"], newest["text"], newest["state"]) == ("6281234567890", "Lagi", "delivered")
    assert [letter for _, letter in newest["history"]] == ["S", "D"]
    assert remote.messages(NUMBER) == [oldest]
    assert remote.ask("messages", limit=1) == [newest]


def test_requests_are_told_with_passwords_starred(nusawa_gateway: NusaWaGateway, remote: Remote) -> None:
    send(nusawa_gateway.url)
    send(nusawa_gateway.url, number="08")
    ask(nusawa_gateway.url, "GET", "/api/command?cmd=CREDITS")

    assert [one["outcome"] for one in remote.ask("requests")] == ["refused -5", "refused -13", "accepted"]
    assert [one["number"] for one in remote.ask("requests", call="send", number=NUMBER)] == [NUMBER]
    assert "demo-password" not in json.dumps(remote.ask("requests"))


def test_the_summary_says_who_got_a_message_twice(nusawa_gateway: NusaWaGateway, remote: Remote) -> None:
    ids = [send(nusawa_gateway.url)["messageid"] for _ in range(2)]

    told = remote.ask()
    assert told["accepted_twice"] == {NUMBER: ids}
    assert (told["accepted"], told["recipients"], told["calls"]) == (2, 1, {"send": 2})
    assert (told["in_flight"], told["in_flight_peak"], told["busiest_second"]) == (0, 1, 2)
    assert remote.order("reset")["accepted"] == 0


def test_faults_are_ordered_listed_counted_and_forgotten(nusawa_gateway: NusaWaGateway, remote: Remote) -> None:
    ordered = remote.fail_next(-23, times=2, number=NUMBER)
    assert (ordered["kind"], ordered["code"], ordered["times"]) == ("code", -23, 2)
    send(nusawa_gateway.url)

    (listed,) = remote.ask("faults")
    assert (listed["times"], listed["fired"]) == (1, 1)
    assert ask(nusawa_gateway.url, "DELETE", "/_emulator/faults")[2] == b"[]"
    assert send(nusawa_gateway.url)["status"] == "0"


def test_clock_rules_and_accounts_can_be_set(nusawa_gateway: NusaWaGateway, remote: Remote) -> None:
    assert remote.order("clock", frozen=True, set="2026-01-02T03:04:05", advance_seconds=5) == {
        "clock": "2026-01-02T03:04:10+07:00",
        "frozen": True,
    }
    assert remote.order("clock", frozen=False)["frozen"] is False
    assert remote.order("rules", letters="SF", messages_a_day=1)["letters"] == "SF"
    assert remote.ask("rules")["messages_a_day"] == 1
    assert remote.order("accounts", balance=3, expires=None)["balance"] == 3
    assert remote.order("accounts", login="new", password="pw", allowed_ips=["127.0.0.1"])["login"] == "new"
    assert [account["password"] for account in remote.ask("accounts")] == ["***", "***"]
    assert send(nusawa_gateway.url, username="new", password="pw")["status"] == "0"


def test_a_letter_can_be_set_by_hand(nusawa_gateway: NusaWaGateway, remote: Remote) -> None:
    message_id = send(nusawa_gateway.url)["messageid"]

    assert remote.order(f"messages/{message_id}", letter="F", err_code="69")["state"] == "failed"
    assert remote.messages()[0]["err_code"] == "69"
    with pytest.raises(HTTPError, match="404"):
        remote.order("messages/1", letter="F")


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("faults", {"what": "nonsense"}),
        ("faults", {}),
        ("faults", {"what": "html", "colour": 1}),
        ("rules", {"colour": 1}),
        ("accounts", {"colour": 1}),
        ("accounts", {"expires": "tomorrow"}),
        ("clock", {"set": "tomorrow"}),
        ("clock", {"advance_seconds": "x"}),
        ("messages/1", {}),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    nusawa_gateway: NusaWaGateway, remote: Remote, what: str, values: dict[str, Any]
) -> None:
    with pytest.raises(HTTPError) as caught:
        remote.order(what, **values)

    assert caught.value.code in (400, 404)
    assert len(caught.value.read()) > 10


@pytest.mark.parametrize("body", [b"[]", b"{", b"1"])
def test_an_order_must_be_a_json_object(nusawa_gateway: NusaWaGateway, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    assert ask(nusawa_gateway.url, "POST", "/_emulator/clock", body, **headers)[0] == 400


def test_a_foreign_page_cannot_order_anything_by_a_form(nusawa_gateway: NusaWaGateway) -> None:
    headers = {"Content-Type": "text/plain"}

    assert ask(nusawa_gateway.url, "POST", "/_emulator/clock", b'{"advance_seconds": 9}', **headers)[0] == 415


def test_the_fates_and_faults_are_told(remote: Remote) -> None:
    told = remote.ask("fates")

    assert told["numbers"]["6284000077xx"].startswith("refused with -77 SPAM_PATTERN")
    assert "drop_after" in told["faults"]

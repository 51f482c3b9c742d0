"""The emulator's v3 against what the vendor prints, over a real socket."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from emulator_calls import LOGIN, NUMBER, SEND, ask, command, get, post, send

from airflow_provider_nusawa.emulator import Account
from airflow_provider_nusawa.emulator.fates import FATES, magic_number
from airflow_provider_nusawa.emulator.vocabulary import CODES
from airflow_provider_nusawa.testing import NusaWaGateway

DATA = Path(__file__).parent / "data"
DEMO = {**LOGIN, "GSM": NUMBER, "text": "testing wa api"}
AN_ID = re.compile(r"\d{18}")


def printed(name: str) -> bytes:
    return (DATA / name).read_bytes()


@pytest.mark.parametrize("kind", ["xml", "json"])
class TestThePrintedAnswersByteForByte:
    def test_success(self, nusawa_gateway: NusaWaGateway, kind: str) -> None:
        answer = get(nusawa_gateway.url, SEND, **DEMO, output=kind)

        (message,) = nusawa_gateway.messages
        assert answer.replace(message.id.encode(), b"175041319203754627") == printed(f"vendor_success.{kind}")

    def test_wrong_password(self, nusawa_gateway: NusaWaGateway, kind: str) -> None:
        answer = get(nusawa_gateway.url, SEND, **{**DEMO, "password": "wrong"}, output=kind)

        assert answer == printed(f"vendor_wrong_password.{kind}")

    def test_a_number_with_a_leading_zero(self, nusawa_gateway: NusaWaGateway, kind: str) -> None:
        answer = get(nusawa_gateway.url, SEND, **{**DEMO, "GSM": "085100803380"}, output=kind)

        # The page's JSON sample echoes another number than its XML sample; the layouts are what counts.
        assert answer.replace(b'"085100803380"', b'"6285100803380"') == printed(f"vendor_missing_destination.{kind}")


def test_the_printed_requests_are_understood(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.add_account(Account("user", "password", balance=7))

    answers = [
        ask(nusawa_gateway.url, "GET", f"{parts.path}?{parts.query}")[2]
        for parts in map(urlsplit, printed("vendor_requests.txt").decode().split())
    ]

    assert answers[0].startswith(b"<?xml")
    assert json.loads(answers[1])["results"][0]["status"] == "0"
    assert json.loads(answers[2]) == {"value": "5", "expiredDate": "2099-12-31"}


@pytest.mark.parametrize("text", ["Halo ✓ 👋 & <b>", "dua\nbaris\r\n\r\n--akhir", " + %20 = &"])
def test_a_text_arrives_whole_however_it_is_posted(nusawa_gateway: NusaWaGateway, text: str) -> None:
    url = nusawa_gateway.url + SEND
    fields = {**DEMO, "text": text}

    requests.get(url, params=fields, timeout=5)
    requests.post(url, data=fields, timeout=5)
    requests.post(url, files={name: (None, value) for name, value in fields.items()}, timeout=5)  # as PHP's sample

    assert [message.text for message in nusawa_gateway.sent_to(NUMBER)] == [text] * 3


def test_the_body_has_the_word_before_the_query(nusawa_gateway: NusaWaGateway) -> None:
    post(nusawa_gateway.url, f"{SEND}?text=from+the+query", **{**DEMO, "text": "from the body"})

    assert nusawa_gateway.messages[0].text == "from the body"


def test_both_spellings_of_the_two_tables_are_taken(nusawa_gateway: NusaWaGateway) -> None:
    post(nusawa_gateway.url, user="demo", password="demo-password", GSM=NUMBER, SMSText="Halo")

    assert nusawa_gateway.messages[0].text == "Halo"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"GSM": ""}, "-6"),
        ({"GSM": "6285 1008"}, "-13"),
        ({"GSM": "٦٢٨٥١٠٠٨٠٣٣٨٠"}, "-13"),
        ({"GSM": "62851008"}, "-11"),
        ({"GSM": "6285100803380123"}, "-11"),
        ({"text": ""}, "-12"),
        ({"text": "a" * 1001}, "-99"),
        ({"text": "a" * 1000}, "0"),
        ({"username": ""}, "-5"),
        ({"username": "someone"}, "-5"),
    ],
)
def test_a_request_that_lacks_something_is_refused(
    nusawa_gateway: NusaWaGateway, fields: dict[str, str], code: str
) -> None:
    assert send(nusawa_gateway.url, **fields)["status"] == code
    assert len(nusawa_gateway.messages) == (code == "0")


def test_a_body_that_cannot_be_read_is_a_syntax_error(nusawa_gateway: NusaWaGateway) -> None:
    answer = ask(nusawa_gateway.url, "POST", f"{SEND}?output=json", b"GSM=%ff&text=\xff")[2]

    assert b"<status>-22</status>" in answer
    assert nusawa_gateway.requests[0].outcome == "refused -22"


def test_an_account_is_refused_for_its_balance_its_expiry_and_its_address(nusawa_gateway: NusaWaGateway) -> None:
    url, account = nusawa_gateway.url, nusawa_gateway.backend.account
    account.balance = 1
    codes = [send(url)["status"], send(url)["status"]]
    account.balance, account.expires = 9, nusawa_gateway.backend.clock.now().date() - timedelta(days=1)
    codes.append(send(url)["status"])
    account.expires = None
    account.allowed_ips = frozenset({"203.0.113.9"})
    codes.append(send(url)["status"])
    codes.append(command(url, "CREDITS")["results"][0]["status"])
    account.allowed_ips = frozenset({"127.0.0.1"})
    codes.append(send(url)["status"])

    assert codes == ["0", "-2", "-7", "-40", "-40", "0"]
    assert account.balance == 8


def test_the_last_day_of_a_balance_can_be_used(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.account.expires = nusawa_gateway.backend.clock.now().date()

    assert send(nusawa_gateway.url)["status"] == "0"


def test_the_eleventh_equal_text_of_a_day_is_spam(nusawa_gateway: NusaWaGateway) -> None:
    url = nusawa_gateway.url

    assert [send(url)["status"] for _ in range(12)] == ["0"] * 10 + ["-77"] * 2
    assert send(url, text="Another")["status"] == "0"
    assert send(url, number="6281234567890")["status"] == "0"
    nusawa_gateway.advance(86_401)
    assert send(url)["status"] == "0"


def test_the_daily_limit_of_a_number_can_be_set(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.rules.messages_a_day = 2

    assert [send(nusawa_gateway.url, text=text)["status"] for text in "abc"] == ["0", "0", "-78"]


def test_credits_go_down_and_tell_their_last_day(nusawa_gateway: NusaWaGateway) -> None:
    account = nusawa_gateway.backend.account
    account.balance, account.expires, account.sms_balance = 1500, date(2026, 12, 31), 42
    send(nusawa_gateway.url)

    assert command(nusawa_gateway.url, "CREDITS", type="wa") == {"value": "1499", "expiredDate": "2026-12-31"}
    assert command(nusawa_gateway.url, "CREDITS", type="sms")["value"] == "42"


def test_credits_as_xml_have_the_same_names(nusawa_gateway: NusaWaGateway) -> None:
    answer = ET.fromstring(get(nusawa_gateway.url, "/api/command", **LOGIN, cmd="CREDITS"))

    assert answer.findtext(".//value") == "100000"
    assert answer.findtext(".//expiredDate") == "2099-12-31"


def test_a_report_advances_with_the_clock(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.clock.freeze()
    nusawa_gateway.backend.rules.letters = "SDR"
    message_id = send(nusawa_gateway.url)["messageid"]
    letters = []
    for _ in range(5):
        letters.append(command(nusawa_gateway.url, "DR", ref_no=message_id)["status"])
        nusawa_gateway.advance(1)

    assert letters == ["", "S", "D", "R", "R"]


def test_a_report_has_the_four_values_of_the_printed_callback(nusawa_gateway: NusaWaGateway) -> None:
    message_id = send(nusawa_gateway.url)["messageid"]
    nusawa_gateway.advance(10)

    report = command(nusawa_gateway.url, "DR", messageid=message_id)

    assert list(report) == list(json.loads(printed("vendor_callback.json")))
    assert report["status"] == "D"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.0", report["sent_date"])
    nusawa_gateway.backend.rules.reports_in_results = True
    assert command(nusawa_gateway.url, "DR", ref_no=message_id) == {"results": [report]}


@pytest.mark.parametrize("message_id", ["", "123456789012345678"])
def test_an_id_that_nobody_gave_out_is_not_reported_on(nusawa_gateway: NusaWaGateway, message_id: str) -> None:
    assert command(nusawa_gateway.url, "DR", ref_no=message_id)["status"] == "-99"


def test_one_account_cannot_ask_after_the_messages_of_another(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.add_account(Account("other", "pass"))
    message_id = send(nusawa_gateway.url, username="other", password="pass")["messageid"]

    assert command(nusawa_gateway.url, "DR", ref_no=message_id)["status"] == "-99"


def test_an_unheard_of_command_is_a_syntax_error(nusawa_gateway: NusaWaGateway) -> None:
    assert command(nusawa_gateway.url, "REBOOT")["results"][0]["status"] == "-22"


def test_message_ids_are_18_digits_some_led_by_zero_and_never_repeat(nusawa_gateway: NusaWaGateway) -> None:
    ids = [send(nusawa_gateway.url, number=f"62812{turn:08d}")["messageid"] for turn in range(60)]

    assert all(AN_ID.fullmatch(one) for one in ids)
    assert len(set(ids)) == 60
    assert any(one.startswith("0") for one in ids)


def test_sms_takes_from_its_own_balance_and_wants_one_time_passwords_marked(nusawa_gateway: NusaWaGateway) -> None:
    def sms(**fields: str) -> str:
        answer = post(nusawa_gateway.url, "/api/v3/sendsms/plain", **LOGIN, GSM=NUMBER, output="json", **fields)[2]
        return json.loads(answer)["results"][0]["status"]

    assert sms(SMSText="Kode OTP 1234") == "-10"
    assert sms(SMSText="Kode OTP 1234", otp="Y") == "0"
    assert nusawa_gateway.backend.account.sms_balance == 99
    assert nusawa_gateway.backend.account.balance == 100_000


@pytest.mark.parametrize("code", [code for code in CODES if code < 0])
def test_every_code_of_the_manual_has_its_magic_numbers(nusawa_gateway: NusaWaGateway, code: int) -> None:
    result = send(nusawa_gateway.url, number=magic_number(f"{-code:02d}", 34))

    assert result == {"status": str(code), "messageid": "", "destination": magic_number(f"{-code:02d}", 34)}
    assert nusawa_gateway.messages == []


@pytest.mark.parametrize("family", [family for family, fate in FATES.items() if fate.letters is not None])
def test_the_delivery_of_a_magic_number_is_its_fate(nusawa_gateway: NusaWaGateway, family: str) -> None:
    message_id = send(nusawa_gateway.url, number=magic_number(family))["messageid"]
    nusawa_gateway.advance(10_000)

    letters = FATES[family].letters or " "
    assert command(nusawa_gateway.url, "DR", ref_no=message_id)["status"] == letters[-1].strip()


def test_a_failure_tells_its_error_code(nusawa_gateway: NusaWaGateway) -> None:
    message_id = send(nusawa_gateway.url, number=magic_number("51"))["messageid"]
    nusawa_gateway.advance(10)

    report = command(nusawa_gateway.url, "DR", ref_no=message_id)
    assert (report["status"], report["err_code"]) == ("F", "1")


def test_who_has_opted_out_is_refused(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.opted_out.add(NUMBER)

    assert send(nusawa_gateway.url)["status"] == "-88"
    assert send(nusawa_gateway.url, number=magic_number("70"))["status"] == "-88"


def test_calls_that_come_too_fast_get_429(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.rules.hit_gap_seconds = 60

    statuses = [post(nusawa_gateway.url, **DEMO)[0] for _ in range(2)]

    assert statuses == [200, 429]
    assert len(nusawa_gateway.messages) == 1


def test_answers_may_claim_to_be_something_else(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.rules.content_type = "text/plain"

    _, headers, body = post(nusawa_gateway.url, **DEMO, output="json")
    assert headers["content-type"] == "text/plain"
    assert json.loads(body)["results"]

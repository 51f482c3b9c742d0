"""The emulator's v1.0: the five calls, the three shapes of failure, and one set of books with v3."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from emulator_calls import NUMBER, ask, command, send

from airflow_provider_nusawa.emulator import Account
from airflow_provider_nusawa.emulator.accounts import DEMO_KEY
from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.testing import NusaWaGateway

BASE = "/nusasms_api/1.0"
PNG = b"\x89PNG\r\n\x1a\n"


def call(url: str, path: str, body: Any = None, key: str = DEMO_KEY) -> tuple[int, Any]:
    """Return the status, and the JSON of the answer or its text."""
    method = "GET" if body is None else "POST"
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    status, headers, answer = ask(url, method, BASE + path, data, APIKey=key)
    return status, json.loads(answer) if headers["content-type"].startswith("application/json") else answer.decode()


def text(url: str, number: str = NUMBER, **more: Any) -> tuple[int, Any]:
    return call(url, "/whatsapp/message", {"destination": number, "message": "Halo", **more})


def media(url: str, **more: Any) -> tuple[int, Any]:
    return call(url, "/whatsapp/media", {"destination": NUMBER, "caption": "Grafik", **more})


def test_the_key_is_known(nusawa_gateway: NusaWaGateway) -> None:
    status, answer = call(nusawa_gateway.url, "/auth/api_key")

    assert status == 200
    assert (answer["error"], answer["error_code"]) == (False, 0)
    assert set(answer["data"]) == {"userid", "idPerson", "idClient"}


def test_the_balance_has_the_recorded_names(nusawa_gateway: NusaWaGateway) -> None:
    data = call(nusawa_gateway.url, "/balance")[1]["data"]

    assert (data["wa_balance"], data["wa_expired_date"], data["sms_balance"]) == (100_000, "2099-12-31", 100)
    assert {"sms_expired_date", "hlr_balance", "sim_balance", "pulsa_balance", "idClient"} <= set(data)
    nusawa_gateway.backend.account.expires = None
    assert call(nusawa_gateway.url, "/balance")[1]["data"]["wa_expired_date"] is None


def test_a_text_is_accepted_and_its_status_advances(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.clock.freeze()
    nusawa_gateway.backend.rules.letters = "SDR"
    data = text(nusawa_gateway.url, sender="62811", queue="promo")[1]["data"]
    assert data == {
        "ref_no": nusawa_gateway.messages[0].id,
        "sender": "62811",
        "queue": "promo",
        "destination": NUMBER,
        "message": "Halo",
    }
    first = call(nusawa_gateway.url, f"/whatsapp/status/{data['ref_no']}")[1]["data"]
    assert (first["status"], first["sent_date"], first["read_date"]) == ("", None, None)
    nusawa_gateway.advance(3)

    last = call(nusawa_gateway.url, f"/whatsapp/status/{data['ref_no']}")[1]["data"]
    assert (last["status"], last["destination"], last["message"], last["is_group"]) == ("R", NUMBER, "Halo", False)
    dates = [last[f"{name}_date"] for name in ("create", "sent", "delivered", "read")]
    assert dates == sorted(dates)
    assert all(len(one) == len("2026-11-23T23:09:46") for one in dates)


def test_each_dialect_knows_only_its_own_ids(nusawa_gateway: NusaWaGateway) -> None:
    of_v3 = send(nusawa_gateway.url)["messageid"]
    of_v1 = text(nusawa_gateway.url)[1]["data"]["ref_no"]

    assert call(nusawa_gateway.url, f"/whatsapp/status/{of_v3}") == (404, "Not Found")
    assert command(nusawa_gateway.url, "DR", ref_no=of_v1)["status"] == "-99"
    assert [message.api for message in nusawa_gateway.sent_to(NUMBER)] == ["v3", "v1"]


def test_media_come_by_url_or_inside_the_request(nusawa_gateway: NusaWaGateway) -> None:
    by_url = media(nusawa_gateway.url, media_url="https://example.org/a.png")[1]["data"]
    encoded = base64.b64encode(PNG).decode()
    inside = media(nusawa_gateway.url, media_base64=encoded, file_name="a.png")[1]["data"]

    first, second = (message.media for message in nusawa_gateway.messages)
    assert first is not None
    assert second is not None
    assert (by_url["media_url"], first.url) == ("https://example.org/a.png", "https://example.org/a.png")
    assert (inside["caption"], second.content, second.file_name) == ("Grafik", PNG, "a.png")
    told = call(nusawa_gateway.url, f"/whatsapp/status/{inside['ref_no']}")[1]["data"]
    assert (told["message"], told["caption"]) == (None, "Grafik")


@pytest.mark.parametrize(
    ("fields", "to_blame"),
    [
        ({}, "media_url"),
        ({"media_base64": "aGFsbw=="}, "file_name"),
        ({"media_base64": "no base64!", "file_name": "a"}, "media_base64"),
        ({"media_base64": base64.b64encode(b"x" * (512 * 1024 + 1)).decode(), "file_name": "a"}, "media_base64"),
    ],
)
def test_media_that_cannot_be_taken_name_the_field(
    nusawa_gateway: NusaWaGateway, fields: dict[str, str], to_blame: str
) -> None:
    status, answer = media(nusawa_gateway.url, **fields)

    assert (status, answer["detail"][0]["loc"]) == (422, ["body", to_blame])
    assert nusawa_gateway.messages == []


def test_media_of_512_kb_are_taken_and_left_out_of_the_request_log(nusawa_gateway: NusaWaGateway) -> None:
    encoded = base64.b64encode(b"x" * 512 * 1024).decode()

    assert media(nusawa_gateway.url, media_base64=encoded, file_name="a.bin")[0] == 200
    assert len(nusawa_gateway.requests[0].fields["media_base64"]) < 200


@pytest.mark.parametrize("number", ["", "08123456789", "62", "abc"])
def test_a_bad_destination_is_a_422_without_error(nusawa_gateway: NusaWaGateway, number: str) -> None:
    status, answer = text(nusawa_gateway.url, number=number)

    assert status == 422
    assert list(answer) == ["detail"]
    assert answer["detail"][0]["loc"] == ["body", "destination"]
    assert set(answer["detail"][0]) == {"loc", "msg", "type"}


@pytest.mark.parametrize("body", [b"GSM=1", b"[]", b'"text"', b""])
def test_what_is_no_json_object_is_a_422(nusawa_gateway: NusaWaGateway, body: bytes) -> None:
    assert call(nusawa_gateway.url, "/whatsapp/message", body)[0] == 422


@pytest.mark.parametrize("code", [-2, -7, -77, -99])
def test_a_refusal_in_words_has_neither_code_nor_data(nusawa_gateway: NusaWaGateway, code: int) -> None:
    status, answer = text(nusawa_gateway.url, number=magic_number(f"{-code:02d}"))

    assert status == 400
    assert answer["error"] is True
    assert list(answer) == ["error", "message", "description"]


@pytest.mark.parametrize("key", ["", "demo-password", DEMO_KEY.upper()])
def test_a_wrong_key_is_a_bare_401(nusawa_gateway: NusaWaGateway, key: str) -> None:
    assert call(nusawa_gateway.url, "/balance", key=key) == (401, "Unauthorized")


def test_an_account_without_a_key_cannot_be_entered_by_none(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.add_account(Account("keyless", api_key=""))

    assert call(nusawa_gateway.url, "/balance", key="")[0] == 401


def test_an_address_off_the_white_list_is_a_bare_403(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.account.allowed_ips = frozenset({"203.0.113.9"})

    assert call(nusawa_gateway.url, "/balance") == (403, "Forbidden")


def test_hits_that_come_too_close_are_a_bare_429(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.rules.hit_gap_seconds = 60
    call(nusawa_gateway.url, "/balance")

    assert call(nusawa_gateway.url, "/balance") == (429, "Too Many Requests")


def test_who_has_opted_out_gets_nothing_whatever_is_asked_for(nusawa_gateway: NusaWaGateway) -> None:
    number = magic_number("70")

    for options in ({}, {"include_unsubscribe": True}, {"include_unsubscribe": False}):
        status, answer = text(nusawa_gateway.url, number=number, **options)
        assert (status, answer["message"]) == (400, "Destination number has unsubscribed")

    assert nusawa_gateway.messages == []


@pytest.mark.parametrize(
    ("what", "status"), [(-5, 401), (-40, 403), (-13, 422), (-1, 400), (503, 503), ("html", 200), ("no_id", 200)]
)
def test_faults_speak_the_dialect_too(nusawa_gateway: NusaWaGateway, what: str | int, status: int) -> None:
    fault = nusawa_gateway.fail_next(what)
    got, answer = text(nusawa_gateway.url)

    assert got == status
    assert fault.fired == 1
    if what == "no_id":
        assert answer["data"]["ref_no"] == ""


def test_faults_know_the_other_calls(nusawa_gateway: NusaWaGateway) -> None:
    for name in ("check", "credits", "dr"):
        nusawa_gateway.fail_next(502, call=name)

    paths = ("/auth/api_key", "/balance", "/whatsapp/status/1")
    assert [call(nusawa_gateway.url, path)[0] for path in paths] == [502, 502, 502]


def test_a_path_or_method_that_there_is_not_is_in_the_books_too(nusawa_gateway: NusaWaGateway) -> None:
    assert call(nusawa_gateway.url, "/whatsapp/group")[0] == 404
    assert ask(nusawa_gateway.url, "DELETE", f"{BASE}/balance")[0] in (404, 405)

    assert [(request.call, request.outcome) for request in nusawa_gateway.requests] == [("other", "HTTP 404")] * 2

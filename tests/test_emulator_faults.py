"""What can be ordered to go wrong, as it looks from the other end of the wire."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import pytest
from emulator_calls import LOGIN, NUMBER, SEND, command, post, send

from airflow_provider_nusawa.emulator.fates import FATES, magic_number
from airflow_provider_nusawa.emulator.faults import FOREVER, KINDS
from airflow_provider_nusawa.testing import NusaWaGateway

FORM = {**LOGIN, "GSM": NUMBER, "text": "Halo", "output": "json"}


def raw_answer(url: str, timeout: float = 5) -> bytes:
    """Post a message; return every byte that comes back until the connection closes."""
    body = urlencode(FORM).encode()
    head = f"POST {SEND} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=timeout) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def closed(url: str) -> None:
    assert raw_answer(url) == b""


def reset(url: str) -> None:
    with pytest.raises(ConnectionResetError):
        raw_answer(url)


def reset_amid_headers(url: str) -> None:
    parts, body = urlsplit(url), urlencode(FORM).encode()
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        head = f"POST {SEND} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        with pytest.raises(ConnectionResetError):
            connection.recv(65536)


def silent(url: str) -> None:
    with pytest.raises(TimeoutError):
        raw_answer(url, timeout=0.15)


def cut_short(url: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        post(url, **FORM)


def saying(text: bytes, status: int = 200) -> Callable[[str], None]:
    def check(url: str) -> None:
        got, _, body = post(url, **FORM)
        assert got == status
        assert text in body

    return check


def huge(url: str) -> None:
    assert len(post(url, **FORM)[2]) > 1024 * 1024


def empty(url: str) -> None:
    assert post(url, **FORM)[0::2] == (200, b"")


def redirect(url: str) -> None:
    status, headers, _ = post(url, **FORM)
    assert (status, headers["location"]) == (302, "/moved")


LOOKS: dict[str | int, Callable[[str], None]] = {
    -99: saying(b'"status":"-99","messageid":""'),
    -4242: saying(b'"status":"-4242"'),
    503: saying(b"503", 503),
    404: saying(b"404", 404),
    599: saying(b"599", 599),
    "drop_before": closed,
    "drop_after": closed,
    "reset_before": reset,
    "reset_after": reset,
    "reset_headers": reset_amid_headers,
    "hang_before": silent,
    "hang_after": silent,
    "slow": saying(b'"status":"0"'),
    "truncated": cut_short,
    "drip_headers": saying(b'"status":"0"'),
    "drip_body": saying(b'"status":"0"'),
    "html": saying(b"<!doctype html>"),
    "huge": huge,
    "empty": empty,
    "redirect": redirect,
    "xml_bomb": saying(b"&e9;&e9;"),
    "no_id": saying(b'"status":"0","messageid":""'),
}
ACTING = {name for name, kind in KINDS.items() if kind.accepts}


def details(what: str | int) -> dict[str, float]:
    return {"seconds": 0.0005} if what in ("slow", "drip_headers", "drip_body") else {}


@pytest.mark.parametrize("what", LOOKS)
def test_a_fault_looks_as_ordered_once_and_then_all_is_well(nusawa_gateway: NusaWaGateway, what: str | int) -> None:
    fault = nusawa_gateway.fail_next(what, **details(what))

    LOOKS[what](nusawa_gateway.url)

    assert len(nusawa_gateway.messages) == (what in ACTING)
    assert fault.fired == 1
    assert send(nusawa_gateway.url)["status"] == "0"
    assert fault.fired == 1


def test_every_fault_is_looked_at() -> None:
    assert {what for what in LOOKS if isinstance(what, str)} | {"code", "http"} == set(KINDS)


@pytest.mark.parametrize("what", ["html", 500, "drop_before", "hang_before"])
def test_a_fault_may_be_told_to_accept_first(nusawa_gateway: NusaWaGateway, what: str | int) -> None:
    nusawa_gateway.fail_next(what, accepts=True)

    LOOKS.get(what, saying(b"500", 500))(nusawa_gateway.url)

    assert len(nusawa_gateway.messages) == 1


def test_429_says_how_long_to_wait(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.fail_next(429, retry_after=1.5)

    status, headers, _ = post(nusawa_gateway.url, **FORM)
    assert (status, headers["retry-after"]) == (429, "1.5")


def test_a_bare_status_may_carry_a_body_of_ones_own(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.fail_next(502, body="teapot", headers={"X-Proxy": "squid"})

    _, headers, body = post(nusawa_gateway.url, **FORM)
    assert (headers["x-proxy"], body) == ("squid", b"teapot")


def test_a_fault_waits_for_its_number_its_call_and_its_turn(nusawa_gateway: NusaWaGateway) -> None:
    url = nusawa_gateway.url
    nusawa_gateway.fail_next(-3, number="6281234567890")
    nusawa_gateway.fail_next(-23, times=2)
    nusawa_gateway.fail_next(-1, call="credits")

    assert send(url)["status"] == "-23"
    assert send(url, number="6281234567890")["status"] == "-3"
    assert send(url)["status"] == "-23"
    assert send(url)["status"] == "0"
    assert command(url, "CREDITS")["results"][0]["status"] == "-1"
    assert "value" in command(url, "CREDITS")


def test_a_fault_may_strike_any_call_for_ever(nusawa_gateway: NusaWaGateway) -> None:
    fault = nusawa_gateway.fail_next(500, times=FOREVER, call="any")

    for fields in ({"cmd": "DR"}, {"cmd": "CREDITS"}, {"GSM": NUMBER}):
        assert post(nusawa_gateway.url, "/api/command" if "cmd" in fields else SEND, **fields)[0] == 500
    assert (fault.fired, fault.times) == (3, FOREVER)


@pytest.mark.parametrize(("what", "details"), [("nonsense", {}), (-1, {"call": "sned"}), ("html", {"colour": 1})])
def test_what_cannot_go_wrong_cannot_be_ordered(
    nusawa_gateway: NusaWaGateway, what: str, details: dict[str, str]
) -> None:
    with pytest.raises((ValueError, TypeError)):
        nusawa_gateway.fail_next(what, **details)


@pytest.mark.parametrize("family", [family for family, fate in FATES.items() if isinstance(fate.fault, str)])
def test_a_magic_number_meets_its_fault_every_time(nusawa_gateway: NusaWaGateway, family: str) -> None:
    for _ in range(2):
        with suppress(OSError, http.client.HTTPException):
            post(nusawa_gateway.url, **{**FORM, "GSM": magic_number(family)}, timeout=0.1)
    wait_until(lambda: nusawa_gateway.backend.books.in_flight == 0)

    assert [request.fault for request in nusawa_gateway.requests] == [FATES[family].fault] * 2
    assert len(nusawa_gateway.messages) == (2 if KINDS[str(FATES[family].fault)].accepts else 0)


def test_a_caller_who_gives_up_is_not_waited_for(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.fail_next("drip_headers", seconds=60)
    silent(nusawa_gateway.url)

    wait_until(lambda: nusawa_gateway.backend.books.in_flight == 0)


def test_latency_is_added_to_every_answer(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.rules.latency_seconds["send"] = 0.1
    begin = time.perf_counter()
    send(nusawa_gateway.url)

    assert 0.1 <= time.perf_counter() - begin < 1


def test_the_books_know_how_many_were_under_way_at_once(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.backend.rules.latency_seconds["send"] = 0.2
    threads = [threading.Thread(target=send, args=(nusawa_gateway.url, f"62812{turn:07d}")) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    books = nusawa_gateway.backend.books
    assert (books.in_flight, books.in_flight_peak) == (0, 8)
    assert books.busiest_second("send") == 8


def test_a_fault_is_told_in_the_books_beside_what_was_done(nusawa_gateway: NusaWaGateway) -> None:
    nusawa_gateway.fail_next("drop_after")
    closed(nusawa_gateway.url)

    (request,) = nusawa_gateway.requests
    (message,) = nusawa_gateway.messages
    assert (request.fault, request.outcome, request.message_id) == ("drop_after", "accepted", message.id)
    assert request.fields["password"] == "***"
    assert "demo-password" not in json.dumps(request.fields)


def wait_until(true: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        pytest.param(SEND, "application/x-www-form-urlencoded", id="form"),
        pytest.param(SEND, "multipart/form-data; boundary=x", id="multipart"),
        pytest.param("/nusasms_api/1.0/whatsapp/message", "application/json", id="json"),
    ],
)
def test_a_caller_who_leaves_before_the_body_has_come_is_a_line_in_the_books_and_no_traceback(
    nusawa_gateway: NusaWaGateway, caplog: pytest.LogCaptureFixture, path: str, content_type: str
) -> None:
    parts = urlsplit(nusawa_gateway.url)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: 100\r\n\r\nhalf"
    end = time.monotonic() + 10

    while not nusawa_gateway.requests and time.monotonic() < end:  # who is gone too soon is nobody to aiohttp
        with socket.create_connection((parts.hostname, parts.port)) as caller:
            caller.sendall(head.encode())
            time.sleep(0.05)

    said = {(request.path, request.call, request.outcome) for request in nusawa_gateway.requests}
    assert said == {(path, "other", "hung up before the body came")}
    assert caplog.text == ""

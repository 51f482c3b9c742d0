"""The emulator's callbacks: pushed as the vendor prints them, and awry on demand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from emulator_calls import send

from airflow_provider_nusawa.emulator.remote import Remote
from airflow_provider_nusawa.testing import NusaWaGateway


@pytest.fixture
def remote(nusawa_gateway: NusaWaGateway) -> Remote:
    return Remote(nusawa_gateway.url)


class _Receiver(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.got.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        server.got = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def heard(receiver: HTTPServer, count: int) -> list[str]:
    end = time.monotonic() + 5
    while len(receiver.got) < count and time.monotonic() < end:  # type: ignore[attr-defined]
        time.sleep(0.005)
    return list(receiver.got)  # type: ignore[attr-defined]


@pytest.mark.parametrize("second_question_mark", [False, True])
def test_reports_are_pushed_as_the_vendor_prints_them(
    nusawa_gateway: NusaWaGateway, receiver: HTTPServer, second_question_mark: bool
) -> None:
    backend = nusawa_gateway.backend
    backend.rules.second_question_mark = second_question_mark
    backend.account.callback_url = f"http://127.0.0.1:{receiver.server_port}/nusawa?token=abc"
    backend.clock.freeze()
    message_id = send(nusawa_gateway.url)["messageid"]
    nusawa_gateway.advance(60)

    paths = heard(receiver, 2)
    join = "?" if second_question_mark else "&"
    assert [path.partition(f"token=abc{join}")[0] for path in paths] == ["/nusawa?"] * 2
    told = [parse_qs(path.partition(f"token=abc{join}")[2]) for path in paths]
    assert {(one["ref_no"][0], one["status"][0]) for one in told} == {(message_id, "S"), (message_id, "D")}
    assert all(one["err_code"] == ["0"] and one["sent_date"][0].endswith(".0") for one in told)


@pytest.mark.parametrize(
    ("copies", "backwards", "letters"), [(1, True, "DS"), (2, False, "SSDD"), (0, False, "")], ids=str
)
def test_callbacks_come_twice_backwards_or_never_on_demand(
    nusawa_gateway: NusaWaGateway, copies: int, backwards: bool, letters: str
) -> None:
    backend = nusawa_gateway.backend
    backend.rules.change({"callback_copies": copies, "callbacks_backwards": backwards})
    backend.account.callback_url = "http://127.0.0.1:9/"
    backend.clock.freeze()
    send(nusawa_gateway.url)
    with backend.lock:  # so that none goes out between
        nusawa_gateway.advance(60)
        due = backend.due_pushes()

    assert "".join(push.letter for push in due) == letters


def test_a_letter_set_by_hand_is_pushed_and_those_it_overrules_are_not(
    nusawa_gateway: NusaWaGateway, receiver: HTTPServer, remote: Remote
) -> None:
    nusawa_gateway.backend.account.callback_url = f"http://127.0.0.1:{receiver.server_port}/"
    nusawa_gateway.backend.clock.freeze()
    message_id = send(nusawa_gateway.url)["messageid"]
    nusawa_gateway.backend.set_letter(message_id, "F", "69")
    heard(receiver, 1)
    nusawa_gateway.advance(60)
    nusawa_gateway.backend.set_letter(message_id, "D")

    told = [parse_qs(urlsplit(path).query)["status"][0] for path in heard(receiver, 2)]
    assert told == ["F", "D"]
    assert [push["answer"] for push in remote.ask("callbacks")][:1] == ["200"]


def test_a_callback_that_meets_nobody_is_noted_and_not_repeated(nusawa_gateway: NusaWaGateway, remote: Remote) -> None:
    nusawa_gateway.backend.account.callback_url = "http://127.0.0.1:9/"
    message_id = send(nusawa_gateway.url)["messageid"]
    nusawa_gateway.backend.set_letter(message_id, "D")

    end = time.monotonic() + 5
    while not (pushes := remote.ask("callbacks")) or not pushes[0]["answer"]:
        assert time.monotonic() < end
    assert [push["answer"][:9] for push in pushes] == ["no answer"]

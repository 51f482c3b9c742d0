"""The emulator's JSON API, its callbacks, its command line, and a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest
from emulator_calls import NUMBER, ask, send

from airflow_provider_nusawa.emulator.__main__ import backend_of, connection_line, main, parser
from airflow_provider_nusawa.emulator.accounts import Account
from airflow_provider_nusawa.emulator.remote import Remote, spawn
from airflow_provider_nusawa.emulator.submission import Submission
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


def test_a_process_introduces_itself_serves_and_stops_at_once() -> None:
    with spawn("--credits", "7", "--password", "it's 100% s3cret", "--daily-limit", "1", "--letters", "SDR") as remote:
        connection = remote.connection
        assert connection["host"] == remote.url
        login = {"username": connection["login"], "password": connection["password"]}
        results = [send(remote.url, text=text, **login)["status"] for text in "ab"]
        remote.order("clock", advance_seconds=10)
        assert results == ["0", "-78"]
        assert remote.messages()[0]["letter"] == "R"
        assert remote.ask("accounts")[0]["balance"] == 6
        process = remote.process
        assert process is not None
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - begin < 1


def test_a_process_stops_at_once_though_calls_hang() -> None:
    with spawn() as remote:
        remote.fail_next("hang_before")
        waiting = threading.Thread(target=_suffer, args=(remote.url,))
        waiting.start()
        while not remote.ask()["in_flight"]:
            pass
        assert remote.process is not None
        remote.process.send_signal(signal.SIGINT)
        assert remote.process.wait(2) == 0
        waiting.join()


def _suffer(url: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011  # closed or reset, as the kernel likes
        send(url)


def test_ids_differ_from_start_to_start() -> None:
    first, second = (backend_of(parser().parse_args([])) for _ in range(2))
    submission = Submission("v3", first.account, NUMBER, "Halo")

    assert first.submit(submission).message.id != second.submit(submission).message.id  # type: ignore[union-attr]


def test_a_rate_is_told_as_calls_a_second() -> None:
    assert backend_of(parser().parse_args(["--rate", "20"])).rules.hit_gap_seconds == 0.05
    assert backend_of(parser().parse_args([])).rules.hit_gap_seconds == 0


def test_a_process_that_cannot_start_is_an_error_here() -> None:
    with pytest.raises(RuntimeError, match="did not start"), spawn("--port", "70000"):
        pass


def test_a_taken_port_is_one_clear_line(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "airflow_provider_nusawa.emulator", "--port", str(port)], check=False, timeout=30
        )

    out, err = capfd.readouterr()
    assert done.returncode == 2
    assert (out, err) == ("", f"cannot listen on 127.0.0.1:{port}: {os.strerror(98)}; try another --port\n")


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--host", "no.such.host.invalid"]])
def test_an_address_that_cannot_be_is_one_clear_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_magic_numbers_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fates"]) == 0
    assert "6284000077xx  refused with -77" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "6284000077xx  refused with -77" in capsys.readouterr().out


def test_a_connection_to_another_machine_admits_plain_http() -> None:
    assert "allow_insecure_http" in connection_line("http://192.168.1.5:8025", Account())
    assert "allow_insecure_http" not in connection_line("http://127.0.0.1:8025", Account())

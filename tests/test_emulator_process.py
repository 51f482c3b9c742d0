"""The emulator's command line, and a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from emulator_calls import NUMBER, send

from airflow_provider_nusawa.emulator.__main__ import backend_of, connection_line, main, parser
from airflow_provider_nusawa.emulator.accounts import Account
from airflow_provider_nusawa.emulator.remote import spawn
from airflow_provider_nusawa.emulator.submission import Submission


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

"""The opt-in fixture, as another project's tests would use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from airflow_provider_nusawa.emulator import Account, Backend
from airflow_provider_nusawa.testing import NusaWaGateway, serve


def post(connection: dict[str, object], number: str, text: str = "Halo") -> dict[str, str]:
    login = {"username": connection["login"], "password": connection["password"]}
    form = urllib.parse.urlencode({**login, "GSM": number, "text": text, "output": "json"}).encode()
    with urllib.request.urlopen(f"{connection['host']}/api/v3/sendwa/plain", form) as answer:
        return json.loads(answer.read())["results"][0]


def test_the_connection_in_the_environment_leads_to_the_gateway(nusawa_gateway: NusaWaGateway) -> None:
    connection = json.loads(os.environ["AIRFLOW_CONN_NUSAWA_DEFAULT"])

    result = post(connection, "6281234567890")

    assert connection["conn_type"] == "nusawa"
    assert [message.id for message in nusawa_gateway.sent_to("0812-3456-7890")] == [result["messageid"]]
    assert nusawa_gateway.messages[0].text == "Halo"
    assert [request.call for request in nusawa_gateway.requests] == ["send"]


def test_settings_of_the_connection_can_be_changed_for_one_test(nusawa_gateway: NusaWaGateway) -> None:
    assert nusawa_gateway.use("staging", only_to="081234567890", api_version="v1") == "staging"

    connection = json.loads(os.environ["AIRFLOW_CONN_STAGING"])
    assert connection["extra"]["only_to"] == "081234567890"
    assert connection["password"] == nusawa_gateway.backend.account.api_key


def test_a_fault_is_ordered_struck_and_counted(nusawa_gateway: NusaWaGateway) -> None:
    fault = nusawa_gateway.fail_next(-99, times=2)
    connection = nusawa_gateway.connection()

    answers = [post(connection, "6281234567890", text=f"{turn}")["status"] for turn in range(3)]

    assert answers == ["-99", "-99", "0"]
    assert fault.fired == 2


def test_the_clock_delivers_when_the_test_says_so(nusawa_gateway: NusaWaGateway) -> None:
    post(nusawa_gateway.connection(), "6281234567890")
    clock = nusawa_gateway.backend.clock

    assert nusawa_gateway.messages[0].letter(clock.seconds()) == ""
    nusawa_gateway.advance(10)
    assert nusawa_gateway.messages[0].letter(clock.seconds()) == "D"


def test_each_test_has_a_gateway_of_its_own(nusawa_gateway: NusaWaGateway) -> None:
    assert nusawa_gateway.messages == []
    assert nusawa_gateway.requests == []


def test_a_gateway_starts_and_stops_in_less_than_three_tenths_of_a_second() -> None:
    begin = time.perf_counter()
    with serve(Backend()):
        pass

    assert time.perf_counter() - begin < 0.3


def test_the_gateway_stops_though_a_call_still_hangs() -> None:
    backend = Backend(Account("other", "s3cret"))
    backend.fail_next("hang_before")
    begin = time.perf_counter()
    with serve(backend) as url, pytest.raises(TimeoutError):
        urllib.request.urlopen(f"{url}/api/v3/sendwa/plain?GSM=628", timeout=0.1)

    assert time.perf_counter() - begin < 1.0


@pytest.mark.parametrize(("opted_in", "ending"), [(True, "1 passed"), (False, "fixture 'nusawa_gateway' not found")])
def test_nothing_loads_unless_a_project_opts_in(tmp_path: Path, opted_in: bool, ending: str) -> None:
    if opted_in:
        (tmp_path / "conftest.py").write_text('pytest_plugins = ["airflow_provider_nusawa.testing"]\n')
    (tmp_path / "test_theirs.py").write_text("def test_theirs(nusawa_gateway):\n    assert nusawa_gateway.url\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "."],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ending in done.stdout

"""The pages under the other login of Airflow's own, Flask AppBuilder's: one look by each of four roles."""

from __future__ import annotations

import http.client
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from receiver_airflow import TAKES_CALLBACKS

from airflow_provider_nusawa.ledger.store import open_ledger
from airflow_provider_nusawa.pages.part import PREFIX
from airflow_provider_nusawa.site_config import web_server_takes_parts
from dev.house import House

FAB = "airflow.providers.fab"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not web_server_takes_parts(), reason="no such pages before 3.1.2"),
    pytest.mark.skipif(not importlib.util.find_spec(FAB), reason="apache-airflow-providers-fab is not installed"),
]
# Whoever is Public may do nothing; whoever has a role of the last kind may see one Dag, its runs, and no other's.
ROLES = {"ann": "Admin", "vic": "Viewer", "pat": "Public", "one": "OneDag"}
ADD_ONE_DAG = """
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

with get_application_builder() as builder:
    role = builder.sm.add_role("OneDag")
    for resource in ("DAG Runs", "DAG:one_dag"):
        builder.sm.add_permission_to_role(role, builder.sm.create_permission("can_read", resource))
"""


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House(
        environ={
            **TAKES_CALLBACKS,
            "AIRFLOW__CORE__AUTH_MANAGER": f"{FAB}.auth_manager.fab_auth_manager.FabAuthManager",
        },
        say=print,
    )
    try:
        _python(house, "-m", "airflow", "db", "migrate")
        _python(house, "-c", ADD_ONE_DAG)
        for user, role in ROLES.items():
            name = ["-u", user, "-p", f"{user}-secret", "-f", user, "-l", user, "-e", f"{user}@example.org"]
            _python(house, "-m", "airflow", "users", "create", "-r", role, *name)
        open_ledger(f"sqlite:///{house.home}/nusawa-ledger.sqlite", create=True).close()
        house.start_part("api-server")
        house.until(lambda: house.web.fetch("GET", "/api/v2/monitor/health")[0] == 200, 180, house.last_words)
        yield house
    finally:
        house.stop()


@pytest.mark.parametrize(("user", "status"), [("ann", 200), ("vic", 200), ("one", 403), ("pat", 403), ("", 401)])
def test_who_may_see_all_runs_may_see_campaigns(house: House, user: str, status: int) -> None:
    headers = {"Cookie": f"_token={_token(house, user)}"} if user else {}

    answer = _ask(house, "GET", f"{PREFIX}/", headers)

    assert answer[0] == status
    assert ("No campaign is on record yet." in answer[1]) is (status == 200)


def _python(house: House, *words: str) -> None:
    done = subprocess.run([sys.executable, *words], env=house.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def _token(house: House, user: str) -> str:
    body = json.dumps({"username": user, "password": f"{user}-secret"})
    status, text = _ask(house, "POST", "/auth/token", {"Content-Type": "application/json"}, body)
    assert status == 201, text
    return str(json.loads(text)["access_token"])


def _ask(house: House, method: str, path: str, headers: dict[str, str], body: Any = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(house.web.url).netloc, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()

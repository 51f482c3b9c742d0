"""A real Airflow at DEBUG whose connections hold canaries, led through everything that touches a password."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
from canary_dags import API_KEY, DAGS, ECHO, ON_CALL, PASSWORD, SECRETS, STATES, WAITING

from airflow_provider_nusawa.emulator.faults import Fault
from airflow_provider_nusawa.testing import Account, Backend, serve
from dev.house import House
from dev.house.settings import free_port

WAITS, TEXTS = "rows of what waits", "what people were sent"
TROUBLES: dict[str, list[str | int]] = {"dr": ["html", "drop_after", 503], "credits": ["html", "reset_after"]}


@dataclass
class Canaries:
    """The house after the whole tour.

    :param answers: What the API, the command line and, while tasks waited, the database answered.
    :param faults: What went wrong on the gateway's side, each with how often.
    :param buttons: Whether the test button said that a connection is well.
    """

    house: House
    backend: Backend
    runs: dict[str, str] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    buttons: dict[str, bool] = field(default_factory=dict)

    def every_byte(self) -> dict[str, bytes]:
        """Return all that Airflow wrote or answered so far."""
        sent = "\n".join(message.text for message in self.backend.books.messages.values())
        return {**dict(self.house.books.every_byte()), **self.answers, TEXTS: sent.encode()}

    def fail_next(self, what: str | int, call: str, **details: Any) -> None:
        """Let two calls go wrong, or four looks, which two waits of each Dag take."""
        self.faults.append(self.backend.fail_next(what, 4 if call == "dr" else 2, call=call, **details))

    def all_wait(self) -> bool:
        return all(states.get(name) == "deferred" for states in self.states().values() for name in WAITING)

    def states(self) -> dict[str, dict[str, str | None]]:
        return {dag_id: self.house.books.task_states(dag_id, run_id) for dag_id, run_id in self.runs.items()}

    def fetch(self, path: str, body: object = None) -> bytes:
        """Ask the API, or post to it, and keep what it says."""
        _, answer = self.house.web.fetch("GET" if body is None else "POST", self.house.web.api + path, body)
        self.answers[f"{path} {len(self.answers)}"] = answer
        return answer


def connections(url: str) -> dict[str, dict[str, Any]]:
    """Return the connections that hold a canary: one that works, and those that go wrong each in its own way."""
    made = {}
    for api, secret in SECRETS.items():
        extra = {"api_version": api, "total_timeout_seconds": 3, "rate_per_second": 100}
        well = {"conn_type": "nusawa", "host": url, "login": "budi", "password": secret, "extra": extra}
        made[f"canary_{api}"] = well
        made[f"canary_{api}_away"] = {**well, "host": f"http://127.0.0.1:{free_port()}"}
        made[f"canary_{api}_stranger"] = {**well, "login": "eve", "password": secret + ("" if api == "v3" else "0")}
        made[f"canary_{api}_typo"] = {**well, "extra": {**extra, "timezone": secret}}
    return made


@contextmanager
def canaries() -> Iterator[Canaries]:
    """Start the house, lead it through everything, and lend it."""
    backend = Backend(Account("budi", password=PASSWORD, api_key=API_KEY, balance=1000))
    with serve(backend) as url:
        made = connections(url)
        environ = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in made.items()}
        with House(environ={**environ, "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG"}, say=print) as house:
            tour = Canaries(house, backend)
            run_dags(tour)
            push_buttons(tour, made)
            read_api(tour)
            yield tour


def run_dags(tour: Canaries) -> None:
    """Run both Dags, and the command line beside them; let looks in the triggerer go wrong, then deliver and top up."""
    house, backend = tour.house, tour.backend
    backend.clock.freeze()
    tour.fail_next("html", "send", number="62" + ECHO[1:], body=echo())
    house.add_dag("canary", DAGS)
    tour.runs = {dag_id: house.trigger(dag_id) for dag_id in ("canary_v3", "canary_v1")}
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda conn_id: type_command(tour, conn_id), ("canary_v3", "canary_v1_stranger")))
    house.until(tour.all_wait, 240, lambda: str(tour.states()))
    rows = [house.books.ask(f'SELECT * FROM "{table}"') for table in ("trigger", "task_instance")]
    tour.answers[WAITS] = repr([[*row.values()] for table in rows for row in table]).encode()

    for call, troubles in TROUBLES.items():
        for what in troubles:
            tour.fail_next(what, call, body=echo() if what == "html" else None)
    house.until(lambda: all(fault.times == 0 for fault in tour.faults), 120, lambda: str(tour.faults))

    backend.clock.resume()
    backend.clock.advance(60)
    backend.account.balance = 60_000
    for dag_id, run_id in tour.runs.items():
        house.wait(dag_id, run_id, timeout=240)
    alerts = 2 * sum(state == "failed" for state in STATES.values())
    house.until(lambda: len(backend.sent_to("62" + ON_CALL[1:])) >= alerts, 60, "an alert is missing")


def echo() -> str:
    """Return an answer as of a proxy that repeats what it was asked."""
    return f"<p>GET /api/command?user=budi&password={quote_plus(PASSWORD)} {PASSWORD} {API_KEY}</p>"


def push_buttons(tour: Canaries, made: dict[str, dict[str, Any]]) -> None:
    """Test each connection through the API; save one, and test it on a worker too where there is such a thing."""
    filled = {conn_id: {**value, "extra": json.dumps(value["extra"])} for conn_id, value in made.items()}
    for conn_id, connection in filled.items():
        answer = tour.fetch("/connections/test", {**connection, "connection_id": conn_id})
        tour.buttons[conn_id] = json.loads(answer)["status"]
    tour.fetch("/connections/test", {**filled["canary_v3"], "connection_id": "canary_new"})
    tour.fetch("/connections", {**filled["canary_v3"], "connection_id": "canary_saved"})
    tour.fetch("/connections/canary_saved")
    tour.fetch("/connections")
    if AIRFLOW_V_3_3_PLUS:
        tour.fetch("/connections/enqueue-test", {**filled["canary_v3"], "connection_id": "canary_worker"})
        query = "SELECT state FROM connection_test_request WHERE result_message IS NOT NULL"
        tour.house.until(lambda: bool(tour.house.books.ask(query)), 60, "the worker tested no connection")


def type_command(tour: Canaries, conn_id: str) -> None:
    command = [sys.executable, "-m", "airflow", "connections", "test", conn_id]
    said = subprocess.run(command, env=tour.house.environ, capture_output=True, check=False)
    tour.answers[f"airflow connections test {conn_id}"] = said.stdout + said.stderr


def read_api(tour: Canaries) -> None:
    """Ask the API for all that a browser shows of the runs."""
    for dag_id, run_id in tour.runs.items():
        run = f"/dags/{dag_id}/dagRuns/{run_id}"
        for path in ("", "/taskInstances"):
            tour.fetch(run + path)
        for row in tour.house.books.tasks(dag_id, run_id):
            task = f"{run}/taskInstances/{row['task_id']}"
            for path in ("", "/logs/1?full_content=true", "/xcomEntries", "/xcomEntries/return_value", "/state-store"):
                tour.fetch(task + path)
    tour.fetch("/eventLogs")

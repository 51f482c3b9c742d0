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
from canary_dags import API_KEY, DAGS, ECHO, JSON_ECHO, ON_CALL, PASSWORD, SECRETS, STATES, WAITING

from airflow_provider_nusawa.emulator.faults import Fault
from airflow_provider_nusawa.pages.part import PREFIX
from airflow_provider_nusawa.site_config import web_server_takes_parts
from airflow_provider_nusawa.testing import Account, Backend, serve
from dev.house import House
from dev.house.settings import free_port

WAITS, TEXTS = "rows of what waits", "what people were sent"
PAGE, RESOLVE = "page", "ledger resolve"
"""How the names of answers begin that pages and the ledger's command line gave."""

TROUBLES: dict[str, list[str | int]] = {"dr": ["html", 400, "drop_after", 503], "credits": ["html", 400, "reset_after"]}


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

    def fail_next(self, what: str | int, call: str, times: int = 2, **details: Any) -> None:
        """Let calls go wrong, by an answer that repeats what it was asked where the fault has one."""
        body = {"html": echo(), 400: json_echo()}.get(what)
        self.faults.append(self.backend.fail_next(what, times, call=call, body=body, **details))

    def all_wait(self) -> bool:
        """Whether those that wait do so, and all others have ended that do not come after one of them."""
        return self.states() == {dag_id: {**STATES[dag_id], **WAITING} for dag_id in self.runs}

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
            for api in SECRETS:
                resolve(tour, f"canary_{api}")
            open_pages(tour)
            read_api(tour)
            yield tour


def run_dags(tour: Canaries) -> None:
    """Run both Dags, and the command line beside them; let looks in the triggerer go wrong, then deliver and top up."""
    house, backend = tour.house, tour.backend
    backend.clock.freeze()
    tour.fail_next("html", "send", 4, number="62" + ECHO[1:])
    tour.fail_next(400, "send", 6, number="62" + JSON_ECHO[1:])
    house.add_dag("canary", DAGS)
    tour.runs = {dag_id: house.trigger(dag_id) for dag_id in ("canary_v3", "canary_v1")}
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda conn_id: type_command(tour, conn_id), ("canary_v3", "canary_v1_stranger")))
    house.until(tour.all_wait, 240, lambda: str(tour.states()))
    rows = [house.books.ask(f'SELECT * FROM "{table}"') for table in ("trigger", "task_instance")]
    tour.answers[WAITS] = repr([[*row.values()] for table in rows for row in table]).encode()

    for call, troubles in TROUBLES.items():
        for what in troubles:
            tour.fail_next(what, call, 6 if call == "dr" else 2)  # three waits of each Dag look, and one asks
    house.until(lambda: all(fault.times == 0 for fault in tour.faults), 120, lambda: str(tour.faults))

    backend.clock.resume()
    backend.clock.advance(60)
    backend.account.balance = 60_000
    for dag_id, run_id in tour.runs.items():
        house.wait(dag_id, run_id, timeout=240)
    alerts = sum(state == "failed" for states in STATES.values() for state in states.values())
    house.until(lambda: len(backend.sent_to("62" + ON_CALL[1:])) >= alerts, 60, "an alert is missing")


def echo() -> str:
    """Return an answer as of a proxy that repeats what it was asked."""
    return f"<p>GET /api/command?user=budi&password={quote_plus(PASSWORD)} {PASSWORD} {API_KEY}</p>"


def json_echo() -> str:
    """Return a refusal as of API v1.0, whose words are shown: they repeat the key, and other fields the password."""
    words = {"message": f"cannot read {API_KEY}", "description": quote_plus(API_KEY)}
    return json.dumps({"error": True, **words, "password": PASSWORD, "user": quote_plus(PASSWORD)})


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
    tour.answers[f"airflow connections test {conn_id}"] = run(tour, "airflow", "connections", "test", conn_id)


def run(tour: Canaries, *words: str) -> bytes:
    """Run a module's command line, and return all that it said."""
    said = subprocess.run([sys.executable, "-m", *words], env=tour.house.environ, capture_output=True, check=False)
    return said.stdout + said.stderr


def resolve(tour: Canaries, conn_id: str) -> None:
    """Ask the gateway what became of a campaign's unknown ones, and let it repeat what it was asked."""
    tour.fail_next(400, "dr", 1)  # v3 asks for the balance alone
    words = [conn_id, "--connection", conn_id, "--message-id", "000404", "--reason", "asked"]
    tour.answers[f"{RESOLVE} {conn_id}"] = run(tour, "airflow_provider_nusawa.ledger", "resolve", *words)


def open_pages(tour: Canaries) -> None:
    if not web_server_takes_parts():
        return
    names = [f"{page}?name={dag_id}" for dag_id in tour.runs for page in ("campaign", "recipients")]
    for path in ("", *names):
        _, answer = tour.house.web.fetch("GET", f"{PREFIX}/{path}")
        tour.answers[f"{PAGE} {path}"] = answer


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

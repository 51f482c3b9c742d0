"""The few questions asked of a running Airflow over HTTP: is it well, is the Dag there, run it."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from typing import Any

TRIES = 10
"""How often a run is asked for while Airflow, busy on SQLite, answers with an error of its own."""


class Web:
    """Speaks to an API server (Airflow 3) or a webserver (Airflow 2) on the loopback address.

    :param url: ``http://127.0.0.1:<port>``.
    :param api: ``/api/v2`` or ``/api/v1``.
    """

    def __init__(self, url: str, api: str) -> None:
        self.url = url
        self.api = api
        self._token = ""
        # An empty handler: a proxy of the machine's has no say on the loopback address.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return status and JSON of one call; status 0 if nobody answers."""
        status, content = self.fetch(method, path, body)
        return status, read(content)

    def fetch(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """As ``ask``, with the answer as it came."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=content, method=method)
        request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def log_in(self) -> None:
        """Take a token where one is needed: Airflow 3, set up to make everyone an admin."""
        if self.api != "/api/v1" and not self._token:
            _, answer = self.ask("GET", "/auth/token")
            self._token = answer["access_token"]

    def health(self) -> dict[str, str]:
        """Return the state of each process by its name; empty while nobody answers."""
        status, answer = self.ask("GET", "/health" if self.api == "/api/v1" else f"{self.api}/monitor/health")
        if status != 200:
            return {}
        # Airflow 2 parses Dag files in its scheduler, and says null of a process that it does not have.
        absent = [None] if self.api == "/api/v1" else []
        return {name: str(part["status"]) for name, part in answer.items() if part and part["status"] not in absent}

    def has_dag(self, dag_id: str) -> bool:
        self.log_in()
        return self.ask("GET", f"{self.api}/dags/{dag_id}")[0] == 200

    def import_errors(self) -> str:
        self.log_in()
        _, answer = self.ask("GET", f"{self.api}/importErrors")
        return "\n".join(error["stack_trace"] for error in (answer or {}).get("import_errors", []))

    def run_dag(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run and return its id."""
        self.log_in()
        run_id = f"by_hand_{secrets.token_hex(8)}"
        body: dict[str, Any] = {"conf": conf, "dag_run_id": run_id}
        if self.api != "/api/v1":
            body["logical_date"] = None
        for _ in range(TRIES):
            status, answer = self.ask("POST", f"{self.api}/dags/{dag_id}/dagRuns", body)
            if status in (200, 409):  # 409: a try before had started it, whatever it said
                return run_id
            if status < 500:
                break
            time.sleep(1)  # Airflow's own database was locked
        raise RuntimeError(f"Airflow did not start {dag_id}: {status} {answer}")

    def create_connection(self, connection: dict[str, Any]) -> None:
        """Write a connection into Airflow's database."""
        self.log_in()
        status, answer = self.ask("POST", f"{self.api}/connections", connection)
        if status not in (200, 201):
            raise RuntimeError(f"Airflow did not take the connection: {status} {answer}")


def read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None

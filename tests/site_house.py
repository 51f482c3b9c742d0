"""An API server under its own login, with three people who may log in, and pages asked for as a browser would."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from receiver_airflow import api_server
from report_house import Page

from airflow_provider_nusawa.pages.part import PREFIX
from dev.house import House

USERS = {"ann": "admin", "vic": "viewer", "pat": ""}  # pat may log in, and nothing else


@dataclass
class Answer:
    """What a browser gets."""

    status: int
    headers: dict[str, str]
    html: str

    @property
    def page(self) -> Page:
        return Page(self.html)


class Site:
    """The server."""

    def __init__(self, airflow: House) -> None:
        self.airflow = airflow
        self.host = urlsplit(airflow.web.url).netloc
        self.tokens = {user: self._log_in(user) for user in USERS}

    def ask(self, path: str = "", user: str = "", *, cookie: str = "", form: dict[str, str] | None = None) -> Answer:
        """Ask as a browser would, which has the token in Airflow's cookie."""
        token = cookie or self.tokens.get(user, "")
        headers = {"Cookie": f"_token={token}"} if token else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._send("POST" if form is not None else "GET", f"{PREFIX}/{path}", headers, urlencode(form or {}))

    def bearer(self, path: str, user: str) -> Answer:
        return self._send("GET", path, {"Authorization": f"Bearer {self.tokens[user]}"})

    def _log_in(self, user: str) -> str:
        body = json.dumps({"username": user, "password": f"{user}-secret"})
        answer = self._send("POST", "/auth/token", {"Content-Type": "application/json"}, body)
        return str(json.loads(answer.html)["access_token"])

    def _send(self, method: str, path: str, headers: dict[str, str], body: str = "") -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read().decode())
        finally:
            connection.close()


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Run the server over an empty ledger.

    :param folder: Where its passwords may lie.
    """
    passwords = folder / "passwords.json"
    passwords.write_text(json.dumps({user: f"{user}-secret" for user in USERS}))
    login = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
    with api_server(**login) as airflow:
        yield Site(airflow)

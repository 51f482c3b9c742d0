"""Opt-in pytest fixtures: ``pytest_plugins = ["airflow_provider_nusawa.testing"]`` brings ``nusawa_gateway``.

A test gets a gateway of its own on a real loopback socket, and the Airflow connection that leads to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_nusawa.emulator import Account, Backend, Fault, Message, Received
from airflow_provider_nusawa.emulator.fates import magic_number
from airflow_provider_nusawa.emulator.remote import Remote, spawn
from airflow_provider_nusawa.emulator.serving import serve

__all__ = ["Account", "Backend", "NusaWaGateway", "Remote", "magic_number", "nusawa_gateway", "serve", "spawn"]

# The connection's own pace would make a test of a hundred recipients take five seconds.
SETTINGS_EXTRA = {"rate_per_second": 100}


class NusaWaGateway:
    """A gateway that delivers to nobody, in the hands of one test.

    :param url: Its base URL.
    :param backend: What it knows and has been told; all else here is a shorter word for a part of it.
    :param settings_extra: The extras of the connection; change them through ``use``.
    """

    conn_id = "nusawa_default"

    def __init__(self, url: str, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = url
        self.backend = backend
        self.settings_extra: dict[str, Any] = dict(SETTINGS_EXTRA)
        self._monkeypatch = monkeypatch
        self.use()

    def connection(self, **extra: Any) -> dict[str, Any]:
        """Return an Airflow connection to this gateway, in the form that ``AIRFLOW_CONN_…`` takes as JSON."""
        account, settings = self.backend.account, {**self.settings_extra, **extra}
        return {
            "conn_type": "nusawa",
            "host": self.url,
            "login": account.login,
            "password": account.secret_of(settings.get("api_version", "")),
            "extra": settings,
        }

    def use(self, conn_id: str = conn_id, **extra: Any) -> str:
        """Set the connection in the environment, for this test only; return its id.

        :param extra: Settings of the connection, such as ``only_to="0812…"`` or ``api_version="v1"``.
        """
        self._monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(self.connection(**extra)))
        return conn_id

    @property
    def messages(self) -> list[Message]:
        """All messages accepted, oldest first."""
        with self.backend.lock:
            return list(self.backend.books.messages.values())

    @property
    def requests(self) -> list[Received]:
        """All requests received, oldest first, with passwords starred."""
        with self.backend.lock:
            return list(self.backend.books.requests)

    def sent_to(self, number: str) -> list[Message]:
        """Return what a recipient got, oldest first; the number as it goes over the wire, or with 0 in front."""
        digits = "".join(char for char in number if char.isdigit())
        return self.backend.sent_to("62" + digits[1:] if digits.startswith("0") else digits)

    def fail_next(self, what: str | int, times: int = 1, **details: Any) -> Fault:
        """Make the next calls go wrong: ``Backend.fail_next`` says how."""
        return self.backend.fail_next(what, times, **details)

    def advance(self, seconds: float) -> None:
        """Move the gateway's clock on, so that messages get delivered."""
        self.backend.clock.advance(seconds)


@pytest.fixture
def nusawa_gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[NusaWaGateway]:
    """A fresh gateway, with ``nusawa_default`` leading to it: nothing sent, nothing failing."""
    backend = Backend()
    with serve(backend) as url:
        yield NusaWaGateway(url, backend, monkeypatch)

"""The test-connection button to press, with an eye on every sentence for a secret; and hosts that are no gateway."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from airflow_provider_nusawa.hooks import NusaWaHook

PASSWORD = "p@ss w&rd/1"
KEY = "00112233445566778899aabbccddeeff"
V1 = {"api_version": "v1"}
HOST = socket.gethostname()


@pytest.fixture(autouse=True)
def no_secret_is_ever_told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    told: list[str] = []
    yield told
    for spelling in {PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD), "demo-password"}:
        assert spelling not in "".join(told)


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch, no_secret_is_ever_told: list[str]) -> Any:
    """Press the button on a connection with these fields; without any, on the one that is set already."""

    def pressed(**fields: Any) -> tuple[bool, str]:
        if fields:
            value = {"conn_type": "nusawa", "login": "budi", "password": PASSWORD, **fields}
            monkeypatch.setenv("AIRFLOW_CONN_NUSAWA_DEFAULT", json.dumps(value))
        well, sentence = NusaWaHook().test_connection()
        no_secret_is_ever_told.append(sentence)
        return well, sentence

    return pressed


@contextmanager
def stranger(status: int, body: bytes = b"", **headers: str) -> Iterator[str]:
    """A server that is not the gateway; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()

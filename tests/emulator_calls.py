"""Calls on the emulator as a stranger would make them: the standard library's HTTP, and none of our own code."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlencode, urlsplit

LOGIN = {"username": "demo", "password": "demo-password"}
NUMBER = "6285100803380"
SEND = "/api/v3/sendwa/plain"


def ask(
    url: str, method: str, path: str, body: bytes | None = None, timeout: float = 5, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers (names in lower case) and body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def get(url: str, path: str, **fields: str) -> bytes:
    return ask(url, "GET", f"{path}?{urlencode(fields)}")[2]


def post(url: str, path: str = SEND, timeout: float = 5, **fields: str) -> tuple[int, dict[str, str], bytes]:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(url, "POST", path, urlencode(fields).encode(), timeout, **form)


def send(url: str, number: str = NUMBER, text: str = "Halo", **fields: str) -> dict[str, str]:
    """Post one message over v3; return the single result."""
    answer = post(url, **{**LOGIN, "GSM": number, "text": text, "output": "json", **fields})[2]
    (result,) = json.loads(answer)["results"]
    return result


def command(url: str, cmd: str, **fields: str) -> Any:
    return json.loads(get(url, "/api/command", user="demo", password="demo-password", cmd=cmd, output="json", **fields))

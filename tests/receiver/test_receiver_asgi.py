"""The receiver within somebody's ASGI server, and on a port of its own: the same answers, and no query in any log."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from receiver_house import TOKEN, House, locked, query

from airflow_provider_nusawa.receiver.asgi import BlankQuery, Receiver
from airflow_provider_nusawa.receiver.desk import PATH, PREFIX
from airflow_provider_nusawa.receiver.server import IDLE_SECONDS
from dev.house.receivers import receiver


async def answered(app: Any, scope: dict[str, Any], *bodies: bytes, more: bool = False) -> list[dict[str, Any]]:
    """Ask an ASGI application; ``more`` promises a body that never comes."""
    sent: list[dict[str, Any]] = []
    parts = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    if not more:
        parts.append({"type": "http.request", "body": b""})

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop(0)
        await asyncio.sleep(60)
        raise AssertionError("waited on")

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def scope_of(asked: str, method: str = "GET", path: str = PATH, **rest: Any) -> dict[str, Any]:
    scope = {"type": "http", "method": method, "path": f"{PREFIX}{path}", "root_path": PREFIX, "headers": []}
    return {**scope, "query_string": asked.encode(), **rest}


def test_a_mounted_receiver_answers_and_leaves_no_query_in_the_scope(house: House) -> None:
    scope = scope_of(query())

    start, body = asyncio.run(answered(Receiver(house.desk), scope))

    assert (start["status"], body["body"]) == (200, b"nusawa: ok\n")
    assert dict(start["headers"])[b"content-length"] == b"11"
    assert scope["query_string"] == b""
    assert len(house.known()) == 1


@pytest.mark.parametrize(
    ("status", "bodies"),
    [(200, [b"err_code=", b"69"]), (413, [b"x" * 5000] * 2), (415, [b"x" * 5000])],
)
def test_a_body_is_read_to_a_limit(house: House, status: int, bodies: list[bytes]) -> None:
    form = [] if status == 415 else [(b"Content-Type", b"application/x-www-form-urlencoded")]
    scope = scope_of(query(err_code=None), "POST", headers=form or [(b"content-type", b"text/html")])

    assert asyncio.run(answered(Receiver(house.desk), scope, *bodies))[0]["status"] == status


def test_a_body_that_does_not_come_is_not_waited_for_long(house: House) -> None:
    (start, _) = asyncio.run(answered(Receiver(house.desk), scope_of(query(), "POST"), b"a", more=True))

    assert start["status"] == 408


def test_a_websocket_is_closed(house: House) -> None:
    sent = asyncio.run(answered(Receiver(house.desk), {"type": "websocket", "path": PATH}))

    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("path", ["/nusawa", "/nusawa/", "/NusaWA", "/airflow/nusawa"])
def test_a_callback_to_the_prefix_itself_is_404_and_not_airflows_start_page(path: str) -> None:
    async def start_page(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("shown")

    scope = scope_of(query(), path="") | {"path": path}

    assert asyncio.run(answered(BlankQuery(start_page), scope))[0]["status"] == 404
    assert scope["query_string"] == b""


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/nusawa/callback", b""),
        ("/airflow/nusawa/callback", b""),
        ("/nusawa//callback", b""),
        ("/nusawa/calback", b""),
        ("/nusawa/callback/", b""),
        ("/api/v2/dags", query().encode()),
        ("/api/v2/dags/nusawa_dag/dagRuns", query().encode()),
    ],
)
def test_the_middleware_blanks_the_queries_of_callbacks_alone(path: str, left: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    scope = scope_of(query()) | {"path": path}
    asyncio.run(answered(BlankQuery(app), scope))

    assert scope["query_string"] == left


def test_pages_beside_the_receiver_keep_their_queries() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    scope = scope_of("page=2&page_token=1") | {"path": "/nusawa/campaigns"}
    asyncio.run(answered(BlankQuery(app), scope))

    assert scope["query_string"] == b"page=2&page_token=1"


def ask(url: str, asked: str, method: str = "GET", path: str = "", body: bytes | None = None) -> int:
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as connection:
        connection.request(method, f"{path or parts.path}?{asked}", body)
        return connection.getresponse().status


def raw(url: str, content: bytes) -> bytes:
    """Send bytes, and return what comes back."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(content)
        return connection.recv(4096)


def test_the_receiver_alone_answers_as_in_airflow_and_writes_nothing_of_it(house: House) -> None:
    with receiver(house.path, TOKEN) as (url, process):
        statuses = [
            ask(url, query()),
            ask(url, query().replace("&ref_no", "?ref_no")),
            ask(url, query(ref_no="posted"), "POST"),
            ask(url, query(token="CANARY-CANARY-CANARY")),
            ask(url, query(), path="/nusawa/x/../callback"),
            ask(url, query(), path="/callback"),
            ask(url, query(), "DELETE"),
            ask(url, query() + "&a=" + 6000 * "x"),
            ask(url, "", path="/health"),
        ]
        garbage = raw(url, f"GET {PREFIX}{PATH}?{query()} HTTP/9\r\nCANARY\0\r\n\r\n".encode())
        long = raw(url, f"GET {PREFIX}{PATH}?{query()}{20_000 * 'x'} HTTP/1.1\r\n\r\n".encode())
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)

    assert statuses == [200, 200, 200, 403, 404, 404, 405, 414, 200]
    assert garbage.split()[1:2] == long.split()[1:2] == [b"400"]
    assert (process.returncode, said) == (0, "")
    assert house.known() == {"058505911141748375": "D", "posted": "D"}


def test_what_still_waits_when_it_is_stopped_is_written_first(house: House) -> None:
    with receiver(house.path, TOKEN) as (url, process):
        with locked(house.path):
            assert ask(url, query()) == 503
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0

    assert house.known() == {"058505911141748375": "D"}


def test_slow_clients_keep_nobody_waiting(house: House) -> None:
    with receiver(house.path, TOKEN) as (url, _):
        parts = urlsplit(url)
        slow = [socket.create_connection((parts.hostname, parts.port)) for _ in range(200)]
        for place, one in enumerate(slow):
            half = f"POST {parts.path}?{query()} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\na"
            one.sendall(half[: 20 if place % 2 else None].encode())

        assert ask(url, query()) == 200
        assert slow[0].recv(100).split()[1] == b"408"
        slow[1].settimeout(IDLE_SECONDS + 10)
        assert slow[1].recv(100) == b"", "half a header is not waited for"
        for one in slow:
            one.close()


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"NUSAWA_CALLBACK_TOKEN": "short"}, "holds no token of 16 characters"),
        ({"NUSAWA_CALLBACK_TOKEN_CMD": "false secret"}, "the token's command failed"),
        ({"NUSAWA_CALLBACK_TOKEN_CMD": f"echo {TOKEN}", "NUSAWA_LEDGER": "/nowhere"}, "there is no ledger at /nowhere"),
    ],
)
def test_it_says_in_a_sentence_why_it_cannot_start(environ: dict[str, str], says: str) -> None:
    command = [sys.executable, "-m", "airflow_provider_nusawa.receiver", "--port", "0"]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("cannot start: ")
    assert says in done.stderr
    assert "secret" not in done.stderr


def test_a_secrets_command_gives_the_token(house: House) -> None:
    with receiver(house.path, TOKEN, NUSAWA_CALLBACK_TOKEN_CMD="echo one-0123456789-abc,two-0123456789-abc") as (
        url,
        _,
    ):
        tokens = ("one-0123456789-abc", "two-0123456789-abc", TOKEN)
        assert [ask(url, query(token=token)) for token in tokens] == [200, 200, 403]

"""Runs the gateway inside a program: in a thread of its own, on a real socket, for as long as a ``with`` block."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from airflow_provider_nusawa.emulator.backend import Backend
from airflow_provider_nusawa.emulator.server import application

# An idle connection closed just as a call leaves on it would be a fault that nobody ordered.
KEEP_ALIVE_SECONDS = 3600.0
CUT_SECONDS = 0.05  # for calls that hang; aiohttp takes 0 for "as long as they like"


async def run(
    backend: Backend,
    listening: socket.socket,
    stop: asyncio.Event,
    ready: Callable[[], None],
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve on a socket until ``stop`` is set; cut whatever is under way then."""
    runner = web.AppRunner(
        application(backend), access_log=None, keepalive_timeout=KEEP_ALIVE_SECONDS, shutdown_timeout=CUT_SECONDS
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening, backlog=1024, ssl_context=tls).start()
        ready()
        await stop.wait()
    finally:
        await runner.cleanup()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one.

    :raises OSError: if the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


def url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Background:
    """The event loop that serves, in a thread of its own."""

    def __init__(self, backend: Backend, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        self._backend, self._listening, self._tls = backend, listening, tls
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nusawa-emulator", daemon=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()  # whoever waits for a server that could not start must not wait for ever

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await run(self._backend, self._listening, self._stop, self._ready.set, self._tls)

    def __enter__(self) -> None:
        self._thread.start()
        self._ready.wait()

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@contextmanager
def serve(backend: Backend, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run a gateway beside this program; yield its base URL.

    :param port: 0 takes any free one.
    :param tls: A server's context, with certificate and key, to speak https.
    """
    listening = listen(host, port)
    url = url_of(listening)
    with _Background(backend, listening, tls):
        yield url.replace("http://", "https://") if tls else url

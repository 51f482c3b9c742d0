"""Put one request on the wire with aiohttp, and say as a value what came of it. Raises nothing, repeats nothing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from airflow_provider_nusawa.gateway.call import Call, Withheld
from airflow_provider_nusawa.gateway.errors import Cause
from airflow_provider_nusawa.gateway.exchange import MAX_ANSWER, Lost, Reply, Request
from airflow_provider_nusawa.gateway.settings import Settings

Door = Callable[[], float]
"""Asked when a request has its connection: how many seconds until it may leave. Whoever hears 0 is let out."""

_current: ContextVar[tuple[Call, Door]] = ContextVar("nusawa_call")


class _WatchedRequest(aiohttp.ClientRequest):
    """A request that asks its call before the first byte leaves, and that adds the query only then.

    The query of CREDITS and DR holds the password. aiohttp's errors, warnings and responses show the URL that the
    request was made with, which has none.
    """

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        if self.method != "CONNECT":  # what a proxy is told is not yet the request
            call, door = _current.get()
            call.begin()
            while (wait := door()) > 0:
                await asyncio.sleep(wait)
            call.leave()
            if call.request.query:
                self.url = URL(f"{self.url}?{call.request.query}", encoded=True)
        return await super().send(conn)


class AsyncTransport:
    """Keeps connections to one host open and exchanges requests over them, in one event loop.

    Does as ``Transport`` does: no cookies, no redirects, no retries of a send; proxies from the environment hold.

    :param connections: How many may be open at once; further calls wait for a free one within their time limit.
    :param door: Where each request waits last, its connection at hand: making one takes a time that nobody foresees.
    """

    def __init__(self, settings: Settings, connections: int = 100, *, door: Door = lambda: 0.0) -> None:
        self._host = settings.host
        self._limit_seconds = settings.total_timeout_seconds
        self._timeout = aiohttp.ClientTimeout(
            total=settings.total_timeout_seconds,
            sock_connect=settings.connect_timeout_seconds,
            sock_read=settings.read_timeout_seconds,
        )
        self._ssl: Any = ssl.create_default_context(cafile=settings.ca_bundle) if settings.ca_bundle else True
        self._connections = connections
        self._door = door
        self._session: aiohttp.ClientSession | None = None
        self._calls: dict[Call, asyncio.Task[Any]] = {}
        self._stopped = False

    async def exchange(self, request: Request, leave_before: float | None = None) -> Reply | Lost:
        """Ask once. However it ends, the value says whether a byte of the request had left."""
        call = Call(request, self._limit_seconds, leave_before)
        task = cast("asyncio.Task[Any]", asyncio.current_task())  # whatever awaits runs in a task
        self._calls[call] = task
        _current.set((call, self._door))
        try:
            if self._stopped:
                call.cut(Cause.STOPPED)
            return await self._ask(call)
        except asyncio.CancelledError:
            if call.cut_by is None:
                raise  # cancelled from outside: whoever did so decides what it means
            if hasattr(task, "uncancel"):  # Python 3.11+
                task.uncancel()
            return Lost(call.cut_by, call.bytes_left, call.cut_by.value)
        except Exception as error:  # noqa: BLE001 - whatever broke, what counts is whether bytes had left
            return call.lost(_cause(error), error)
        finally:
            del self._calls[call]

    def stop(self) -> None:
        """Cut all calls in flight; those that begin later are cut before a byte leaves. Call it in the event loop."""
        self._stopped = True
        for call, task in self._calls.items():
            if call.cut_by is None:
                call.cut(Cause.STOPPED)
                task.cancel()

    async def close(self) -> None:
        self.stop()
        if self._session is not None:
            await self._session.close()

    async def _ask(self, call: Call) -> Reply:
        call.begin()
        request = call.request
        async with self._open().request(
            request.method,
            URL(self._host + request.path, encoded=True),
            data=request.body or None,
            headers={**request.headers, "Accept-Encoding": "identity"},
            allow_redirects=False,
        ) as response:
            body = b""
            while len(body) <= MAX_ANSWER and (more := await response.content.read(MAX_ANSWER + 1 - len(body))):
                body += more
            if len(body) > MAX_ANSWER:
                call.cut(Cause.TOO_LARGE)
                raise Withheld
            return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, body)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._ssl),
                timeout=self._timeout,
                request_class=_WatchedRequest,
                cookie_jar=aiohttp.DummyCookieJar(),
                proxy=_proxy_for(self._host),
            )
        return self._session


def _proxy_for(host: str) -> str | None:
    # Not aiohttp's trust_env: it also reads .netrc, and both anew, in a thread, for every request.
    url = urlsplit(host)
    return None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)


_CAUSES: list[tuple[type[BaseException], Cause]] = [
    # The narrow ones first: aiohttp's DNS and TLS errors are ClientConnectorErrors too.
    (aiohttp.ClientConnectorDNSError, Cause.DNS),
    (UnicodeError, Cause.DNS),  # a name that no name can be
    (aiohttp.ClientSSLError, Cause.TLS),
    (aiohttp.ClientHttpProxyError, Cause.PROXY),
    (aiohttp.ClientProxyConnectionError, Cause.PROXY),
    (aiohttp.ClientConnectorError, Cause.CONNECT),
    (TimeoutError, Cause.TIMEOUT),
    (asyncio.TimeoutError, Cause.TIMEOUT),  # a class of its own on Python 3.10
    (aiohttp.ClientError, Cause.DROPPED),
    (OSError, Cause.DROPPED),
    (Withheld, Cause.DROPPED),  # unless the call was cut: aiohttp would repeat a GET whose old connection broke
]


def _cause(error: Exception) -> Cause:
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.FAULT)

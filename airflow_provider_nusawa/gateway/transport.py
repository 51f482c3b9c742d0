"""Put one request on the wire with requests, and say as a value what came of it. Raises nothing, repeats nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from airflow_provider_nusawa.gateway.call import Call, Withheld
from airflow_provider_nusawa.gateway.errors import Cause
from airflow_provider_nusawa.gateway.exchange import MAX_ANSWER, Lost, Reply, Request
from airflow_provider_nusawa.gateway.settings import Settings

_WATCH_SECONDS = 0.25
_current = threading.local()


class _Watched:
    """A connection that asks its call before the first byte leaves, and that alone knows the query.

    The query of CREDITS and DR holds the password. urllib3 never gets it, so it is in none of its logs and errors.
    """

    sock: Any

    def _new_conn(self) -> Any:
        # Name resolution cannot be interrupted, so it runs aside: the caller leaves when the call is cut.
        return _aside(super()._new_conn, _current.call)  # type: ignore[misc]

    def connect(self) -> None:
        self._connecting = True  # what a proxy is told (CONNECT) is not yet the request
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        _current.call.begin()
        query = _current.call.request.query
        super().putrequest(method, f"{url}?{query}" if query else url, *args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if not self._connecting:
            _current.call.holds(self.sock.fileno())
            _current.call.leave()
        super().send(data)  # type: ignore[misc]

    _connecting = False


class _HTTPConnection(_Watched, HTTPConnection):
    pass


class _HTTPSConnection(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


def _aside(make_connection: Callable[[], Any], call: Call) -> Any:
    made: list[Any] = []
    failed: list[BaseException] = []
    done = call.was_cut  # one event wakes the caller, whether the connection stands or the call is cut

    def make() -> None:
        try:
            made.append(make_connection())
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            failed.append(error)
        if call.cut_by is not None and made:
            made.pop().close()
        done.set()

    threading.Thread(target=make, name="nusawa-connect", daemon=True).start()
    done.wait()
    if call.cut_by is not None:
        raise Withheld
    done.clear()
    if failed:
        raise failed[0]
    call.holds(made[0].fileno())
    return made[0]


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class Transport:
    """Keeps connections to one host open and exchanges requests over them. Thread-safe.

    Uses requests' adapter without its session: no cookies, no redirects, no ``.netrc``, no retries. Proxies and
    certificates from the environment hold as people know them from requests.
    """

    def __init__(self, settings: Settings, connections: int = 32) -> None:
        self._host = settings.host
        self._timeout = (settings.connect_timeout_seconds, settings.read_timeout_seconds)
        self._limit_seconds = settings.total_timeout_seconds
        self._adapter = _Adapter(pool_connections=1, pool_maxsize=connections)
        verify: Any = settings.ca_bundle or True
        with requests.Session() as session:
            self._environment: Any = dict(session.merge_environment_settings(self._host, {}, True, verify, None))
        self._calls: set[Call] = set()
        self._stopped = threading.Event()
        self._watchdog: threading.Thread | None = None
        self._lock = threading.Lock()

    def exchange(self, request: Request, leave_before: float | None = None) -> Reply | Lost:
        """Ask once. However it ends, the value says whether a byte of the request had left."""
        call = Call(request, self._limit_seconds, leave_before)
        self._watch(call)
        _current.call = call
        try:
            return self._ask(call)
        except Exception as error:  # noqa: BLE001 - whatever broke, what counts is whether bytes had left
            return call.lost(_cause(error), error)
        finally:
            with self._lock:
                self._calls.discard(call)
            call.close()

    def stop(self) -> None:
        """Cut all calls in flight; those that begin later are cut before a byte leaves."""
        self._stopped.set()
        for call in self._in_flight():
            call.cut(Cause.STOPPED)

    def close(self) -> None:
        self.stop()
        self._adapter.close()

    def _ask(self, call: Call) -> Reply:
        call.begin()
        prepared = PreparedRequest()
        prepared.method = call.request.method
        prepared.url = self._host + call.request.path
        prepared.headers = CaseInsensitiveDict(call.request.headers)
        prepared.headers["Accept-Encoding"] = "identity"
        if call.request.body:
            prepared.body = call.request.body
            prepared.headers["Content-Length"] = str(len(call.request.body))
        with self._adapter.send(prepared, timeout=self._timeout, **self._environment) as response:
            body = response.raw.read(MAX_ANSWER + 1, decode_content=True)
            if len(body) > MAX_ANSWER:
                call.cut(Cause.TOO_LARGE)
            if call.cut_by is not None:
                raise Withheld
            return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)

    def _watch(self, call: Call) -> None:
        with self._lock:
            self._calls.add(call)
            if self._watchdog is None:
                self._watchdog = threading.Thread(target=self._keep_time, name="nusawa-limit", daemon=True)
                self._watchdog.start()
        if self._stopped.is_set():
            call.cut(Cause.STOPPED)

    def _in_flight(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def _keep_time(self) -> None:
        while not self._stopped.wait(_WATCH_SECONDS):
            now = time.monotonic()
            for call in self._in_flight():
                if now > call.deadline:
                    call.cut(Cause.TIMEOUT)


_CAUSES: list[tuple[type[BaseException], Cause]] = [
    # The narrow ones first: urllib3's NameResolutionError is a NewConnectionError, and that a TimeoutError.
    (requests.exceptions.ProxyError, Cause.PROXY),
    (requests.exceptions.SSLError, Cause.TLS),
    (urllib3.exceptions.NameResolutionError, Cause.DNS),
    (urllib3.exceptions.LocationParseError, Cause.DNS),
    (urllib3.exceptions.NewConnectionError, Cause.CONNECT),
    (requests.exceptions.Timeout, Cause.TIMEOUT),
    (urllib3.exceptions.TimeoutError, Cause.TIMEOUT),
]


def _cause(error: Exception) -> Cause:
    # requests wraps urllib3's errors: as the first argument, and that one's ``reason``.
    wrapped = getattr(error.args[0], "reason", None) if error.args else None
    for one in (error, wrapped):
        for kind, cause in _CAUSES:
            if isinstance(one, kind):
                return cause
    return Cause.DROPPED

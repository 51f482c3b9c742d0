"""Put one request on the wire with requests, and say as a value what came of it. Raises nothing, repeats nothing."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

import requests
import urllib3
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict

from airflow_provider_nusawa.gateway.call import Call, Withheld
from airflow_provider_nusawa.gateway.connections import WatchedAdapter, current
from airflow_provider_nusawa.gateway.errors import Cause
from airflow_provider_nusawa.gateway.exchange import MAX_ANSWER, Lost, Reply, Request
from airflow_provider_nusawa.gateway.settings import Settings

_WATCH_SECONDS = 0.25


class Transport:
    """Keeps connections to one host open and exchanges requests over them. Thread-safe.

    Uses requests' adapter without its session: no cookies, no redirects, no ``.netrc``, no retries. Proxies and
    certificates from the environment hold as people know them from requests.
    """

    def __init__(self, settings: Settings, connections: int = 32) -> None:
        self._host = settings.host
        self._timeout = (settings.connect_timeout_seconds, settings.read_timeout_seconds)
        self._limit_seconds = settings.total_timeout_seconds
        self._adapter = WatchedAdapter(pool_connections=1, pool_maxsize=connections)
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
        current.call = call
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
    (requests.exceptions.RequestException, Cause.DROPPED),
    (urllib3.exceptions.HTTPError, Cause.DROPPED),
    (http.client.HTTPException, Cause.DROPPED),
    (OSError, Cause.DROPPED),
]


def _cause(error: Exception) -> Cause:
    # requests wraps urllib3's errors: as the first argument, and that one's ``reason``.
    wrapped = getattr(error.args[0], "reason", None) if error.args else None
    found = (cause for kind, cause in _CAUSES if isinstance(error, kind) or isinstance(wrapped, kind))
    return next(found, Cause.FAULT)

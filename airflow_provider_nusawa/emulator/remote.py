"""An emulator in a process of its own, in the hands of this one: for tests that kill, and for demonstrations."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Remote:
    """What can be asked and ordered of an emulator through its JSON API.

    :param connection: The Airflow connection that leads to it, as plain JSON values; empty if not known.
    """

    def __init__(self, url: str, connection: dict[str, Any] | None = None) -> None:
        self.url = url
        self.connection = connection or {}
        self.process: subprocess.Popen[str] | None = None

    def ask(self, what: str = "", /, **query: Any) -> Any:
        """Return what the API says: ``ask("messages", number="62812…", limit=0)``."""
        return self._read(f"{what}?{urlencode(query)}")

    def order(self, what: str, /, **values: Any) -> Any:
        """Order something: ``order("clock", advance_seconds=60)``, ``order("rules", messages_a_day=3)``."""
        return self._read(what, json.dumps(values).encode())

    def fail_next(self, what: str | int, times: int = 1, **details: Any) -> Any:
        """Make the next calls go wrong: ``Backend.fail_next`` says how."""
        return self.order("faults", what=what, times=times, **details)

    def messages(self, number: str | None = None) -> list[dict[str, Any]]:
        """Return all accepted messages, newest first."""
        query = {} if number is None else {"number": number}
        found: list[dict[str, Any]] = self.ask("messages", limit=0, **query)
        return found

    def _read(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", body, headers)  # noqa: S310  # always http
        with NO_PROXY.open(request, timeout=30) as answer:
            return json.loads(answer.read())


@contextmanager
def spawn(*arguments: str) -> Iterator[Remote]:
    """Run the emulator as a process; yield the means to ask and order it.

    :param arguments: Of its command line; the port is any free one unless they say otherwise.
    """
    command = [sys.executable, "-m", "airflow_provider_nusawa.emulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # no shell, our own module
        try:
            remote = _introduced(process)
            remote.process = process
            yield remote
        finally:
            process.terminate()


def _introduced(process: subprocess.Popen[str]) -> Remote:
    """Read the two lines with which an emulator starts."""
    assert process.stdout is not None  # noqa: S101  # it was asked for as a pipe
    inbox, line = process.stdout.readline().split(), process.stdout.readline()
    if len(inbox) != 2:
        raise RuntimeError("the emulator did not start; what it said stands on standard error")
    (_, connection) = shlex.split(line)
    return Remote(inbox[1], json.loads(connection.partition("=")[2]))

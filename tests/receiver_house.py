"""A receiver for tests: one ledger, one token, calls in one line, and what the ledger knows afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from airflow_provider_nusawa.ledger.schema_shared import orphans
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger
from airflow_provider_nusawa.receiver.desk import Answer, Call, Desk
from airflow_provider_nusawa.receiver.tokens import Tokens
from airflow_provider_nusawa.receiver.writer import Writer

TOKEN = "t0ken+with/odd=signs"
REPORT = {"ref_no": "058505911141748375", "status": "D", "sent_date": "2017-09-25 17:49:05.0", "err_code": "0"}


def query(token: str = TOKEN, **changes: str | None) -> str:
    """Return the query of a callback, some of its fields changed or, with None, left out."""
    fields = {"token": token, **REPORT, **changes}
    return urlencode({name: value for name, value in fields.items() if value is not None})


@dataclass
class House:
    """A receiver and its ledger."""

    path: Path
    ledger: Ledger
    desk: Desk

    def call(
        self,
        asked: str | bytes,
        method: str = "GET",
        path: str = "/callback",
        body: bytes | Exception = b"",
        **rest: Any,
    ) -> Answer:
        """Ask the desk, and return its answer."""
        return asyncio.run(self.desk.handle(call(asked, method, path, body, **rest)))

    def known(self) -> dict[str, str]:
        """Return the letters of messages that nobody has sent."""
        o = orphans.c
        rows = self.ledger.read(lambda tx: tx.run(sa.select(o.message_id, o.letter)).all())
        return {row.message_id: row.letter for row in rows}


def call(
    asked: str | bytes,
    method: str = "GET",
    path: str = "/callback",
    body: bytes | Exception = b"",
    content_type: str = "",
) -> Call:
    async def read_body() -> bytes:
        if isinstance(body, Exception):
            raise body
        return body

    return Call(method, path, asked.encode() if isinstance(asked, str) else asked, content_type, read_body)


@contextmanager
def opened(path: Path, tokens: Callable[[], str] = lambda: TOKEN, **rest: Any) -> Iterator[House]:
    """Make a ledger and a receiver over it, which asks for its tokens each time."""
    url = f"sqlite:///{path}"
    with open_ledger(url, create=True) as ledger, closing(Writer(lambda: open_ledger(url), **rest)) as writer:
        yield House(path, ledger, Desk(Tokens(tokens, reread_seconds=0.0), writer))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the ledger's one write lock, as a backup that hangs would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")

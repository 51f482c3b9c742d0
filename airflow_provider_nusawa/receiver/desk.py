"""What every callback meets, whatever server it came through: path, method, token, fields, ledger."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from airflow_provider_nusawa.receiver.reading import MAX_QUERY, TOKEN, Fields, NotACallback, read_fields, read_report
from airflow_provider_nusawa.receiver.tokens import Tokens, TokensUnknown
from airflow_provider_nusawa.receiver.writer import Writer

log = logging.getLogger(__name__)

PREFIX = "/nusawa"
PATH = "/callback"

FORM = "application/x-www-form-urlencoded"
BODY_SECONDS = 5.0
"""So long the body of a call may take to come."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    :param path: Below ``PREFIX``.
    :param read_body: Returns the body; raises ``Answered`` if it is too large, or does not come.
    """

    method: str
    path: str
    query: bytes = field(repr=False)
    content_type: str
    read_body: Callable[[], Awaitable[bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and one line that tells this server from any other; never a word of what was asked."""

    status: int
    text: str

    @property
    def body(self) -> bytes:
        return f"nusawa: {self.text}\n".encode()

    @property
    def headers(self) -> dict[str, str]:
        again = {405: {"Allow": "GET, POST"}, 503: {"Retry-After": "60"}}.get(self.status, {})
        return {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", **again}


NO_SUCH_PATH = Answer(404, f"no such path; callbacks come to {PREFIX}{PATH}")


class Answered(Exception):
    """The call needs no further look: this is its answer."""

    def __init__(self, status: int, text: str) -> None:
        self.answer = Answer(status, text)
        super().__init__(text)


class Desk:
    """Takes calls, and answers 200 for those that are on record, and for no other.

    :param on_answer: Told the status of each answer; raises nothing and does not block.
    """

    def __init__(self, tokens: Tokens, writer: Writer, on_answer: Callable[[int], None] = lambda status: None) -> None:
        self.tokens = tokens
        self.writer = writer
        self._on_answer = on_answer

    async def handle(self, call: Call) -> Answer:
        """Answer a call. It raises nothing: a server would log what it raised, and the query with it."""
        answer = await self._answer(call)
        self._on_answer(answer.status)
        return answer

    async def _answer(self, call: Call) -> Answer:
        try:
            return await self._handle(call)
        except Answered as answered:
            return answered.answer
        except NotACallback as error:
            return Answer(400, str(error))
        except TokensUnknown:
            return Answer(503, "the receiver cannot read its token")
        except Exception as error:  # noqa: BLE001 - a traceback may show what it held
            log.error("A callback met %s.", type(error).__name__)
            return Answer(500, "the receiver failed")

    async def _handle(self, call: Call) -> Answer:
        if call.path != PATH:
            return NO_SUCH_PATH
        if call.method not in ("GET", "POST"):
            raise Answered(405, "callbacks come by GET")
        if len(call.query) > MAX_QUERY:
            raise Answered(414, "the query is too long")
        fields = await self._admit(read_fields(call.query))
        report = read_report(await _with_body(fields, call) if call.method == "POST" else fields)
        if not await self.writer.write(report):
            raise Answered(503, "the ledger cannot take it now")
        return Answer(200, "ok")

    async def _admit(self, fields: Fields) -> Fields:
        """Return the fields beside the token. Before anything else is read of a stranger's call."""
        given = fields.pop(TOKEN, [])
        if len(given) != 1 or not await self.tokens.admit(given[0]):
            raise Answered(403, "the token is missing or wrong")
        return fields


async def _with_body(fields: Fields, call: Call) -> Fields:
    body = await call.read_body()
    if body.strip() and call.content_type.partition(";")[0].strip().lower() not in (FORM, ""):
        raise Answered(415, f"a POST holds a form ({FORM})")
    for name, values in read_fields(body.strip()).items():
        fields.setdefault(name, []).extend(values)
    return fields

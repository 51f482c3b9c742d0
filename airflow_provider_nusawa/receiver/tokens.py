"""Who may tell: whoever knows a token. Several are valid at once, so that one can follow another without a gap."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)

SHORTEST = 16
"""Characters: a shorter one could be found by trying."""

REREAD_SECONDS = 60.0
RETRY_SECONDS = 5.0
"""Between two tries while no tokens are known: a stranger's calls must not run a secrets command each."""

PATIENCE_SECONDS = 5.0
"""So long a call waits for tokens that are being read. A command may hang."""


class Tokens:
    """The tokens that hold now; read anew each minute, so that a secrets command can change them.

    :param read: Returns them as one text, with commas between. It may run a command, so it is called in a thread, and
        never twice at once.
    """

    def __init__(
        self,
        read: Callable[[], str],
        reread_seconds: float = REREAD_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._read = read
        self._reread_seconds = reread_seconds
        self._retry_seconds = retry_seconds
        self._known: Sequence[bytes] | None = None
        self._due = 0.0
        self._reader = ThreadPoolExecutor(1, "nusawa-tokens")
        self._reading: Future[None] | None = None

    async def admit(self, given: str) -> bool:
        """Whether this is one of them. It takes the same time whether much of it is right or nothing.

        :raises TokensUnknown: if they cannot be read and never could.
        """
        reading = self._reading
        if reading is None or (reading.done() and time.monotonic() >= self._due):
            reading = self._reading = self._reader.submit(self._reread)
            await _end_of(reading)
        elif self._known is None:  # who knows some goes on with the tokens of before
            await _end_of(reading)
        if self._known is None:
            raise TokensUnknown
        found = [hmac.compare_digest(given.encode("utf-8", "replace"), token) for token in self._known]
        return any(found)

    def _reread(self) -> None:
        try:
            self._known = usable(self._read())
        except Exception as error:  # noqa: BLE001 - a secrets command may fail in any way; its text may be the secret
            log.error("The receiver cannot read its callback_token: %s.", type(error).__name__)
        if self._known == []:
            log.error("The receiver has no callback_token of %d characters or more, and refuses all.", SHORTEST)
        self._due = time.monotonic() + (self._retry_seconds if self._known is None else self._reread_seconds)


class TokensUnknown(Exception):
    """Nobody can be told apart from anybody."""


async def _end_of(reading: Future[None]) -> None:
    await asyncio.wait([asyncio.wrap_future(reading)], timeout=PATIENCE_SECONDS)


def usable(text: str) -> list[bytes]:
    """Return the tokens in a text that are long enough."""
    return [token.encode() for token in (one.strip() for one in text.split(",")) if len(token) >= SHORTEST]

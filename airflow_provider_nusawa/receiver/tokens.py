"""Who may tell: whoever knows a token. Several are valid at once, so that one can follow another without a gap."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

SHORTEST = 16
"""Characters: a shorter one could be found by trying."""

REREAD_SECONDS = 60.0


class Tokens:
    """The tokens that hold now; read anew each minute, so that a secrets command can change them.

    :param read: Returns them as one text, with commas between. It may run a command, so it is called in a thread.
    """

    def __init__(self, read: Callable[[], str], reread_seconds: float = REREAD_SECONDS) -> None:
        self._read = read
        self._reread_seconds = reread_seconds
        self._known: Sequence[bytes] | None = None
        self._due = 0.0

    async def admit(self, given: str) -> bool:
        """Whether this is one of them. It takes the same time whether much of it is right or nothing.

        :raises TokensUnknown: if they cannot be read and never could.
        """
        if self._known is None or time.monotonic() >= self._due:
            self._due = time.monotonic() + self._reread_seconds  # meanwhile others go on with the tokens of before
            await self._reread()
        if self._known is None:
            raise TokensUnknown
        found = [hmac.compare_digest(given.encode("utf-8", "replace"), token) for token in self._known]
        return any(found)

    async def _reread(self) -> None:
        try:
            text = await asyncio.to_thread(self._read)
        except Exception as error:  # noqa: BLE001 - a secrets command may fail in any way; its text may be the secret
            log.error("The receiver cannot read its callback_token: %s.", type(error).__name__)
            return
        known = usable(text)
        if not known:
            log.error("The receiver has no callback_token of %d characters or more, and refuses all.", SHORTEST)
        self._known = known


class TokensUnknown(Exception):
    """Nobody can be told apart from anybody."""


def usable(text: str) -> list[bytes]:
    """Return the tokens in a text that are long enough."""
    return [token.encode() for token in (one.strip() for one in text.split(",")) if len(token) >= SHORTEST]

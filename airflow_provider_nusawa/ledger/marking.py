"""The mark by which a ledger knows a person without naming him."""

from __future__ import annotations

from hashlib import sha256

_BLOCK = 64
"""SHA-256's, in bytes."""


class Marker:
    """HMAC-SHA256 under one secret, cut to 128 bits (RFC 2104).

    The secret's two pads are hashed once: that halves the time of ``hmac.digest``, for a million people in a list.

    :param secret: At most 64 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        block = secret.ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def __call__(self, number: str) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(number.encode())
        outer.update(inner.digest())
        return outer.digest()[:16]

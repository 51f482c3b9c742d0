"""A file's bytes as lines of text: decompressed, decoded, and never more than a line in memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

from airflow_provider_nusawa.campaign.errors import ListUnfit

MAX_LINE = 1 << 20
"""Characters that a line may have: 1,000 times a text. What has no line ends is no list, and would fill the memory."""

_OPENERS: dict[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}

_FOREIGN = {
    b"\x28\xb5\x2f\xfd": "it is compressed by zstd: use gzip, bzip2 or xz",
    b"PK\x03\x04": "it is an Excel workbook or a ZIP archive: save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook: save the sheet as 'CSV UTF-8'",
    b"\xff\xfe": "it is UTF-16, which Excel calls Unicode text: save it as 'CSV UTF-8'",
    b"\xfe\xff": "it is UTF-16, which Excel calls Unicode text: save it as 'CSV UTF-8'",
}
_LINE_END = re.compile(rb"\r\n|\r|\n")


def decompressed(stream: BinaryIO) -> io.BufferedReader:
    """Return a stream of the bytes inside, known by how they begin and not by the file's name.

    :raises ListUnfit: for what is no text, naming what it is.
    """
    outer: io.BufferedReader = io.BufferedReader(_Reading(stream))
    opener = next((opener for magic, opener in _OPENERS.items() if head(outer).startswith(magic)), None)
    inner: io.BufferedReader = io.BufferedReader(_Reading(opener(outer))) if opener else outer
    for magic, what in _FOREIGN.items():
        if head(inner).startswith(magic):
            raise ListUnfit(what)
    return inner


def head(stream: io.BufferedReader) -> bytes:
    """Return what a stream begins with, at least 8 bytes if it has them, and leave it where it is."""
    with _damage_named(lambda: 1):
        return stream.peek(8)


def lines_of(stream: io.BufferedReader) -> Iterator[str]:
    """Yield lines with their ends, however they end.

    :raises ListUnfit: naming the line that is not UTF-8, or too long, or in the middle of which the file is damaged.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    number = 0
    with _damage_named(lambda: number + 1):
        for number, line in enumerate(iter(partial(text.readline, MAX_LINE), ""), 1):
            if len(line) >= MAX_LINE:
                raise ListUnfit("it has more than a million characters: this is no list", line=number)
            yield line


class _damage_named:  # noqa: N801 - used like a function
    """Turns what decoders raise into an error that names the line.

    :param line: Returns the number of the line that is being read.
    """

    def __init__(self, line: Callable[[], int]) -> None:
        self._line = line

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnicodeDecodeError):
            # All lines before this piece of the file have been given out: the rest is counted in the piece.
            line = self._line() + len(_LINE_END.findall(error.object[: error.start]))
            byte = error.object[error.start]
            what = f"it is not UTF-8 (byte 0x{byte:02X}): save the file as UTF-8, in Excel as 'CSV UTF-8'"
            raise ListUnfit(what, line=line) from None
        if isinstance(error, (EOFError, zlib.error, lzma.LZMAError)) or is_decoders(error):
            raise ListUnfit(f"the compressed file is damaged or cut off ({error})", line=self._line()) from error


def is_decoders(error: BaseException | None) -> bool:
    """Whether an OSError tells of bad data, for which gzip, bz2 and pyarrow raise a bare one.

    One of the system's or the network's has a number or a name: then the file may well be read later.
    """
    return isinstance(error, gzip.BadGzipFile) or (type(error) is OSError and error.errno is None)


class _Reading(io.RawIOBase):
    """Whatever has ``read``, as a raw stream: object stores' files are not all of Python's own kind."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

"""Bytes to lines: compressed or not, in UTF-8 or refused by the line, and never all in memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tracemalloc
from collections.abc import Callable
from functools import partial

import pytest
from campaign.lists import rows_of

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.sources import from_file
from airflow_provider_nusawa.campaign.streams import MAX_LINE

CSV = "number,nama\n" + "".join(f"0812{place:07d},Ani {place}\n" for place in range(5_000))


@pytest.mark.parametrize(
    "compress",
    [
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(bz2.compress, id="bzip2"),
        pytest.param(lzma.compress, id="xz"),
        pytest.param(lambda data: gzip.compress(data[:999]) + gzip.compress(data[999:]), id="gzip-in-parts"),
    ],
)
def test_a_compressed_file_is_known_by_how_it_begins(compress: Callable[[bytes], bytes]) -> None:
    assert rows_of(compress(CSV.encode())) == rows_of(CSV)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_file_cut_off_is_refused_and_not_taken_for_a_short_one(
    compress: Callable[[bytes], bytes], kept: float
) -> None:
    data = compress(CSV.encode())

    with pytest.raises(ListUnfit, match="damaged or cut off"):
        rows_of(data[: int(len(data) * kept)])


@pytest.mark.parametrize("line", [1, 2, 700, 5_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_not_utf8_is_refused_by_its_line(line: int, end: str) -> None:
    lines = CSV.splitlines()
    lines[line - 1] += " café"

    with pytest.raises(ListUnfit, match="not UTF-8") as caught:
        rows_of(end.join(lines).encode("cp1252"))

    assert caught.value.line == line


@pytest.mark.parametrize(
    ("data", "what"),
    [
        pytest.param(CSV.encode("utf-16"), "UTF-16", id="utf-16"),
        pytest.param(CSV.encode("utf-16-le"), "NUL bytes", id="utf-16-without-mark"),
        pytest.param(b"PK\x03\x04rest", "Excel workbook or a ZIP", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook", id="xls"),
        pytest.param(b"\x28\xb5\x2f\xfd0000", "zstd", id="zstd"),
        pytest.param(gzip.compress(b"PK\x03\x04rest"), "Excel workbook", id="xlsx-in-gzip"),
        pytest.param(b"\x1f\x8b damaged", "damaged", id="damaged-at-once"),
        pytest.param(b"number\n" + b"8" * MAX_LINE, "no list", id="no-line-ends"),
    ],
)
def test_what_is_no_list_is_named(data: bytes, what: str) -> None:
    with pytest.raises(ListUnfit, match=what):
        rows_of(data)


def test_what_fails_below_is_not_taken_for_damage() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError(104, "reset by peer")

    with pytest.raises(ConnectionResetError):
        list(from_file(Broken)())


def test_memory_does_not_grow_with_the_list() -> None:
    data = gzip.compress(CSV.encode() + b"".join(b"08129%06d,Ani\n" % place for place in range(200_000)))
    tracemalloc.start()

    count = sum(1 for _ in from_file(partial(io.BytesIO, data))())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 205_000
    assert peak < 2_000_000

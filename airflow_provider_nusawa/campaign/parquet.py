"""Parquet, where pyarrow is installed: ``pip install 'airflow-provider-nusawa[parquet]'``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.rows import Row, check_columns, row_of

MAGIC = b"PAR1"

_AT_ONCE = 1_000


def read_parquet(stream: BinaryIO, number_field: str) -> Iterator[Row]:
    """Yield the rows, counted from 1; no more than one batch of one row group is decoded at a time."""
    file, broken = _open(stream)
    names = file.schema_arrow.names
    number_column = check_columns(names, number_field)
    line = 0
    try:
        for batch in file.iter_batches(batch_size=_AT_ONCE):
            for line, item in enumerate(batch.to_pylist(), line + 1):  # noqa: B020 - goes on where the last one ended
                yield row_of(line, item, number_column)
    except broken as error:
        raise ListUnfit(f"the Parquet file is damaged ({error})", line=line + 1) from error


def _open(stream: BinaryIO) -> tuple[Any, type[Exception]]:
    """Return the file, and the class of pyarrow's errors."""
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        what = "Parquet needs pyarrow: pip install 'airflow-provider-nusawa[parquet]', or write the list as CSV"
        raise ListUnfit(what) from error
    if not stream.seekable():
        raise ListUnfit("Parquet cannot be read from a stream that goes only forward")
    stream.seek(0)
    try:
        return parquet.ParquetFile(stream), arrow.ArrowException
    except arrow.ArrowException as error:
        raise ListUnfit(f"the Parquet file is damaged, or compressed as a whole ({error})") from error

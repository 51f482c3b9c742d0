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
    """Yield the rows, counted from 1, in the same little memory however long the list: one row group is read at a time,
    and one batch of it decoded.
    """
    file, broken = _open(stream)
    line = 0
    try:
        number_column = check_columns(file.schema_arrow.names, number_field)
        for batch in _batches(file):
            for line, item in enumerate(batch.to_pylist(), line + 1):  # noqa: B020 - goes on where the last one ended
                yield row_of(line, item, number_column)
    except broken as error:
        if _is_of_storage(error):
            raise
        raise ListUnfit(f"the Parquet file is damaged ({error})", line=line + 1) from error


def _open(stream: BinaryIO) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return the file, and what pyarrow raises where one is damaged."""
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        what = "Parquet needs pyarrow: pip install 'airflow-provider-nusawa[parquet]', or write the list as CSV"
        raise ListUnfit(what) from error
    if not stream.seekable():
        raise ListUnfit("Parquet cannot be read from a stream that goes only forward")
    stream.seek(0)
    broken = (arrow.ArrowException, OSError, ValueError, OverflowError)  # the last two: no such text, no such date
    try:
        return parquet.ParquetFile(stream), broken
    except broken as error:
        if _is_of_storage(error):
            raise
        raise ListUnfit(f"the Parquet file is damaged, or compressed as a whole ({error})") from error


def _batches(file: Any) -> Iterator[Any]:
    # All groups at once would be read ahead of who asks for the rows; threads take more memory the longer the list is.
    for group in range(file.num_row_groups):
        yield from file.iter_batches(batch_size=_AT_ONCE, row_groups=[group], use_threads=False)


def _is_of_storage(error: Exception) -> bool:
    """Whether the file could not be read now, and may well be later; of damage pyarrow makes a bare OSError too."""
    return isinstance(error, OSError) and (type(error) is not OSError or error.errno is not None)

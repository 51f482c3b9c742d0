"""Parquet, where pyarrow is installed: ``pip install 'airflow-provider-nusawa[parquet]'``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO

from airflow_provider_nusawa.campaign.errors import ListUnfit
from airflow_provider_nusawa.campaign.rows import Row, check_columns, row_of
from airflow_provider_nusawa.campaign.streams import is_decoders

MAGIC = b"PAR1"

_AT_ONCE = 1_000


def read_parquet(stream: BinaryIO, number_field: str) -> Iterator[Row]:
    """Yield the rows, counted from 1, in the same little memory however long the list: one row group is read at a time,
    and one batch of it decoded.
    """
    arrow, parquet = _import()
    if not stream.seekable():
        raise ListUnfit("Parquet cannot be read from a stream that goes only forward")
    stream.seek(0)
    file, line = None, 0
    try:
        file = parquet.ParquetFile(stream)
        number_column = check_columns(file.schema_arrow.names, number_field)
        for batch in _batches(file):
            for line, item in enumerate(batch.to_pylist(), line + 1):  # noqa: B020 - goes on where the last one ended
                yield row_of(line, item, number_column)
    except (arrow.ArrowException, OSError, ValueError, OverflowError) as error:  # the last two: no such text, or date
        if isinstance(error, OSError) and not is_decoders(error):
            raise
        if file is None:
            raise ListUnfit(f"the Parquet file is damaged, or compressed as a whole ({error})") from error
        raise ListUnfit(f"the Parquet file is damaged ({error})", line=line + 1) from error


def _import() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        what = "Parquet needs pyarrow: pip install 'airflow-provider-nusawa[parquet]', or write the list as CSV"
        raise ListUnfit(what) from error


def _batches(file: Any) -> Iterator[Any]:
    # All groups at once would be read ahead of who asks for the rows; threads take more memory the longer the list is.
    for group in range(file.num_row_groups):
        yield from file.iter_batches(batch_size=_AT_ONCE, row_groups=[group], use_threads=False)

"""One report in one format, chosen by how its path ends, written to any stream of bytes."""

from __future__ import annotations

import gzip
import io
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, TextIO, cast

from airflow_provider_nusawa.ledger.listing import some_of
from airflow_provider_nusawa.ledger.states import Sending
from airflow_provider_nusawa.ledger.store import Ledger
from airflow_provider_nusawa.report.figures import CampaignFigures
from airflow_provider_nusawa.report.recipients import rows_of, write_csv, write_jsonl
from airflow_provider_nusawa.report.rendering import report_page

KINDS = {".html": "html", ".htm": "html", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
UNKNOWN_SHOWN = 100
"""How many of the unknown stand on the page itself; all of them are in the lists."""


@dataclass(frozen=True, slots=True)
class Report:
    """A campaign that is to be told about.

    :param timezone: In which the page's times are written; the lists' are UTC.
    :param mask_numbers: Whether numbers show their last four digits only.
    """

    ledger: Ledger
    campaign_id: int
    figures: CampaignFigures
    timezone: str
    mask_numbers: bool = True

    def write(self, stream: BinaryIO, path: str) -> None:
        """Write what ``path`` asks for by its ending."""
        kind, is_compressed = kind_of(path)
        with ExitStack() as stack:
            # Without a time in it, so that the same report is the same file.
            inner = stack.enter_context(gzip.GzipFile(fileobj=stream, mode="wb", mtime=0)) if is_compressed else stream
            text = cast("TextIO", io.TextIOWrapper(cast("BinaryIO", inner), encoding="utf-8", newline=""))
            self._write(text, kind)
            text.flush()
            text.detach()  # type: ignore[attr-defined]  # the stream is the caller's to close

    def _write(self, text: TextIO, kind: str) -> None:
        if kind == "html":
            unknown = self.ledger.read(lambda tx: some_of(tx, self.campaign_id, UNKNOWN_SHOWN, state=Sending.UNKNOWN))
            page = report_page(self.figures, unknown, timezone=self.timezone, mask_numbers=self.mask_numbers)
            text.write(page)
            return
        rows = rows_of(self.ledger, self.campaign_id, mask_numbers=self.mask_numbers)
        (write_csv if kind == "csv" else write_jsonl)(text, rows)


def kind_of(path: str) -> tuple[str, bool]:
    """Return the format that a path asks for, and whether it is to be compressed.

    :raises ValueError: naming the endings there are.
    """
    name = PurePosixPath(path)
    is_compressed = name.suffix.lower() == ".gz"
    suffix = (PurePosixPath(name.stem) if is_compressed else name).suffix.lower()
    if suffix not in KINDS:
        raise ValueError(f"path {path!r} must end in {', '.join(KINDS)}, and may have .gz behind that")
    return KINDS[suffix], is_compressed

"""NusaWaCampaignReportOperator: what became of a campaign, as a page for people and as lists for machines."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_nusawa.airflow_errors import invalid_arguments_fail_at_once, translated
from airflow_provider_nusawa.hooks import NusaWaHook
from airflow_provider_nusawa.links import CampaignLink
from airflow_provider_nusawa.operators.any_path import path_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.report.outputs import Report

    AnyPath = str | Path | ObjectStoragePath


class NusaWaCampaignReportOperator(BaseOperator):
    """Writes what became of a campaign, as far as is known at that moment. It asks nothing of the gateway.

    The ending of a path says what is written there: ``.html`` one page with pictures that needs no network and no
    JavaScript; ``.csv`` (for a spreadsheet) or ``.jsonl`` one line for each recipient, also compressed as ``.csv.gz``.
    A list is streamed, so its length does not matter.

    :returns: ``{"campaign_id": "…", "paths": ["…"], "delivered": 9640, "rows_read": 10000, "accepted": 9812, …,
        "adds_up": True}``: the counts of the campaign's equation, and no numbers of people.

    :param campaign_id: The campaign's, as ``NusaWaCampaignOperator`` was given it. (templated)
    :param path: Where to write: a path, an ``ObjectStoragePath`` or its URL such as ``s3://conn@bucket/key.html``, or
        a list of them. Folders of this machine are made where they are missing; what is there is replaced. (templated)
    :param mask_numbers: Whether phone numbers show their last four digits only. ``False`` writes full numbers into
        every file: mind who can read them.
    :param nusawa_conn_id: The connection that the campaign was sent through: it knows the ledger, and the time zone
        of the page. One with ``redirect_to`` reports the rehearsal. (templated)
    :raises AirflowFailException: if the ledger knows no such campaign, or for a path of another ending.
    """

    template_fields: Sequence[str] = ("campaign_id", "path", "nusawa_conn_id")
    operator_extra_links = (CampaignLink(),)
    ui_color = "#e7f7ec"

    def __init__(
        self,
        *,
        campaign_id: str,
        path: AnyPath | list[AnyPath],
        mask_numbers: bool = True,
        nusawa_conn_id: str = NusaWaHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_id = campaign_id
        self.path = path
        self.mask_numbers = mask_numbers
        self.nusawa_conn_id = nusawa_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_nusawa.ledgers import open_for_reading
        from airflow_provider_nusawa.report.outputs import kind_of

        paths = list(self.path) if isinstance(self.path, (list, tuple)) else [self.path]
        with invalid_arguments_fail_at_once(self.task_id):
            for path in paths:
                kind_of(str(path))
        with translated():
            settings = NusaWaHook(self.nusawa_conn_id).settings
            with open_for_reading(settings) as ledger:
                report = self._read(ledger, settings)
                for path in paths:
                    _write(report, path)
        return self._told(report, [str(path) for path in paths])

    def _read(self, ledger: Any, settings: Settings) -> Report:
        from airflow_provider_nusawa.ledger.listing import find_campaign
        from airflow_provider_nusawa.report.figures import figures_of
        from airflow_provider_nusawa.report.outputs import Report

        redirected = bool(settings.redirect_to)
        key = ledger.read(lambda tx: find_campaign(tx, self.campaign_id, redirected=redirected))
        return Report(ledger, key, figures_of(ledger, key), settings.timezone, self.mask_numbers)

    def _told(self, report: Report, paths: list[str]) -> dict[str, Any]:
        equation = report.figures.progress.equation
        self.log.info("campaign %s: %s; written to %s", self.campaign_id, equation, ", ".join(paths))
        head = {"campaign_id": self.campaign_id, "paths": paths, "delivered": report.figures.delivered}
        return {**head, **asdict(equation), "adds_up": equation.adds_up}


def _write(report: Report, path: AnyPath) -> None:
    """Write to a file of ours first: what fails in the middle replaces nothing, and no store sees half a report."""
    target = _target(path)
    with tempfile.TemporaryFile() as whole:
        report.write(cast("BinaryIO", whole), str(path))
        whole.seek(0)
        with target.open("wb") as stream:
            shutil.copyfileobj(whole, stream)


def _target(path: AnyPath) -> Any:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    target = path_of(path)
    if isinstance(target, ObjectStoragePath) and target.protocol != "file":
        return target
    local = Path(target.path) if isinstance(target, ObjectStoragePath) else target
    local.parent.mkdir(parents=True, exist_ok=True)
    return local

"""From a campaign task's arguments, rendered, and its run to the order that is carried out."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_nusawa.campaign.composing import check_api
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.operators.api_options import options_of
from airflow_provider_nusawa.operators.campaign.work import Order
from airflow_provider_nusawa.operators.template_file import read_template

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_nusawa.gateway.settings import Settings
    from airflow_provider_nusawa.hooks import NusaWaHook
    from airflow_provider_nusawa.operators.campaign.operator import NusaWaCampaignOperator

LATE = timedelta(hours=24)
_DUE = ("data_interval_end", "logical_date")

LONGEST = 250
"""What the ledger holds of a campaign's id, and of a run's."""


def order_of(task: NusaWaCampaignOperator, hook: NusaWaHook, settings: Settings, context: Context) -> Order:
    """Read and check a task's arguments.

    :raises ValueError: naming what cannot be; so do the errors of texts and lists.
    """
    recipients = task.source("recipients")
    assert recipients is not None  # noqa: S101 - an operator without is not made
    # As it stands: Airflow's own braces mean nothing in it.
    template = str(task.text) if task.text_path is None else read_template(task.text_path, context)
    text = Text(template, _values_of(task.values), task.media_url)
    options = options_of(task)
    check_api(settings, text, options)

    def refuse_late_reading() -> None:
        if not task.allow_late:
            refuse_if_late(context, datetime.now(timezone.utc))

    return Order(
        name=_name_of(task.campaign_id),
        run_key=run_key_of(context),
        label=_label_of(context),
        hook=hook,
        text=text,
        options=options,
        source=recipients,
        rules=task.rules(settings.default_region),
        terms=task.terms(settings.timezone),
        before_reading=refuse_late_reading,
        is_mapped=is_mapped(context["ti"]),
    )


def run_key_of(context: Context) -> str:
    """Return the name under which a task of a run reads its list once; each of mapped tasks has a list of its own."""
    ti = context["ti"]
    index = f"[{ti.map_index}]" if is_mapped(ti) else ""
    key = f"{ti.dag_id}/{ti.run_id}/{ti.task_id}{index}"
    if len(key) <= LONGEST:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: LONGEST - len(digest) - 1]} {digest}"


def is_mapped(ti: Any) -> bool:
    return ti.map_index is not None and ti.map_index >= 0


def refuse_if_late(context: Context, now: datetime) -> None:
    """Refuse to read the list of a run that should have read it yesterday.

    A run is due at the end of its data interval; one that a person triggers, when it is triggered. A run that has
    neither is not judged.

    :raises AirflowFailException: if it is late by more than 24 hours.
    """
    moments: list[datetime] = [moment for name in _DUE if (moment := context.get(name))]  # type: ignore[misc]
    due = max(moments, default=now)
    if now - due <= LATE:
        return
    raise AirflowFailException(
        f"This run was due at {due.isoformat(timespec='minutes')}, more than 24 hours ago: its messages may "
        "come too late. Nothing was sent. If they shall go out all the same, set allow_late=True."
    )


def _name_of(campaign_id: Any) -> str:
    name = str(campaign_id if campaign_id is not None else "").strip()
    if not name or name == "None":
        raise ValueError("campaign_id is empty")
    if len(name) > LONGEST:
        raise ValueError(f"campaign_id has {len(name)} characters, and may have {LONGEST}")
    return name


def _label_of(context: Context) -> str:
    ti = context["ti"]
    where = f"{socket.gethostname()} process {os.getpid()}"
    return f"{ti.dag_id}.{ti.task_id} {ti.run_id} try {ti.try_number} on {where}"[:LONGEST]


def _values_of(values: Any) -> Mapping[str, Any]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ValueError(f"values is a {type(values).__name__}, and must be a dict")
    return values

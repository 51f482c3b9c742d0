"""A campaign's id has to be the same in all tries of a run: under another one everybody would be messaged again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_nusawa.ledger.foresight import campaign_sent_by, planned_campaign

if TYPE_CHECKING:
    from airflow_provider_nusawa.ledger.store import Ledger


def refuse_another_name(ledger: Ledger, name: str, run_key: str, *, redirected: bool) -> None:
    """Refuse to begin a campaign in a run that has sent of another one: its id has the hour in it, or was edited.

    :param run_key: Under which a task of a run reads its list. Not one of a map, whose places may change.
    :raises AirflowFailException: for the sake of all whom the run has messaged under the former id.
    """
    former = ledger.read(lambda tx: campaign_sent_by(tx, run_key, redirected=redirected))
    if former in ("", name):
        return
    if ledger.read(lambda tx: planned_campaign(tx, name, redirected=redirected)) is not None:
        return
    raise AirflowFailException(
        f"This run has sent of campaign {former!r}, and campaign_id is {name!r} now: everybody would be messaged once "
        "more. Nothing was sent. Give it an id that is the same in all tries of a run, such as one with the run's date "
        "in place of the present one; or, if it shall be another campaign, start another run."
    )

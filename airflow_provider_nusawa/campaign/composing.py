"""The message for one recipient at the moment of sending: as it was checked when the list was read."""

from __future__ import annotations

from functools import lru_cache

from airflow_provider_nusawa.campaign.letters import Compose
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.gateway.messages import Message
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.plans import snapshot_of
from airflow_provider_nusawa.ledger.store import Ledger


def composer(ledger: Ledger, campaign: Campaign) -> Compose:
    """Return what renders a campaign's text over a row and the values of its plan, whatever a later try brings.

    It asks the ledger once for each plan.
    """

    @lru_cache(maxsize=16)
    def text_of(plan_id: int) -> Text:
        return Text(campaign.template, ledger.read(lambda tx: snapshot_of(tx, plan_id)))

    return lambda claimed: Message(claimed.number, text_of(claimed.plan_id).render(claimed.fields))

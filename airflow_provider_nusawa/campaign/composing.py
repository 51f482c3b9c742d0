"""The message for one recipient at the moment of sending: as it was checked when the list was read."""

from __future__ import annotations

from functools import lru_cache

from airflow_provider_nusawa.campaign.letters import Compose
from airflow_provider_nusawa.campaign.text import Text
from airflow_provider_nusawa.gateway.dialects import dialect_of
from airflow_provider_nusawa.gateway.media import Media
from airflow_provider_nusawa.gateway.messages import NO_OPTIONS, Message, Options
from airflow_provider_nusawa.gateway.settings import Settings
from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.ledger.plans import snapshot_of
from airflow_provider_nusawa.ledger.store import Ledger


def composer(ledger: Ledger, campaign: Campaign, options: Options = NO_OPTIONS) -> Compose:
    """Return what renders a campaign's text over a row and the values of its plan, whatever a later try brings.

    It asks the ledger once for each plan.
    """

    @lru_cache(maxsize=16)
    def text_of(plan_id: int) -> Text:
        return Text(campaign.template, ledger.read(lambda tx: snapshot_of(tx, plan_id)), campaign.media_url)

    return lambda claimed: text_of(claimed.plan_id).message(claimed.number, claimed.fields, options)


def check_api(settings: Settings, text: Text, options: Options = NO_OPTIONS) -> None:
    """Look, before any list is read, whether the connection's dialect can say what a campaign is to say.

    :raises InvalidMessage: naming the setting to change.
    """
    media = Media(url="https://example.com/") if text.media_url else None
    dialect_of(settings).check_message(Message("62800000000", "x", media, options))

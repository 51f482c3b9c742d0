"""A campaign that has seen everything, in a SQLite file and in a real PostgreSQL, by a clock that tests turn."""

from __future__ import annotations

import pytest
from ledger.conftest import house, ledger, postgres, url
from ledger_house import House
from report_house import eventful

from airflow_provider_nusawa.ledger.campaigns import Campaign
from airflow_provider_nusawa.report.figures import CampaignFigures, figures_of

__all__ = ["house", "ledger", "postgres", "url"]


@pytest.fixture
def campaign(house: House) -> Campaign:
    return eventful(house)


@pytest.fixture
def figures(house: House, campaign: Campaign) -> CampaignFigures:
    return figures_of(house.ledger, campaign.id)

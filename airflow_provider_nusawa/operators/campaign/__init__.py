"""Operators of campaigns: one sends them, one tells what became of them."""

from airflow_provider_nusawa.operators.campaign.operator import NusaWaCampaignOperator
from airflow_provider_nusawa.operators.campaign.report import NusaWaCampaignReportOperator

__all__ = ["NusaWaCampaignOperator", "NusaWaCampaignReportOperator"]

"""Operators: what a Dag does through the gateway."""

from airflow_provider_nusawa.operators.campaign import NusaWaCampaignOperator, NusaWaCampaignReportOperator
from airflow_provider_nusawa.operators.credits_check import NusaWaCreditsCheckOperator
from airflow_provider_nusawa.operators.send_media import NusaWaSendMediaOperator
from airflow_provider_nusawa.operators.send_message import NusaWaSendMessageOperator

__all__ = [
    "NusaWaCampaignOperator",
    "NusaWaCampaignReportOperator",
    "NusaWaCreditsCheckOperator",
    "NusaWaSendMediaOperator",
    "NusaWaSendMessageOperator",
]

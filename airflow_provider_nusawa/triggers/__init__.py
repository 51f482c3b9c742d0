"""What waits in the triggerer. Rows of deferred tasks name these classes by this module: none of them may move."""

from airflow_provider_nusawa.triggers.campaign import NusaWaCampaignTrigger
from airflow_provider_nusawa.triggers.listening import NusaWaCreditsTrigger, NusaWaDeliveryTrigger
from airflow_provider_nusawa.triggers.moment import NusaWaMomentTrigger

__all__ = ["NusaWaCampaignTrigger", "NusaWaCreditsTrigger", "NusaWaDeliveryTrigger", "NusaWaMomentTrigger"]

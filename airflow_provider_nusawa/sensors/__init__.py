"""Tasks that wait: until messages are delivered, or until there are credits again."""

from __future__ import annotations

from airflow_provider_nusawa.sensors.campaign import NusaWaCampaignSensor
from airflow_provider_nusawa.sensors.credits import NusaWaCreditsSensor
from airflow_provider_nusawa.sensors.delivery import NusaWaDeliverySensor

__all__ = ["NusaWaCampaignSensor", "NusaWaCreditsSensor", "NusaWaDeliverySensor"]

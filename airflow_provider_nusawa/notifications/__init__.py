"""Alerts by WhatsApp from Airflow's callbacks: tasks, Dags, deadlines and humans' turns."""

from __future__ import annotations

from airflow_provider_nusawa.notifications.notifier import NusaWaNotifier, send_nusawa_notification

__all__ = ["NusaWaNotifier", "send_nusawa_notification"]

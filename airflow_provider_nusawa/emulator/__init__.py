"""A NusaSMS gateway that delivers to nobody: their side of the wire, written from their page.

It shares no code with our side: a wrong idea of the contract must not be wrong on both.

``python -m airflow_provider_nusawa.emulator`` runs it; ``serving.serve`` runs it inside a program.
"""

from __future__ import annotations

from airflow_provider_nusawa.emulator.accounts import Account
from airflow_provider_nusawa.emulator.backend import Backend
from airflow_provider_nusawa.emulator.books import Message, Received
from airflow_provider_nusawa.emulator.clock import Clock
from airflow_provider_nusawa.emulator.faults import Fault
from airflow_provider_nusawa.emulator.rules import Rules

__all__ = ["Account", "Backend", "Clock", "Fault", "Message", "Received", "Rules"]

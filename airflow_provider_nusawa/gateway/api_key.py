"""What an API key looks like, to tell who has put a key where a password belongs, or the reverse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_nusawa.gateway.settings import Settings

_KEY = re.compile(r"[0-9A-Fa-f]{32}")  # C: 32 hexadecimal digits in practice; only advice depends on it


def is_like_api_key(settings: Settings) -> bool:
    return bool(_KEY.fullmatch(settings.password.reveal()))

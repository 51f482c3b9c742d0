"""An API server of a real Airflow that takes callbacks."""

from __future__ import annotations

from contextlib import AbstractContextManager

from dev.house import House, receivers

TOKEN = "t0ken-CANARY_abcdefghijklmnop"
TAKES_CALLBACKS = {
    "AIRFLOW__NUSAWA__RECEIVER": "True",
    # The very first is the one that a rotation leaves behind.
    "AIRFLOW__NUSAWA__CALLBACK_TOKEN_CMD": f"echo an-older-0ne-CANARY,{TOKEN}",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
}


def api_server(**environ: str) -> AbstractContextManager[House]:
    return receivers.api_server(print, **{**TAKES_CALLBACKS, **environ})

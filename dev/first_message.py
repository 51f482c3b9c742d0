"""Uses the installed package as a newcomer would: Airflow finds it, and it sends one message to the emulator."""

from __future__ import annotations

import json
import os
from pathlib import Path

import airflow_provider_nusawa
from airflow_provider_nusawa.emulator.remote import spawn


def main() -> None:
    place = Path(airflow_provider_nusawa.__file__)
    assert "site-packages" in place.parts, f"this is not the installed package: {place}"
    with spawn() as gateway:
        os.environ["AIRFLOW_CONN_NUSAWA_DEFAULT"] = json.dumps(gateway.connection)
        from airflow.providers_manager import ProvidersManager

        from airflow_provider_nusawa.hooks import NusaWaHook

        known = ProvidersManager().providers  # type: ignore[no-untyped-call]  # Airflow leaves it untyped
        assert "airflow-provider-nusawa" in known, "Airflow does not find the provider"
        receipt = NusaWaHook().send_message("0812-3456-7890", "Halo dari roda")
        (message,) = gateway.messages()
        assert message["id"] == receipt.message_id, f"sent {receipt}, but the gateway has {message}"
        print(f"the wheel sent message {receipt.message_id}")


if __name__ == "__main__":
    main()

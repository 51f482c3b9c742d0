"""What Airflow reads of this package at every start. It imports nothing but the table of connection fields."""

from __future__ import annotations

from typing import Any

from airflow_provider_nusawa.connection_form import connection_type

NAME = "NusaSMS WhatsApp"


def get_provider_info() -> dict[str, Any]:
    """Return the provider's metadata. The receiver's plugin is not in it: Airflow finds that by its entry point."""
    return {
        "package-name": "airflow-provider-nusawa",
        "name": NAME,
        "description": "Send WhatsApp messages through the `NusaSMS <https://nusasms.com>`__ gateway, know what became "
        "of each, and never message a person twice.",
        "integrations": [
            {
                "integration-name": NAME,
                "external-doc-url": "https://nusasms.com",
                "logo": "/docs/integration-logos/NusaWA.svg",
                "how-to-guide": [f"/docs/{name}.md" for name in ("connection", "sending", "waiting", "notifications")],
                "tags": ["service"],
            }
        ],
        "operators": _modules("operators"),
        "sensors": _modules("sensors"),
        "hooks": _modules("hooks"),
        "triggers": _modules("triggers"),
        "connection-types": [connection_type()],
        "notifications": ["airflow_provider_nusawa.notifications.NusaWaNotifier"],
    }


def _modules(name: str) -> list[dict[str, Any]]:
    return [{"integration-name": NAME, "python-modules": [f"airflow_provider_nusawa.{name}"]}]

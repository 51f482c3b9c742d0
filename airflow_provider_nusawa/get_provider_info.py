"""What Airflow reads of this package at every start. It imports nothing but the table of connection fields."""

from __future__ import annotations

from typing import Any

from airflow_provider_nusawa.connection_form import connection_type

NAME = "NusaSMS WhatsApp"
GUIDES = ("connection", "sending", "waiting", "campaigns", "notifications")


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
                "how-to-guide": [f"/docs/{name}.md" for name in GUIDES],
                "tags": ["service"],
            }
        ],
        "operators": _modules("operators"),
        "sensors": _modules("sensors"),
        "hooks": _modules("hooks"),
        "triggers": _modules("triggers"),
        "connection-types": [connection_type()],
        # Airflow 2 shows no other links, and logs an error of each at every look at its Dag.
        "extra-links": ["airflow_provider_nusawa.links.CampaignLink"],
        "notifications": ["airflow_provider_nusawa.notifications.NusaWaNotifier"],
        "asset-uris": [{"schemes": ["nusawa"], "handler": None}],
        "config": {"nusawa": {"description": "Settings of the NusaSMS WhatsApp provider.", "options": _options()}},
    }


def _options() -> dict[str, dict[str, Any]]:
    return {
        "receiver": _option(
            "Whether the API server takes delivery callbacks, at /nusawa/callback (Airflow 3.1.2 and later).",
            "boolean",
            "False",
        ),
        "callback_token": {
            **_option(
                "The token in the callback's URL: 16 characters or more. Several, with commas between, are all valid.",
                "string",
                None,
            ),
            "sensitive": True,
        },
        "ledger_conn_id": _option(
            "The ledger of connections that name none: a connection of type postgres or sqlite. Callbacks go there.",
            "string",
            None,
        ),
        "pages": _option("Whether Airflow shows pages of campaigns (Airflow 3.1.2 and later).", "boolean", "True"),
        "timezone": _option("The time zone in which these pages write times.", "string", "Asia/Jakarta"),
        "campaign_assets": _option(
            "Whether the receiver tells of campaigns that have ended, as events of the asset nusawa://campaigns.",
            "boolean",
            "False",
        ),
    }


def _option(description: str, kind: str, default: str | None) -> dict[str, Any]:
    return {"description": description, "type": kind, "version_added": "0.1.0", "example": None, "default": default}


def _modules(name: str) -> list[dict[str, Any]]:
    return [{"integration-name": NAME, "python-modules": [f"airflow_provider_nusawa.{name}"]}]

"""The receiver in Airflow's API server: its settings from Airflow's config, its ledger, and what it tells Airflow."""

from __future__ import annotations

import gc
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_nusawa import metrics
from airflow_provider_nusawa.masking import mask
from airflow_provider_nusawa.receiver.asgi import BlankQuery, Receiver
from airflow_provider_nusawa.receiver.desk import PREFIX, Desk
from airflow_provider_nusawa.receiver.tokens import Tokens
from airflow_provider_nusawa.receiver.writer import Writer
from airflow_provider_nusawa.site_config import SECTION, conf

if TYPE_CHECKING:
    from airflow_provider_nusawa.ledger.store import Ledger

# The plugin loads this in every Airflow process: the ledger, and so sqlalchemy, load with the first callback.

ASSETS = "nusawa://campaigns/"
"""The asset of every campaign's end; one campaign's own has its id behind it."""

PAUSE_SECONDS = 0.1
"""Between two commits: each takes the interpreter from the server's pages for some milliseconds."""


def is_wanted() -> bool:
    """Whether this site has asked for the route. Installing a notifier must not open one."""
    return bool(conf().getboolean(SECTION, "receiver", fallback=False))


def fastapi_apps() -> list[dict[str, Any]]:
    """Return what Airflow mounts. It leaves them without authentication of its own: the token is ours."""
    tells = conf().getboolean(SECTION, "campaign_assets", fallback=False)
    chores = {"tell Airflow which campaigns are final": _announce} if tells else {}
    writer = Writer(_open_ledger, chores, pause_seconds=PAUSE_SECONDS)
    receiver = Receiver(Desk(Tokens(_read_tokens), writer, metrics.count_callback))
    return [{"app": receiver, "url_prefix": PREFIX, "name": "NusaWA callbacks"}]


def root_middlewares() -> list[dict[str, Any]]:
    return [{"middleware": BlankQuery, "name": "NusaWA callbacks out of the access log"}]


def asset_uris(campaign_id: str) -> list[str]:
    """Return the assets that a campaign's end changes, as Airflow writes them."""
    return [ASSETS, f"{ASSETS}{quote(campaign_id, safe='')}"]


def _read_tokens() -> str:
    text = str(conf().get(SECTION, "callback_token", fallback="") or "")
    for token in text.split(","):
        mask(token.strip())
    return text


def _open_ledger() -> Ledger:
    from airflow_provider_nusawa.ledgers import open_of_site

    ledger = open_of_site()
    # A call that waits for its commit outlives the young generations, so a flood of calls brings on full collections.
    # Over all that an API server has loaded each would stop every page for half a second.
    gc.freeze()
    return ledger


def _announce(ledger: Ledger) -> None:
    from airflow_provider_nusawa.ledger.finals import announce_finals

    announce_finals(ledger, _change_assets)


def _change_assets(campaign_id: str) -> None:
    """Have Airflow know that a campaign has ended. An asset that no Dag names is nobody's business."""
    from airflow.assets.manager import asset_manager
    from airflow.models.asset import AssetModel
    from airflow.utils.session import create_session

    with create_session() as session:
        named = session.query(AssetModel).filter(AssetModel.uri.in_(asset_uris(campaign_id))).all()
        change = partial(asset_manager.register_asset_change, extra={"campaign_id": campaign_id}, session=session)
        for asset in named:
            change(asset=asset)

"""Where the ledger is, who is at the terminal, and how errors end: as one sentence."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from datetime import datetime, timezone
from enum import Enum
from typing import Any

import click
from rich.console import Console

from airflow_provider_nusawa.gateway.errors import InvalidMessage, NusaWaError
from airflow_provider_nusawa.gateway.numbers import normalise_number
from airflow_provider_nusawa.ledger.place import url_of
from airflow_provider_nusawa.ledger.store import Ledger, open_ledger

console = Console()


class Sentences(click.Group):
    """Ends every error of ours as a sentence, and not as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NusaWaError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--ledger",
    "place",
    envvar="NUSAWA_LEDGER",
    help="A SQLite file or a postgresql:// URL. Default: $NUSAWA_LEDGER, else nusawa-ledger.sqlite in $AIRFLOW_HOME.",
)
@click.option("--who", default=getpass.getuser, help="Whose acts these are, for the record. Default: your login name.")
@click.pass_context
def main(ctx: click.Context, place: str | None, who: str) -> None:
    """What was planned, sent, refused and delivered; and what people decide about it."""
    ctx.obj = {"url": url_of(place), "who": who}


@click.command()
@click.pass_obj
def init(obj: dict[str, Any]) -> None:
    """Make the ledger where there is none, and bring its tables up to date."""
    with open_ledger(obj["url"], create=True) as ledger:
        click.echo(f"ledger {ledger.id} is ready")


def with_ledger(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the ledger as its first argument."""

    @click.pass_obj
    def opened(obj: dict[str, Any], /, **options: Any) -> None:
        with open_ledger(obj["url"]) as ledger:
            command(ledger, **options)

    opened.__name__, opened.__doc__ = command.__name__, command.__doc__
    opened.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return opened


def who() -> str:
    return str(click.get_current_context().obj["who"])


def number_of(raw: str, region: str) -> str:
    """Read a number as people write it.

    :raises click.BadParameter: if it is none.
    """
    try:
        return normalise_number(raw, region)
    except InvalidMessage as error:
        raise click.BadParameter(error.what) from error


def moment(seconds: float | None) -> str:
    """Write a time for people, in the machine's zone."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds") if seconds else ""


def as_json(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def as_utc(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat() if seconds else None


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.hex() if isinstance(value, bytes) else str(value)


__all__ = [
    "Ledger",
    "as_json",
    "as_utc",
    "console",
    "init",
    "main",
    "moment",
    "number_of",
    "who",
    "with_ledger",
]

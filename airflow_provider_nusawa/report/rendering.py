"""From figures to HTML: the templates' environment, what they may call, and the one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_nusawa.gateway.messages import mask_number

if TYPE_CHECKING:
    from jinja2 import Environment

    from airflow_provider_nusawa.report.figures import CampaignFigures
    from airflow_provider_nusawa.report.recipients import Recipient

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "report.css"


def environment(*folders: Path, timezone: str) -> Environment:
    """Return templates over these folders and this package's own page and fragments; all that they print is escaped.

    :param timezone: In which times are written.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from airflow_provider_nusawa.report import drawing

    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"bar": drawing.bar, "meter": drawing.meter, "areas": drawing.areas, "timezone": timezone}
    made.filters |= {
        "count": lambda n: f"{n:,}",
        "share": _share,
        "masked": mask_number,
        "moment": lambda seconds: _moment(seconds, timezone),
    }
    return made


def report_page(
    figures: CampaignFigures, unknown: Sequence[Recipient], *, timezone: str, mask_numbers: bool = True
) -> str:
    """Return one page that needs nothing but itself: no network, no script, no other file.

    :param unknown: The first of those who perhaps got the message.
    """
    from markupsafe import Markup

    style = Markup(STYLE.read_text(encoding="utf-8"))  # noqa: S704 - our own file
    values: dict[str, Any] = {"f": figures, "unknown": unknown, "mask_numbers": mask_numbers, "style": style}
    return environment(timezone=timezone).get_template("report.html").render(values)


def _share(n: int, of: int) -> str:
    """Write a share so that neither 100 % nor 0 % is said of what is not quite all, or not quite nothing."""
    if not of:
        return "-"
    percent = 100 * n / of
    if n == of or not n:
        return f"{percent:.0f} %"
    return f"{min(max(percent, 0.1), 99.9):.1f} %"


def _moment(seconds: float | None, timezone: str) -> str:
    import pendulum

    return pendulum.from_timestamp(seconds, tz=timezone).format("D MMM YYYY HH:mm:ss") if seconds else ""

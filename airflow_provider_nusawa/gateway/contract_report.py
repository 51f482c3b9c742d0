"""The contract check's report: text for a bug report, in which no secret, no full number and no balance stands."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence

from airflow_provider_nusawa import __version__
from airflow_provider_nusawa.gateway.contract import Finding
from airflow_provider_nusawa.gateway.messages import mask_number
from airflow_provider_nusawa.gateway.settings import Settings


def heading(settings: Settings, send_to: str) -> str:
    asked = f"one message to {mask_number(send_to)}" if send_to else "nothing sent"
    return (
        f"contract check of API {settings.api_version} at {settings.host}: {asked}\n"
        f"airflow-provider-nusawa {__version__}, Python {platform.python_version()}\n"
        "Fields are told by their kind and length, not by what they say."
    )


def lines_of(finding: Finding) -> Iterator[str]:
    """Yield the lines about one call."""
    verdict = "DIFFERS" if finding.differences else "as expected"
    yield f"\n{finding.call}: {verdict}"
    yield f"  {finding.asked}"
    if finding.status is None:
        yield f"  no answer after {finding.seconds:.2f} s"
    else:
        what = f"{finding.content_type or 'no content type'}, {finding.size} bytes, {finding.seconds:.2f} s"
        yield f"  HTTP {finding.status}, {what}"
    yield f"  read as {finding.told}"
    for path, kind in finding.shape.items():
        yield f"    {path}: {kind}"
    for difference in finding.differences:
        yield f"  ! {difference}"


def summary(findings: Sequence[Finding]) -> str:
    differing = sum(bool(finding.differences) for finding in findings)
    if not differing:
        return f"\nAll {len(findings)} answers are as expected."
    return f"\n{differing} of {len(findings)} answers differ. Please report this, with all that stands above."

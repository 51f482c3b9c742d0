"""What a Dag file pays for importing a provider, over Airflow's own import, and what Airflow pays for finding it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.table import Row, aimed, spread
from dev.house.settings import database_settings
from dev.say import say

HERE = Path(__file__).parent

IMPORT = "importing operators, sensors and notifiers, over Airflow's own import: CPU-ms"
DISCOVERY = "being found by Airflow at its start: CPU-ms"
IMPORT_MS, DISCOVERY_MS = 25.0, 5.0

OURS = "airflow_provider_nusawa"
PROVIDERS = {
    OURS: ("operators", "sensors", "notifications"),
    "airflow.providers.smtp": ("operators.smtp", "notifications.smtp"),
    "airflow.providers.http": ("operators.http", "sensors.http", "notifications.http"),
    "airflow.providers.slack": ("operators.slack", "notifications.slack"),
}


@dataclass
class Costs:
    """What a provider cost, each time in a fresh interpreter.

    :param missing: Why it could not be measured; empty if it could.
    """

    found_ms: list[float] = field(default_factory=list)
    import_ms: list[float] = field(default_factory=list)
    modules: int = 0
    missing: str = ""

    def row(self, package: str, measured: str) -> Row:
        who = package.removeprefix("airflow.").replace(".", "-").replace("_", "-")
        if self.missing:
            return Row(measured, who, f"not run: {self.missing}")
        values, limit = (self.import_ms, IMPORT_MS) if measured == IMPORT else (self.found_ms, DISCOVERY_MS)
        result = spread(values) + (f"; {self.modules} modules" if measured == IMPORT else "")
        met = statistics.median(values) <= limit
        return Row(measured, who, result, aimed(f"≤ {limit:g}", met=met) if package == OURS else "")


def rows(rounds: int = 5) -> list[Row]:
    """Measure all providers in turn, ``rounds`` times; once before, so that bytecode is there."""
    say(f"bench: importing, {rounds} rounds ...")
    costs = {package: Costs() for package in PROVIDERS}
    with tempfile.TemporaryDirectory(prefix="nusawa-bench-") as home:
        environ = database_settings(Path(home)) | {"PYTHONPATH": str(HERE.parent)}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode
        for turn in range(rounds + 1):
            for package in PROVIDERS:
                measure(package, costs[package], environ, counts=turn > 0)
    return [costs[package].row(package, measured) for measured in (IMPORT, DISCOVERY) for package in PROVIDERS]


def measure(package: str, costs: Costs, environ: Mapping[str, str], *, counts: bool) -> None:
    """Take one measurement in a fresh interpreter."""
    if costs.missing:
        return
    command = [sys.executable, "-W", "ignore", str(HERE / "import_cost.py"), package, *PROVIDERS[package]]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode:
        costs.missing = done.stderr.strip().splitlines()[-1]
    elif counts:
        (found_ms, _), (import_ms, costs.modules) = json.loads(done.stdout.splitlines()[-1])
        costs.found_ms.append(found_ms)
        costs.import_ms.append(import_ms)

"""Run in a fresh interpreter: ``import_cost.py PACKAGE MODULE…`` prints, as JSON, what two things cost beyond Airflow.

First finding the provider, as Airflow does at every start; then importing its modules, as a Dag file does.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable

# What any Dag file loads that uses Airflow's own building blocks.
from airflow.providers.common.compat.sdk import DAG, BaseHook, BaseNotifier, BaseOperator, BaseSensorOperator  # noqa: F401


def cost(act: Callable[[], object]) -> tuple[float, int]:
    """Return CPU-ms and how many modules were loaded."""
    known, started = len(sys.modules), time.process_time()
    act()
    return (time.process_time() - started) * 1000, len(sys.modules) - known


package, *modules = sys.argv[1:]
for name in [name for name in sys.modules if name.startswith(package)]:
    del sys.modules[name]  # Airflow has looked for providers already

found = cost(lambda: importlib.import_module(f"{package}.get_provider_info").get_provider_info())
imported = cost(lambda: [importlib.import_module(f"{package}.{name}") for name in modules])
print(json.dumps([found, imported]))

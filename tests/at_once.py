"""How pytest-xdist deals the suite out: a file to a worker, all that run a real Airflow to one, which they share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

WITH_AIRFLOW = ("tests/e2e/", "tests/smoke/", "tests/test_pages.py")


def is_with_airflow(path: str) -> bool:
    return path.startswith(WITH_AIRFLOW)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Twice the processors: most tests wait for sockets and clocks."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Not by xdist's own groups: 3.8 writes them into names that pytest 9.2 no longer lets it change."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.split("::", maxsplit=1)[0]
            return "a real Airflow" if is_with_airflow(path) else path

    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let what takes longest begin first."""
    if hasattr(config, "workerinput"):
        root = config.rootpath
        items.sort(key=lambda item: not is_with_airflow(Path(item.path).relative_to(root).as_posix()))

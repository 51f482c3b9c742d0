"""``make demo`` as a newcomer sees it: three outcomes, the last word is ``delivered``, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from dev.versions import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="the demo shows the newest Airflow")]


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)


def lives(process: psutil.Process) -> bool:
    # A container without an init process leaves zombies of those whose parent ended first.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_the_demo_shows_all_three_outcomes_and_cleans_up(tmp_path):
    checkout, temporary = tmp_path / "checkout", tmp_path / "tmp"
    temporary.mkdir()
    for name in ("dev", "example_dags", "airflow_provider_nusawa"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = files_in(checkout)

    environ = {**os.environ, "PYTHONPATH": str(checkout), "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "dev.demo"]
    demo = psutil.Popen(command, cwd=checkout, env=environ, stdout=subprocess.PIPE, text=True)
    started: list[psutil.Process] = []
    lines = []
    for line in demo.stdout:
        lines.append(line.rstrip())
        started += [process for process in demo.children(recursive=True) if process not in started]

    assert demo.wait() == 0
    assert [line.split()[-1] for line in lines[-3:]] == ["unknown", "refused", "delivered"]
    assert len(started) > 5
    assert [process for process in started if lives(process)] == []
    assert (files_in(checkout), list(temporary.iterdir())) == (before, [])

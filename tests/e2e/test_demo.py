"""``make demo`` as a newcomer sees it: three outcomes, the last word is ``delivered``, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from dev.versions import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="the demo shows the newest Airflow")]


def checkout() -> str:
    return subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def lives(process: psutil.Process) -> bool:
    # A container without an init process leaves zombies of those whose parent ended first.
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_the_demo_shows_all_three_outcomes_and_cleans_up():
    before = checkout()

    demo = psutil.Popen([sys.executable, "-m", "dev.demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    started: list[psutil.Process] = []
    lines = []
    for line in demo.stdout:
        lines.append(line.rstrip())
        started += [process for process in demo.children(recursive=True) if process not in started]

    assert demo.wait() == 0
    assert [line.split()[-1] for line in lines[-3:]] == ["unknown", "refused", "delivered"]
    assert [process for process in started if lives(process)] == []
    assert checkout() == before

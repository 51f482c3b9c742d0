"""Each Dag file in docs/notifications.md, read by this Airflow, and run where it can end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS
from dag_runs import load, run

TEXT = (Path(__file__).parent.parent / "docs" / "notifications.md").read_text()
BLOCKS = {
    re.search(r"^def (\w+)", block, re.M)[1]: block for block in re.findall(r"```py(?:thon)?\n(.*?)```", TEXT, re.S)
}


@pytest.fixture
def dag_of(tmp_path):
    """Write a block into a Dag file of its own, and return the Dag that it makes."""

    def dag(name):
        path = tmp_path / f"{name}.py"
        path.write_text(BLOCKS[name])
        return getattr(load(path), name)()

    return dag


def test_all_blocks_are_tested():
    assert sorted(BLOCKS) == ["ask_first", "mended", "must_end_in_time", "nightly", "often"]


@pytest.mark.parametrize(
    ("name", "headlines"),
    [
        ("nightly", ["DAG run failed", "DAG run failed", "task failed", "task failed"]),
        ("often", ["task failed"]),
        ("mended", ["task failed"]),
    ],
)
def test_a_dag_of_the_page_tells_what_the_page_says(airflow_db, nusawa_gateway, dag_of, name, headlines):
    run(dag_of(name))

    told = [message.text.splitlines()[0].removeprefix("Airflow: ") for message in nusawa_gateway.messages]
    assert sorted(told) == headlines


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="deadlines and human in the loop need a newer Airflow")
@pytest.mark.parametrize("name", ["must_end_in_time", "ask_first"])
def test_a_dag_that_waits_for_something_is_read(dag_of, name):
    assert isinstance(dag_of(name), DAG)


def test_the_default_text_of_the_page_is_the_one_that_is_sent(airflow_db, nusawa_gateway, dag_of):
    run(dag_of("nightly"))

    printed = re.search(r"```text\n(.*?)```", TEXT, re.S)[1].splitlines()
    sent = next(message.text.splitlines() for message in nusawa_gateway.messages if "task failed" in message.text)
    same = [line for line in printed if not line.startswith(("run ", "https"))]
    assert [line for line in sent if not line.startswith(("run ", "http"))] == same

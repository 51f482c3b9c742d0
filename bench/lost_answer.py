"""Messages too many after one lost answer, with three retries, as counted in the emulator's books."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_provider_nusawa.emulator.remote import Remote, spawn
from bench.table import Row, aimed
from dev.house.settings import airflow_version, database_settings
from dev.say import say

HERE = Path(__file__).parent
NUMBERS = {"one": ["6281200000001"], "two": ["6281200000002", "6281200000003"], "http": ["6281200000004"]}

MEASURED = "messages too many, after 1 lost answer, with 3 retries"
WHO = {
    "one": "NusaWaSendMessageOperator",
    "two": "the same to two people, the other refused once",
    "http": "HttpOperator (providers-http)",
}


def rows(home: Path | None = None) -> list[Row]:
    """Lose one answer for each contender.

    :param home: An AIRFLOW_HOME with a database to use; without it, one is made and thrown away.
    """
    with spawn() as gateway:
        return [*airflow_rows(gateway, home), java_row(gateway)]


def airflow_rows(gateway: Remote, home: Path | None) -> list[Row]:
    if airflow_version() < (3, 3):
        return [Row(MEASURED, who, "not run: needs Airflow 3.3, whose tasks have a memory") for who in WHO.values()]
    for numbers in NUMBERS.values():
        gateway.fail_next("drop_after", number=numbers[0])
    gateway.fail_next(-1, number=NUMBERS["two"][1])
    with a_home(home) as used:
        ended = run_dag(gateway, used)
    return [airflow_row(gateway, name, ended.get(name)) for name in WHO]


def airflow_row(gateway: Remote, name: str, ended: tuple[str, int] | None) -> Row:
    """Return one task's row; ``ended`` is its state and how many tries it had."""
    if ended is None:
        return Row(MEASURED, WHO[name], "not run: apache-airflow-providers-http is not installed")
    state, tries = ended
    copies = [len(gateway.messages(number)) for number in NUMBERS[name]]
    extra = sum(copies) - len(copies)
    target = "" if name == "http" else aimed("0, and none too few", met=set(copies) == {1})
    return Row(MEASURED, WHO[name], f"{extra} ({state} after {plural(tries)})", target)


def plural(tries: int) -> str:
    return "1 try" if tries == 1 else f"{tries} tries"


def run_dag(gateway: Remote, home: Path) -> dict[str, tuple[str, int]]:
    """Run the Dag; return each task's end."""
    environ = {
        **database_settings(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "dags"),
        "AIRFLOW_CONN_NUSAWA_DEFAULT": json.dumps(gateway.connection),
        "AIRFLOW_CONN_GATEWAY": json.dumps({"conn_type": "http", "host": gateway.url}),
        "BENCH_NUMBERS": json.dumps(NUMBERS),
        "PYTHONPATH": str(HERE.parent),
    }
    if not (home / "airflow.db").exists():
        say("bench: making a database for Airflow ...")
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=environ, check=True, capture_output=True)
    say("bench: losing an answer ...")
    command = [sys.executable, "-W", "ignore", str(HERE / "dags" / "lost_answer.py")]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the Dag could not be run:\n{done.stderr[-2000:]}")
    return {name: (state, tries) for name, (state, tries) in json.loads(done.stdout.splitlines()[-1]).items()}


@contextmanager
def a_home(home: Path | None) -> Iterator[Path]:
    if home is not None:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="nusawa-bench-") as made:
        yield Path(made)


def java_row(gateway: Remote) -> Row:
    """Run the vendor's sample as a BashOperator would: again as long as it fails, four times at most."""
    who, number = "the vendor's Java sample", "6281200000005"
    java = shutil.which("java")
    if java is None:
        return Row(MEASURED, who, "not run: no Java")
    gateway.fail_next("drop_after", number=number)
    login = [gateway.connection["login"], gateway.connection["password"]]
    command = [java, str(HERE / "sendSMS.java"), f"{gateway.url}/api/v3/sendwa/plain", *login, number, "Halo"]
    tries, failed = 0, True
    while failed and tries < 4:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        tries, failed = tries + 1, bool(done.returncode)
    copies = len(gateway.messages(number))
    if not copies:
        return Row(MEASURED, who, f"not run: {java} cannot run it")
    return Row(MEASURED, who, f"{copies - 1} ({'failed' if failed else 'success'} after {plural(tries)})")

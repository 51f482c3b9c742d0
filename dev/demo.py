"""Show the whole way of three messages on a real Airflow, with a gateway that delivers to nobody."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from airflow_provider_nusawa.emulator.remote import Remote, spawn
from dev.house import House
from dev.say import run_main
from dev.stories import sentence
from dev.versions import ROOT

DAG = "gate_send_wait"
PEOPLE = {
    "0812-3456-7890": "an ordinary number",
    "0840-0000-1100": "a number that the gateway refuses",
    "0840-0000-6100": "a number where the gateway's answer is lost on the way",
}
LONGEST_SECONDS = 180


@dataclass
class Run:
    """One person's run of the Dag, and what has been told of it."""

    to: str
    run_id: str
    told: set[tuple[str, str | None]] = field(default_factory=set)


def tell_news(house: House, run: Run, started: float) -> None:
    """Print a line for each task of a run that has changed."""
    states = house.books.task_states(DAG, run.run_id)
    for task in ("gate", "send", "wait"):
        news = (task, states.get(task))
        if news not in run.told:
            run.told.add(news)
            text = sentence(house.books, DAG, run.run_id, *news)
            if text:
                print(f"{time.monotonic() - started:5.0f} s  {run.to}  {text}", flush=True)


def play(house: House, gateway: Remote, started: float) -> None:
    """Run the Dag once for each person, tell what happens, and sum it up."""
    runs = [Run(to, house.trigger(DAG, {"to": to})) for to in PEOPLE]

    def over() -> bool:
        for run in runs:
            tell_news(house, run, started)
        return all(house.books.run_state(DAG, run.run_id) in ("success", "failed") for run in runs)

    house.until(over, LONGEST_SECONDS, "the messages did not come to an end")
    print("\nWhat became of them, and what the gateway's own books say:")
    for run in reversed(runs):
        sum_up(house, gateway, run)


def sum_up(house: House, gateway: Remote, run: Run) -> None:
    """Print one person's outcome, beside what the emulator has in its books."""
    receipt = house.books.xcom(DAG, run.run_id, "send")
    reports = house.books.xcom(DAG, run.run_id, "wait") or [{"delivered": False}]
    outcome = "delivered" if reports[0]["delivered"] else receipt["outcome"]
    copies = len(gateway.messages("62" + run.to.replace("-", "")[1:]))
    print(f"  {run.to}  {PEOPLE[run.to]}: the gateway took {copies}, we know it as {outcome}", flush=True)


def main(arguments: list[str]) -> int:
    started = time.monotonic()

    def progress(line: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {line}", flush=True)

    with spawn() as gateway:
        print(f"gateway   an emulator at {gateway.url}: looks like NusaSMS, delivers to nobody")
        print("airflow   scheduler, triggerer, dag-processor and API server are starting, in a folder of their own")
        environ = {"AIRFLOW_CONN_NUSAWA_DEFAULT": json.dumps(gateway.connection)}
        with House(ROOT / "example_dags", environ, say=progress) as house:
            progress(f"Airflow is up at {house.web.url}")
            print(f"\nexample_dags/{DAG}.py, once each for {len(PEOPLE)} people:")
            play(house, gateway, started)
    return 0


if __name__ == "__main__":
    run_main(main)

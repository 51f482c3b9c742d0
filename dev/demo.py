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
    "0840-0001-100": "a number that the gateway refuses",
    "0840-0006-100": "a number whose answer is lost on the way",
}
LONGEST_SECONDS = 180


class Voice:
    """Prints lines with the seconds since the start; while nothing happens, a sign of life now and then."""

    def __init__(self) -> None:
        self._started = self._spoke = time.monotonic()

    def say(self, line: str) -> None:
        self._spoke = time.monotonic()
        print(f"{self._spoke - self._started:5.0f} s  {line}", flush=True)

    def still_here(self, line: str) -> None:
        if time.monotonic() - self._spoke > 4:
            self.say(line)


@dataclass
class Run:
    """One person's run of the Dag, and what has been told of it."""

    to: str
    run_id: str
    told: set[tuple[str, str | None]] = field(default_factory=set)


def tell_news(house: House, run: Run, voice: Voice) -> None:
    """Say a line for each task of a run that has changed."""
    states = house.books.task_states(DAG, run.run_id)
    for task in ("gate", "send", "wait"):
        news = (task, states.get(task))
        if news not in run.told:
            run.told.add(news)
            text = sentence(house.books, DAG, run.run_id, *news)
            if text:
                voice.say(f"{run.to:<14}  {text}")


def play(house: House, gateway: Remote, voice: Voice) -> None:
    """Run the Dag once for each person, tell what happens, and sum it up."""
    runs = [Run(to, house.trigger(DAG, {"to": to})) for to in PEOPLE]

    def over() -> bool:
        for run in runs:
            tell_news(house, run, voice)
        return all(house.books.run_state(DAG, run.run_id) in ("success", "failed") for run in runs)

    house.until(over, LONGEST_SECONDS, "the messages did not come to an end")
    print("\nWhat became of them, what stands in the gateway's own books, and what Airflow knows:")
    for run in reversed(runs):
        sum_up(house, gateway, run)


def sum_up(house: House, gateway: Remote, run: Run) -> None:
    """Print one person's outcome, beside what the emulator has in its books."""
    receipt = house.books.xcom(DAG, run.run_id, "send")
    reports = house.books.xcom(DAG, run.run_id, "wait") or [{"delivered": False}]
    outcome = "delivered" if reports[0]["delivered"] else receipt["outcome"]
    copies = len(gateway.messages("62" + run.to.replace("-", "")[1:]))
    print(f"  {run.to:<14}  {PEOPLE[run.to]:<40}  {copies} in the books, {outcome}", flush=True)


def main(arguments: list[str]) -> int:
    voice = Voice()
    # Twelve seconds to deliver: longer than a first look, so that the wait is seen to move to the triggerer.
    with spawn("--step-seconds", "6") as gateway:
        print(f"gateway  an emulator at {gateway.url}: looks like NusaSMS, delivers to nobody")
        print("Airflow  scheduler, triggerer, dag-processor and API server are starting, in a folder of their own")
        environ = {"AIRFLOW_CONN_NUSAWA_DEFAULT": json.dumps(gateway.connection)}
        house = House(environ=environ, say=voice.still_here)
        house.add_dag(DAG, (ROOT / "example_dags" / f"{DAG}.py").read_text())
        with house:
            voice.say(f"Airflow is up at {house.web.url}")
            print(f"\nexample_dags/{DAG}.py, once each for {len(PEOPLE)} people:")
            play(house, gateway, voice)
    return 0


if __name__ == "__main__":
    run_main(main)

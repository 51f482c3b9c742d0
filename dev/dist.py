"""Build wheel and sdist, install the wheel in an empty environment, and send a message with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from dev.installer import VENVS, create, install, python_in, tools
from dev.say import Trouble, run_main, say
from dev.versions import NEWEST, ROOT, this_python

DIST = ROOT / "dist"


def build() -> Path:
    """Build both, and return the wheel. The wheel is built from the sdist, so the sdist is shown to be whole."""
    shutil.rmtree(DIST, ignore_errors=True)
    say("building wheel and sdist ...")
    if subprocess.run([str(tools()), "-m", "build", "--outdir", str(DIST), str(ROOT)], check=False).returncode:
        raise Trouble("the build failed; the lines above say why")
    return next(DIST.glob("*.whl"))


def try_wheel(wheel: Path) -> None:
    """Install the wheel beside nothing of this checkout, and let it work from elsewhere."""
    folder = VENVS / "wheel"
    create(folder)
    arguments = [f"apache-airflow=={NEWEST.version}", f"airflow-provider-nusawa @ {wheel.as_uri()}"]
    pins = NEWEST.constraints(this_python())
    install(python_in(folder), arguments + (["-c", str(pins)] if pins.exists() else []))
    say("trying the wheel ...")
    with tempfile.TemporaryDirectory() as elsewhere:
        environ = {**os.environ, "AIRFLOW_HOME": elsewhere, "PYTHONPATH": ""}
        script = ROOT / "dev" / "first_message.py"
        command = [str(python_in(folder)), str(script)]
        if subprocess.run(command, cwd=elsewhere, env=environ, check=False).returncode:
            raise Trouble("the installed wheel does not work; the lines above say why")
    shutil.rmtree(folder)


def main(arguments: list[str]) -> int:
    wheel = build()
    try_wheel(wheel)
    print("\n".join(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB" for path in sorted(DIST.iterdir())))
    return 0


if __name__ == "__main__":
    run_main(main)

"""Installs packages: by uv, because it takes seconds, else by pip; both as this machine's pip is set up."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from dev.say import Trouble, say
from dev.versions import ROOT, python_tag

VENVS = ROOT / ".venvs"


def python_in(folder: Path) -> Path:
    return folder / "bin" / "python"


def create(folder: Path, with_pip: bool = False) -> None:
    """Create an empty environment, replacing what is there. It needs no pip of its own: ``install`` brings one."""
    try:
        import ensurepip  # noqa: F401 - Debian takes it out of python3 and ships it as python3-venv
    except ImportError:
        raise Trouble(f"{sys.executable} cannot create environments; install its venv module (python3-venv)") from None
    venv.EnvBuilder(clear=True, with_pip=with_pip, symlinks=True).create(folder)


def tools() -> Path:
    """Return the Python of a small environment that holds uv, if uv can be had, and ``build``."""
    folder = VENVS / f"tools-{python_tag()}"
    ready = folder / ".ready"
    if not ready.exists():
        create(folder, with_pip=True)
        pip = [str(python_in(folder)), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        if subprocess.run([*pip, "build", "pip>=25.1"], stdout=sys.stderr, check=False).returncode:
            raise Trouble("pip could not install a first package, see above; is a package registry reachable?")
        if subprocess.run([*pip, "uv"], stdout=sys.stderr, check=False).returncode:
            say("uv is not to be had here; pip will do it, more slowly")
        ready.touch()
    return python_in(folder)


def find_uv() -> str | None:
    """Return uv's path, or None; ``NUSAWA_INSTALLER=pip`` says not to use it."""
    uv = tools().parent / "uv"
    return str(uv) if uv.exists() and os.environ.get("NUSAWA_INSTALLER") != "pip" else None


def install(python: Path, arguments: list[str]) -> None:
    """Install into the environment of ``python`` what ``arguments`` name, as to ``pip install``."""
    uv = find_uv()
    if uv:
        command = [uv, "pip", "install", "--python", str(python), *arguments]
    else:
        pip = [str(tools()), "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
        command = [*pip, "install", *arguments]
    environ = uv_environ() if uv else dict(os.environ)
    if subprocess.run(command, cwd=ROOT, env=environ, stdout=sys.stderr, check=False).returncode:
        raise Trouble("the packages could not be installed; the lines above say why")


def uv_environ() -> dict[str, str]:
    """Return the environment for uv. It does not read pip's settings, so they are said again in its words."""
    shown = subprocess.run([str(tools()), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    told = translate(read_pip_config(shown.stdout))
    return {"UV_PYTHON_DOWNLOADS": "never", **told, **os.environ}


def read_pip_config(shown: str) -> dict[str, str]:
    """Read what ``pip config list`` prints; the environment wins over ``install``, and that over ``global``."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in shown.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in found:
            found[section][key] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def translate(pip: Mapping[str, str]) -> dict[str, str]:
    """Return uv's variables for pip's settings."""
    words = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")),
        "SSL_CERT_FILE": pip.get("cert", ""),
        # pip takes the best version of all indexes; uv would take the first index that knows the name.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    return {name: value for name, value in words.items() if value}

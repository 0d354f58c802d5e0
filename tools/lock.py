"""Resolves the lock files anew, for every Python from 3.11 and every platform, with hashes and no index addresses.

``python tools/lock.py [--upgrade]``. ``requirements.lock``: what runs and what builds. ``requirements-dev.lock``: the
same and what tests. uv reads the index a site has configured for pip from the environment only, so this hands it over.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.lock": ["build"], "requirements-dev.lock": ["build", "dev"]}


def site_index() -> dict[str, str]:
    """The index and certificates pip is configured with, under uv's names."""
    shown = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    environment = {}
    for line in shown.splitlines():
        name, _, value = line.partition("=")
        setting = name.rpartition(".")[2]
        if setting == "index-url":
            environment["UV_DEFAULT_INDEX"] = value.strip("'\"")
        elif setting == "cert":
            environment["SSL_CERT_FILE"] = value.strip("'\"")
    return environment


def lock(name: str, groups: list[str], extra: list[str]) -> None:
    """Writes one lock file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version=3.11"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    command += [f"--group={group}" for group in groups]
    # The environment's packages must agree with those of the tests: the second lock keeps to the first.
    if name != "requirements.lock":
        command += ["--constraint", "requirements.lock"]
    subprocess.run([*command, "--quiet", "-o", name, *extra], cwd=ROOT, check=True, env={**site_index(), **os.environ})


if __name__ == "__main__":
    for lock_name, lock_groups in LOCKS.items():
        lock(lock_name, lock_groups, sys.argv[1:])

"""Resolves the lock files anew, for every Python from 3.11 and every platform, with hashes and no addresses.

``python tools/lock.py [--upgrade]``. ``requirements.lock``: what runs and what builds. ``requirements-dev.lock``: the
same and what tests.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.lock": ["build"], "requirements-dev.lock": ["build", "dev"]}


def lock(name: str, groups: list[str], extra: list[str]) -> None:
    """Writes one lock file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version=3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "-o", name]
    command += [f"--group={group}" for group in groups]
    # What runs is the same in both: the second lock keeps to the first.
    if name != "requirements.lock":
        command += ["--constraint", "requirements.lock"]
    subprocess.run([*command, *extra], cwd=ROOT, check=True)


if __name__ == "__main__":
    for lock_name, lock_groups in LOCKS.items():
        lock(lock_name, lock_groups, sys.argv[1:])

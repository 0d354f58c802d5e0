"""The sources that the tidiness tests read."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "huikuan"
WRITTEN = ("src", "tests", "tools", "benchmarks")
GENERATED = ("src/huikuan/store/migrations/",)


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """Every file of the repository that is there (an export without git: every file of its folders)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    found = [ROOT / name for name in names if name] or [path for part in WRITTEN for path in (ROOT / part).rglob("*")]
    return tuple(sorted(path for path in found if path.is_file()))


@functools.cache
def python_files() -> tuple[Path, ...]:
    """Every Python file that people write."""
    return tuple(path for path in tracked_files() if path.suffix == ".py" and not relative(path).startswith(GENERATED))


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """The parsed source of one file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def relative(path: Path) -> str:
    """A path as messages show it."""
    return path.relative_to(ROOT).as_posix()

"""Every benchmark, one after another: ``python -m benchmarks [NAME ...] [--quick | --large]``. Prints Markdown tables.

``--large`` adds what takes longer: ageing of ten million items, an import of a million rows.

Each module beside this one is a benchmark with ``main(arguments) -> None`` and its own options; each runs in a process
of its own, so that one's memory does not count for the next.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
LARGER = ("age", "imports")
"""The ones that know ``--large``."""


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def machine() -> str:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, Python {platform.python_version()}, {platform.system()} {platform.release()}"


def main() -> int:
    """Runs the benchmarks named, or all; returns how many failed."""
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")] or names()
    options = [option for option in sys.argv[1:] if option.startswith("-")]
    print(f"Measured on {machine()}.\n", flush=True)
    failed = 0
    for name in wanted:
        print(f"## {name}\n", flush=True)
        known = [option for option in options if option != "--large" or name in LARGER]
        started = time.monotonic()
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *known], check=False).returncode != 0
        print(f"\n{name} took {time.monotonic() - started:,.0f} s.\n", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

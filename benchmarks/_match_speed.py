"""How fast lines are matched: what is ready before the first line apart from what a further line takes, in one process
and in two, against more and more open items; and the memory of all processes together."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks._match_rules import lookup_seconds

HEAD = (
    "open items",
    "customers",
    "lines",
    "ready after, processor s",
    "processor ms a further line",
    "one process: s",
    "lines/s",
    "two: s",
    "lines/s",
    "processor s",
    "lines/s a further line",
    "MB, all processes",
    "look-up of every token, ms a line",
    "replay of past lines",
    "s",
    "processor s",
)


def measure(folder: Path, processes: int, *, history: bool = False) -> dict[str, Any]:
    """One run over the files in ``folder``, in this process and those it forks: seconds, processor seconds. Reading the
    files and loading the code is not part of it; ``ready`` is what a run of a single line takes."""
    from huikuan.engines.files import read_table
    from huikuan.engines.match import fit_model, match
    from huikuan.engines.match_read import read_match_inputs
    from huikuan.engines.match_types import MatchOptions

    kinds = ("lines", "items", "customers", "history")
    tables = read_match_inputs(read_table, {kind: folder / f"{kind}.parquet" for kind in kinds}).tables
    lines, items, customers = (tables[kind] for kind in kinds[:3])
    options = MatchOptions(processes=processes)
    match(lines.slice(0, 20), items.slice(0, 20), customers)
    found: dict[str, Any] = {
        "lines": lines.num_rows,
        "customers": customers.num_rows,
        "open": int(items.column("settled_date").null_count),
        "past": len(set(tables["history"].column("line_id").to_pylist())),
    }
    if history:
        found |= _timed("replay", lambda: fit_model(items, customers, tables["history"], options=options))
        return found
    found |= _timed("ready", lambda: match(lines.slice(0, 1), items, customers))
    found |= _timed("run", lambda: match(lines, items, customers, options=options))
    return found | {"lookup": lookup_seconds(items, lines) if processes == 1 else 0.0}


def _timed(name: str, work: Any) -> dict[str, float]:
    started, used = time.perf_counter(), _busy()
    work()
    return {f"{name}_s": time.perf_counter() - started, f"{name}_busy": _busy() - used}


def _busy() -> float:
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _apart(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.match", *arguments]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(json.loads(told)) if told else {}


def _memory_mb(folder: str) -> int:
    """The most that a run in two processes and its children hold together, shared pages counted once (Linux)."""
    command = [sys.executable, "-m", "benchmarks.match", "--measure", folder, "--processes", "2"]
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None:
            most = max(most, sum(_held_kb(one) for one in (run.pid, *_children(run.pid))))
            time.sleep(0.2)
    return most // 1024


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _held_kb(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:"))


def print_speed(sizes: Iterable[int], lines: int, history: int) -> None:
    """A Markdown table; each measurement is a process of its own."""
    print(f"\n| {' | '.join(HEAD)} |\n|{'---:|' * len(HEAD)}", flush=True)
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            _apart("--make", folder, "--items", str(size), "--lines", str(lines), "--history", str(history))
            one = _apart("--measure", folder, "--processes", "1")
            two = _apart("--measure", folder, "--processes", "2")
            past = _apart("--measure", folder, "--processes", "2", "--replay")
            memory = _memory_mb(folder)
        count = one["lines"]
        further = (one["run_busy"] - one["ready_busy"]) / count
        beyond = max(two["run_s"] - two["ready_s"], 1e-9)
        cells = [f"{one['open']:,}", f"{one['customers']:,}", f"{count:,}"]
        cells += [f"{one['ready_busy']:.2f}", f"{further * 1000:.3f}"]
        cells += [f"{one['run_s']:.2f}", f"{count / one['run_s']:,.0f}"]
        cells += [f"{two['run_s']:.2f}", f"{count / two['run_s']:,.0f}", f"{two['run_busy']:.2f}"]
        cells += [f"{count / beyond:,.0f}", f"{memory:,}", f"{one['lookup'] / count * 1000:.4f}"]
        cells += [f"{past['past']:,}", f"{past['replay_s']:.1f}", f"{past['replay_busy']:.1f}"]
        print(f"| {' | '.join(cells)} |", flush=True)

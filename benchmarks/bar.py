"""Does the bar keep its promise? Pasts of invented companies are drawn, of which the true share of errors of every line
is known; counted is how often the bar lets through lines that are wrong more often than promised (allowed: 5 %).

The companies are made to break it: errors at the very edge of 1 in 1,000, kinds of doubt that look answered and are
not, the surest lines worse than others. ``python -m benchmarks.bar [--pasts 400] [--lines 6000] [--quick]``: prints a
table.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable

from huikuan.engines.match import MatchOptions, _bar
from huikuan.engines.match_bar import LEAST, is_over
from huikuan.engines.match_replay import Replayed

PROMISED = 0.001
AFRESH = 20_000
"""Lines drawn to know what a bar lets through."""
KINDS = 6

Drawn = tuple[float, int, str, float]
"""A line: confidence, degree of doubt, what holds it back, how probably it is wrong."""
Errors = Callable[[float, int, str], float]
WORLDS: dict[str, Errors] = {
    "all lines alike, at the edge": lambda _sure, _back, _hold: 0.00115,
    "named ones good, others beyond": lambda _sure, back, _hold: (0.0004, 0.002, 0.004)[back],
    "kinds of doubt bad": lambda _sure, back, _hold: (0.0006, 0.0009, 0.012)[back],
    "half of the kinds bad": lambda _sure, back, hold: 0.02 if hold > "kind2" else (0.0007, 0.0011, 0.0)[back],
    "the surest worst": lambda sure, back, _hold: 0.003 if back and sure > 0.999 else 0.0008,
    "named ones very good": lambda _sure, back, _hold: (0.0001, 0.0012, 0.01)[back],
    "bad where unsure": lambda sure, back, hold: (
        (0.03 if hold > "kind2" else 0.0) if back == 2 else 0.0001 if not back else 0.0003 if sure > 0.99 else 0.01
    ),
    "nearly all good": lambda _sure, back, _hold: (0.0002, 0.0004, 0.006)[back],
}


def draw(errors: Errors, count: int, lots: random.Random) -> list[Drawn]:
    """Of 100 lines 55 are named to the cent, 30 others, 15 of a kind of doubt."""
    lines = []
    for _ in range(count):
        sure = 1 - 10 ** -lots.uniform(0.7, 5)
        lot = lots.random()
        back = 0 if lot < 0.55 else 1 if lot < 0.85 else 2
        hold = f"kind{lots.randrange(KINDS)}" if back == 2 else ""
        lines.append((sure, back, hold, errors(sure, back, hold)))
    return lines


def try_world(errors: Errors, pasts: int, lines: int) -> tuple[int, int, float]:
    """How many pasts gave a bar, how many of these let through too many errors, and the mean share let through."""
    lots = random.Random(7)
    failed, shares = 0, []
    for _ in range(pasts):
        drawn = draw(errors, lines, lots)
        past = [
            Replayed(f"L{at}", [], -1 if lots.random() < wrong else 0, hold, back, 100, "CNY")
            for at, (_sure, back, hold, wrong) in enumerate(drawn)
        ]
        bar = _bar(past, [sure for sure, _back, _hold, _wrong in drawn], PROMISED, MatchOptions())
        if bar.threshold is None:
            continue
        through = [
            wrong
            for sure, back, hold, wrong in draw(errors, AFRESH, lots)
            if sure >= LEAST and is_over(bar, sure, back) and (not hold or sure >= bar.vouched.get(hold, 2.0))
        ]
        shares.append(len(through) / AFRESH)
        failed += bool(through) and sum(through) / len(through) > PROMISED
    return len(shares), failed, sum(shares) / max(len(shares), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pasts", type=int, default=400)
    parser.add_argument("--lines", type=int, default=6000)
    parser.add_argument("--quick", action="store_true", help="Forty pasts of each company.")
    options = parser.parse_args()
    pasts = 40 if options.quick else options.pasts
    print("| errors | bars | failed | let through |\n|---|---:|---:|---:|")
    for name, errors in WORLDS.items():
        bars, failed, share = try_world(errors, pasts, options.lines)
        print(f"| {name} | {bars} of {pasts} | {failed / pasts:.1%} | {share:.0%} |", flush=True)


if __name__ == "__main__":
    main()

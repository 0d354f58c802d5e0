"""The matcher: ``python -m benchmarks.match [--seeds dev|test] [--lines N] [--history N] [--quick] [--svg FOLDER]``.

On generated companies (``_match_data``, and in another style ``_match_other``): what posts itself and how much of it
is wrong, by count and by money with 95 % bounds, how often the right explanation comes first, how honest its confidence
is; beside it the usual rules, a fuzzy matcher and an oracle that knows which lines can be decided, on the same lines.
Then lines per second against more and more open items. Seeds ``dev`` (1 to 3) may be tuned on; ``test`` (101 to 105)
are for reporting only. Amounts of all currencies count at face value.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks._match_data import DEV_SEEDS, TEST_SEEDS, Company, make_company
from benchmarks._match_other import make_other
from benchmarks._match_rules import RULES, best_threshold, run_fuzzy, run_oracle, run_rule
from benchmarks._match_score import HEAD, Explanation, Score, diagram, first_explanations, is_right, reliability
from benchmarks._match_speed import measure, print_speed

SEEDS = {"dev": DEV_SEEDS, "test": TEST_SEEDS}
SIZES = (10_000, 100_000, 1_000_000)
IMAGES = Path(__file__).parent.parent / "docs" / "images"
OURS = "`huikuan match`"


def run_engine(company: Company, max_error: float = 0.001) -> tuple[dict[str, Explanation], Any]:
    """The matcher's first explanations and what it says about its bar."""
    import huikuan

    answer: Any = huikuan.match(
        company.lines, company.items, company.customers, company.history, max_error=max_error, full=True
    )
    return first_explanations(answer.matches), answer.bar


def score(company: Company, told: dict[str, Explanation], into: Score | None = None) -> Score:
    """Adds a company's lines to a score."""
    into = into or Score()
    for line in company.truth:
        into.add(line, told.get(line.line_id), f"{company.seed}:")
    return into


def fuzzy_threshold(companies: Iterable[Company]) -> float:
    """The fuzzy matcher's threshold, chosen on the seeds for tuning."""
    marked = []
    for company in companies:
        told = run_fuzzy(company)
        marked += [
            (one.confidence, is_right(line, one))
            for line in company.truth
            if (one := told.get(line.line_id)) and one.decision == "auto"
        ]
    return best_threshold(marked)


def fuzzy(company: Company, threshold: float) -> dict[str, Explanation]:
    """What the fuzzy matcher posts at a threshold."""
    told = run_fuzzy(company)
    for one in told.values():
        if one.confidence < threshold:
            one.decision = "propose"
    return told


def quality(make: Callable[[int], Company], seeds: Iterable[int], threshold: float | None) -> dict[str, Score]:
    """All methods over all seeds, pooled; with a threshold for the fuzzy one, else only the matcher and the oracle."""
    scores: dict[str, Score] = {}
    for seed in seeds:
        company = make(seed)
        started = time.process_time()
        told, bar = run_engine(company)
        used = time.process_time() - started
        one = score(company, told)
        limit = "none" if bar.threshold is None else f"{bar.threshold:.5f}"
        print(
            f"<!-- seed {seed}: {len(company.truth):,} lines, {company.history.num_rows:,} rows of history, "
            f"{company.items.num_rows:,} items; bar {limit}, {bar.errors} errors in {bar.above}; {used:.0f} s; "
            f"posted {one.auto}, wrong {one.auto_wrong}: {' '.join(one.wrong_lines[:20])} -->",
            flush=True,
        )
        score(company, told, scores.setdefault(OURS, Score()))
        if threshold is not None:
            for name in RULES:
                score(company, run_rule(name, company), scores.setdefault(name, Score()))
            key = f"fuzzy names and numbers, over {threshold:.3f}"
            score(company, fuzzy(company, threshold), scores.setdefault(key, Score()))
        score(company, run_oracle(company), scores.setdefault("oracle: knows what can be decided", Score()))
    return scores


def print_scores(title: str, scores: dict[str, Score]) -> None:
    """A Markdown table. Rules tell no confidence, so theirs is not measured."""
    lines = next(iter(scores.values())).lines
    print(f"\n**{title}** ({lines:,} lines)\n")
    print(f"| method | {' | '.join(HEAD)} |\n|---|{'---:|' * len(HEAD)}")
    for name, one in scores.items():
        cells = one.cells()
        if name != OURS:
            cells[-1] = ""
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def print_reliability(scored: Score, folder: Path | None, name: str, title: str) -> None:
    """The reliability table, and the diagram into ``folder``."""
    print(f"\n**Confidence: {title}**\n\n| told | lines | told on average | right |\n|---|---:|---:|---:|")
    for low, high, count, mean, right in reliability(scored.pairs):
        print(f"| {low:g} to {high:g} | {count:,} | {mean:.4f} | {right:.4f} |")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(diagram(scored.pairs, f"Confidence and truth, {title}"), encoding="utf-8")


def report(given: argparse.Namespace) -> None:
    """Everything, as Markdown."""
    seeds = tuple(given.seed or SEEDS[given.seeds])[: 1 if given.quick else None]

    def make(seed: int) -> Company:
        return make_company(seed, lines=given.lines, history=given.history, items=given.items)

    def drifting(seed: int) -> Company:
        return make_company(seed, lines=given.lines, history=given.history, drift=True)

    def other(seed: int) -> Company:
        return make_other(seed, lines=given.lines, history=given.history)

    threshold = None if given.only else fuzzy_threshold(make(seed) for seed in DEV_SEEDS[: 1 if given.quick else None])
    scores = quality(make, seeds, threshold)
    print_scores(f"Seeds {', '.join(map(str, seeds))}", scores)
    print_reliability(scores[OURS], given.svg, "match-reliability.svg", "generated companies")
    if "drift" not in given.skip:
        few = seeds[:2]
        title = f"With drift between past and new lines, seeds {', '.join(map(str, few))}"
        print_scores(title, quality(drifting, few, None))
    if "other" not in given.skip:
        found = quality(other, seeds, threshold)
        print_scores("The second generator", found)
        print_reliability(found[OURS], given.svg, "match-reliability-other.svg", "the second generator")
    if "speed" not in given.skip:
        print_speed(SIZES[:2] if given.quick else SIZES, given.lines, given.history)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", choices=[*SEEDS], default="test", help="test ones are for reporting only")
    parser.add_argument("--seed", type=int, action="append", help="one seed; may be given several times")
    parser.add_argument("--lines", type=int, help="new lines per company (4000; 2000 with --quick)")
    parser.add_argument("--history", type=int, help="past lines per company (12000; 4000 with --quick)")
    parser.add_argument("--items", type=int, default=0, help="open items at least, in the quality runs as well")
    parser.add_argument("--quick", action="store_true", help="one seed, fewer lines, up to 100,000 items")
    parser.add_argument("--only", action="store_true", help="the matcher without the rules beside it")
    parser.add_argument("--skip", choices=["drift", "other", "speed"], action="append", default=[])
    parser.add_argument("--speed", action="store_true", help="lines per second only")
    parser.add_argument("--svg", type=Path, nargs="?", const=IMAGES, help="write the reliability diagrams there")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--processes", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--replay", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    given.lines = given.lines or (2000 if given.quick else 4000)
    given.history = given.history or (4000 if given.quick else 12_000)
    if given.make:
        make_company(101, lines=given.lines, history=given.history, items=given.items).write(given.make)
    elif given.measure:
        print(json.dumps(measure(given.measure, given.processes, history=given.replay)))
    elif given.speed:
        print_speed(SIZES[:2] if given.quick else SIZES, given.lines, given.history)
    else:
        report(given)


if __name__ == "__main__":
    main()

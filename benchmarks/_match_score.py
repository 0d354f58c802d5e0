"""How good an answer is: right and wrong explanations, what posted itself, exact bounds, calibration, a diagram."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks._match_truth import Line

CLOSING = ("early_payment_discount", "bank_charge", "exchange")
"""Deductions that end an item with less cash. A short payment leaves the rest open, as a part payment does."""
CERTAINTY = 0.95


@dataclass(slots=True)
class Explanation:
    """One explanation of one line, in minor units."""

    decision: str = "none"
    confidence: float = 0.0
    applied: dict[str, int] = field(default_factory=dict)
    closing_minor: int = 0
    unapplied_minor: int = 0
    customer_id: str | None = None


def minor(value: Decimal | None) -> int:
    """Major units → minor; nothing is zero."""
    return int((value or Decimal(0)).scaleb(2))


def first_explanations(matches: Any) -> dict[str, Explanation]:
    """Rank 1 of every line from a table of matches."""
    found: dict[str, Explanation] = {}
    names = ["line_id", "rank", "decision", "confidence", "customer_id", "item_id", "applied", "deduction_reason"]
    names += ["deduction_amount", "unapplied"]
    columns = (matches.column(name).to_pylist() for name in names)
    for line_id, rank, decision, confidence, customer, item, applied, reason, deducted, unapplied in zip(
        *columns, strict=True
    ):
        if rank != 1:
            continue
        one = found.setdefault(line_id, Explanation(decision, confidence or 0.0, customer_id=customer))
        if item is not None:
            one.applied[item] = one.applied.get(item, 0) + minor(applied)
        one.unapplied_minor += minor(unapplied)
        if reason in CLOSING:
            one.closing_minor += minor(deducted)
    return found


def is_right(line: Line, told: Explanation) -> bool:
    """The whole explanation is the truth: items, cash on each, what ends them, what stays on account and whose it is.
    Where something was deducted from several items, how it was split between them is not asked."""
    truth: dict[str, int] = {}
    for item, cash in line.rows:
        truth[item.item_id] = truth.get(item.item_id, 0) + cash
    closing = sum(minor_ for _, _, minor_, closes in line.deductions if closes)
    if told.applied.keys() != truth.keys() or told.closing_minor != closing:
        return False
    payer = line.payer.customer_id if line.payer else None
    if not truth:
        return told.customer_id == payer
    if told.unapplied_minor != line.unapplied_minor:
        return False
    if line.deductions and len(truth) > 1:
        return sum(told.applied.values()) == sum(truth.values())
    return told.applied == truth


def upper_bound(errors: int, count: int, certainty: float = CERTAINTY) -> float:
    """Clopper-Pearson: the largest share of errors that ``errors`` in ``count`` do not yet refute."""
    if count == 0 or errors >= count:
        return 1.0
    low, high = errors / count, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(errors, count, middle) > 1 - certainty:
            low = middle
        else:
            high = middle
    return high


def _at_most(errors: int, count: int, share: float) -> float:
    """The chance of at most ``errors`` in ``count`` trials."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    logs = [
        math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        + k * math.log(share) + (count - k) * math.log1p(-share)
        for k in range(errors + 1)
    ]  # fmt: skip
    return sum(math.exp(one) for one in logs)


def money_bound(losses: Sequence[float], weights: Sequence[float], certainty: float = CERTAINTY) -> float:
    """The share of money posted wrongly stays under this: lines count by capped amount (``weights`` in 0 to 1), wrong
    ones are ``losses``. A bound by betting (Waudby-Smith and Ramdas) on each line's loss, over the weights' mean."""
    count = len(losses)
    if not count or not sum(weights):
        return 1.0
    lost, bets = np.asarray(losses, dtype=np.float64), _bets(losses, certainty)
    limit = math.log(1 / (1 - certainty))
    low, high = sum(losses) / count, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        # A gambler who bets that losses are under this has multiplied his stake beyond chance.
        stakes = np.minimum(bets, 0.75 / max(1e-9, 1 - middle))
        if np.cumsum(np.log1p(stakes * (middle - lost))).max() >= limit:
            high = middle
        else:
            low = middle
    return min(1.0, high / (sum(weights) / count))


def _bets(losses: Sequence[float], certainty: float) -> Any:
    """How much of the stake is bet on each loss, by what the losses before it were, before it is limited."""
    total, square, spreads = 0.5, 0.25, []
    for place, loss in enumerate(losses, 1):
        spreads.append(max(square / place, 1e-9))
        square += (loss - total / place) ** 2
        total += loss
    return np.sqrt(2 * math.log(1 / (1 - certainty)) / (len(losses) * np.asarray(spreads)))


@dataclass(slots=True)
class Score:
    """Counts over lines; shares come out of them."""

    lines: int = 0
    determinable: int = 0
    ambiguous: int = 0
    auto: int = 0
    auto_wrong: int = 0
    auto_money: int = 0
    auto_money_wrong: int = 0
    first_right: int = 0
    determinable_right: int = 0
    ambiguous_posted: int = 0
    weights: list[int] = field(default_factory=list)
    wrong: list[bool] = field(default_factory=list)
    pairs: list[tuple[float, bool]] = field(default_factory=list)
    wrong_lines: list[str] = field(default_factory=list)
    missed_lines: list[str] = field(default_factory=list)

    def add(self, line: Line, told: Explanation | None, prefix: str = "") -> None:
        """Counts one line."""
        told = told or Explanation()
        right = is_right(line, told) and (told.decision != "none" or bool(told.applied) or told.confidence > 0)
        self.lines += 1
        self.first_right += right
        if line.label == "determinable":
            self.determinable += 1
            self.determinable_right += right
            if not right:
                self.missed_lines.append(prefix + line.line_id)
        if told.decision != "none" and told.confidence > 0:
            self.pairs.append((told.confidence, right))
        auto = told.decision == "auto"
        if line.label == "ambiguous":
            self.ambiguous += 1
            self.ambiguous_posted += auto
        if auto:
            self.auto += 1
            self.auto_money += line.amount_minor
            self.weights.append(line.amount_minor)
            self.wrong.append(not right)
            if not right:
                self.auto_wrong += 1
                self.auto_money_wrong += line.amount_minor
                self.wrong_lines.append(prefix + line.line_id)

    def bounds(self) -> tuple[float, float]:
        """Upper 95 % bounds of the wrong share by count and by money; by money each line counts up to the amount that
        one line in a hundred exceeds."""
        if not self.weights:
            return 0.0, 0.0
        cap = sorted(self.weights)[min(len(self.weights) - 1, len(self.weights) * 99 // 100)]
        weights = [min(one, cap) / cap for one in self.weights]
        losses = [weight if bad else 0.0 for weight, bad in zip(weights, self.wrong, strict=True)]
        return upper_bound(self.auto_wrong, self.auto), money_bound(losses, weights)

    def cells(self) -> list[str]:
        """The columns of the benchmark's table."""
        by_count, by_money = self.bounds()
        return [
            f"{share(self.auto, self.lines):.1%}",
            f"{self.auto_wrong}",
            f"{share(self.auto_wrong, self.auto):.3%} (≤ {by_count:.3%})",
            f"{share(self.auto_money_wrong, self.auto_money):.3%} (≤ {by_money:.3%})",
            f"{share(self.determinable_right, self.determinable):.2%}",
            f"{share(self.first_right, self.lines):.2%}",
            f"{self.ambiguous_posted}/{self.ambiguous}",
            f"{calibration_error(self.pairs):.4f}" if self.pairs else "",
        ]


HEAD = (
    "posted by itself", "wrong", "wrong share by count (95 % bound)", "by money (95 % bound)",
    "right first, of determinable", "right first, of all", "ambiguous posted", "calibration error",
)  # fmt: skip


def share(part: float, whole: float) -> float:
    """A part of a whole; nothing of nothing is 0."""
    return part / whole if whole else 0.0


BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)


def reliability(pairs: list[tuple[float, bool]]) -> list[tuple[float, float, int, float, float]]:
    """Per bin of confidence: its bounds, lines, mean confidence, share that was right."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in pairs:
        place = max(at for at in range(len(BINS) - 1) if confidence >= BINS[at] or at == 0)
        bins[place].append((confidence, right))
    return [
        (
            BINS[at],
            BINS[at + 1],
            len(rows),
            sum(one for one, _ in rows) / len(rows),
            sum(right for _, right in rows) / len(rows),
        )
        for at, rows in sorted(bins.items())
    ]


def calibration_error(pairs: list[tuple[float, bool]]) -> float:
    """Expected calibration error over the bins: how far confidence and truth are apart on average."""
    return sum(count * abs(mean - right) for _, _, count, mean, right in reliability(pairs)) / max(1, len(pairs))


def diagram(pairs: list[tuple[float, bool]], title: str) -> str:
    """The reliability diagram as SVG: a dot per bin, its size by lines, bars for 95 % of chance, the diagonal."""
    side, left, top = 360, 56, 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side + left + 24} {side + top + 52}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{title}">',
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="{left}" y="22" font-size="14">{title}</text>',
    ]

    def x(value: float) -> float:
        return left + value * side

    def y(value: float) -> float:
        return top + (1 - value) * side

    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts.append(f'<path d="M{x(0)} {y(tick):.1f}H{x(1)}M{x(tick):.1f} {y(0)}V{y(1)}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x(0) - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.0%}</text>')
        parts.append(f'<text x="{x(tick):.1f}" y="{y(0) + 18}" text-anchor="middle">{tick:.0%}</text>')
    parts.append(f'<path d="M{x(0)} {y(0)}L{x(1)} {y(1)}" stroke="#888888" stroke-dasharray="4 4"/>')
    for _, _, count, mean, right in reliability(pairs):
        errors = round(count * (1 - right))
        low, high = 1 - upper_bound(errors, count, 0.975), upper_bound(count - errors, count, 0.975)
        radius = 2.5 + 1.6 * math.log10(count)
        parts.append(f'<path d="M{x(mean):.1f} {y(low):.1f}V{y(high):.1f}" stroke="#1c6fb0" stroke-width="1.5"/>')
        parts.append(f'<circle cx="{x(mean):.1f}" cy="{y(right):.1f}" r="{radius:.1f}" fill="#1c6fb0"/>')
        parts.append(f"<!-- {count} lines: {mean:.4f} said, {right:.4f} right -->")
    parts.append(f'<text x="{x(0.5)}" y="{y(0) + 40}" text-anchor="middle">confidence told</text>')
    parts.append(
        f'<text x="14" y="{y(0.5)}" text-anchor="middle" transform="rotate(-90 14 {y(0.5)})">explanations right</text>'
    )
    return "\n".join([*parts, "</svg>", ""])

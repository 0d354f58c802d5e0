"""Applying money and credits to items: how an amount is distributed, and the legs of the entry that posts it.

All pure. ``distribute`` takes positive minor units; items owed have positive ``open_minor``, credits negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from huikuan.core.accounts import Charge, LedgerAccount
from huikuan.core.journal import PostingDraft, merge_legs
from huikuan.core.money import round_half_up, share, split
from huikuan.core.refusals import Refusal


class Order(StrEnum):
    """How money the customer did not name is spread over what is open."""

    OLDEST_FIRST = "oldest_first"
    PRO_RATA = "pro_rata"
    COSTS_INTEREST_PRINCIPAL = "costs_interest_principal"


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An item with what is still open on it, as read under lock."""

    item_id: int
    account_id: int
    ledger_account: LedgerAccount
    currency: str
    open_minor: int
    open_base_minor: int
    due_date: date
    document_date: date
    original_minor: int = 0
    charge: Charge = Charge.PRINCIPAL
    discount_date: date | None = None
    discount_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Fund:
    """Where the money comes from: the part of a receipt that stands on ``ledger_account`` (unapplied or advances)."""

    receipt_id: int
    account_id: int | None
    ledger_account: LedgerAccount
    currency: str
    available_minor: int
    base_minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """``amount_minor`` of ``row`` is settled by money or credit, ``discount_minor`` more by early-payment discount.

    ``paid_minor`` is what the fund gives, in its own currency, where that is another one than the item's.
    """

    row: OpenRow
    amount_minor: int
    discount_minor: int = 0
    paid_minor: int | None = None


_RANK = {Charge.COST: 0, Charge.INTEREST: 1, Charge.PRINCIPAL: 2}


def distribute(amount_minor: int, rows: Iterable[OpenRow], order: Order) -> list[Line]:
    """Spreads an amount over open items; what is left over stays with the payer.

    Oldest first goes by due date, document date, id. Pro rata gives each its share of the open sum by largest
    remainder, a tie to the oldest. Costs before interest before principal (PRC Civil Code art. 561), each oldest
    first. The order in which ``rows`` come does not matter.
    """
    owed = [row for row in rows if row.open_minor > 0]
    if amount_minor <= 0 or not owed:
        return []
    by_charge = order == Order.COSTS_INTEREST_PRINCIPAL
    owed.sort(key=lambda row: (_RANK[row.charge] if by_charge else 0, row.due_date, row.document_date, row.item_id))
    if order == Order.PRO_RATA:
        weights = [row.open_minor for row in owed]
        parts = split(min(amount_minor, sum(weights)), weights)
        return [Line(row, part) for row, part in zip(owed, parts, strict=True) if part]
    lines = []
    for row in owed:
        part = min(amount_minor, row.open_minor)
        if part:
            lines.append(Line(row, part))
            amount_minor -= part
    return lines


def discount_allowed(row: OpenRow, paid_on: date, taken_minor: int = 0) -> int:
    """The early-payment discount still to be had, in minor units: a share of the original amount, half up, less
    ``taken_minor``, what was granted before.

    Refuses ``discount.none_agreed`` and ``discount.window_closed``.
    """
    if row.discount_date is None or not row.discount_bp:
        raise Refusal("discount.none_agreed", "no early-payment discount was agreed for this item")
    if paid_on > row.discount_date:
        raise Refusal(
            "discount.window_closed",
            "the discount ended on {last}; the money came on {day}",
            last=row.discount_date.isoformat(),
            day=paid_on.isoformat(),
        )
    agreed = round_half_up(Fraction(row.original_minor * row.discount_bp, 10_000))
    return max(min(agreed - taken_minor, row.open_minor), 0)


def check_line(line: Line) -> None:
    """Refuses ``application.wrong_sign``, ``application.over_applied`` and a discount that is negative."""
    row = line.row
    if line.amount_minor <= 0 or line.discount_minor < 0:
        raise Refusal("application.wrong_sign", "an applied amount must be positive", item_id=row.item_id)
    if line.amount_minor + line.discount_minor > row.open_minor:
        raise Refusal(
            "application.over_applied",
            "{amount} is more than the {open} still open on the item",
            amount=line.amount_minor + line.discount_minor,
            open=max(row.open_minor, 0),
            item_id=row.item_id,
            currency=row.currency,
        )


def check_lines(lines: Sequence[Line], account_id: int | None) -> None:
    """Refuses ``application.nothing``, ``application.item_twice`` and ``application.other_customer``.

    An item stands in one line only: its base value leaves in proportion to what is open before the entry.
    """
    if not lines:
        raise Refusal("application.nothing", "nothing to apply")
    seen: set[tuple[int, LedgerAccount]] = set()
    for line in lines:
        row = line.row
        if (row.item_id, row.ledger_account) in seen:
            raise Refusal(
                "application.item_twice", "item {item_id} is named twice: add up its amounts", item_id=row.item_id
            )
        seen.add((row.item_id, row.ledger_account))
        if row.account_id != account_id:
            raise Refusal(
                "application.other_customer",
                "item {item_id} belongs to another customer than the money",
                item_id=row.item_id,
            )


def fund_legs(fund: Fund, lines: Sequence[Line]) -> tuple[PostingDraft, ...]:
    """The legs of an application of received money: fund debited, items credited, differences where they belong.

    The base value leaves the fund and each item in proportion, to the last cent with the last part; what the two
    sides differ by is a realised exchange difference. Refuses ``application.fund_exceeded``,
    ``application.currency_needs_amount`` and what ``check_line`` and ``check_lines`` refuse.
    """
    check_lines(lines, fund.account_id)
    paid = [_paid(fund, line) for line in lines]
    total = sum(paid)
    if total > fund.available_minor:
        raise Refusal(
            "application.fund_exceeded",
            "{amount} is more than the {available} left of the receipt",
            amount=total,
            available=fund.available_minor,
            receipt_id=fund.receipt_id,
            currency=fund.currency,
        )
    base_total = share(fund.base_minor, total, fund.available_minor)
    legs = [
        PostingDraft(
            fund.ledger_account,
            fund.currency,
            total,
            base_total,
            account_id=fund.account_id,
            receipt_id=fund.receipt_id,
        )
    ]
    base_parts = split(base_total, paid)
    for line, part, base_part in zip(lines, paid, base_parts, strict=True):
        legs += _line_legs(fund, line, part, base_part)
    return merge_legs(legs)


def _paid(fund: Fund, line: Line) -> int:
    check_line(line)
    if line.row.currency == fund.currency:
        if line.paid_minor not in (None, line.amount_minor):
            raise Refusal("application.wrong_sign", "paid and applied differ in one currency")
        return line.amount_minor
    if line.paid_minor is None or line.paid_minor <= 0:
        raise Refusal(
            "application.currency_needs_amount",
            "{fund} money on a {item} item: say how much of each",
            fund=fund.currency,
            item=line.row.currency,
        )
    return line.paid_minor


def _line_legs(fund: Fund, line: Line, paid_minor: int, paid_base: int) -> list[PostingDraft]:
    row = line.row
    settled = line.amount_minor + line.discount_minor
    settled_base = share(row.open_base_minor, settled, row.open_minor)
    discount_base = share(settled_base, line.discount_minor, settled)
    legs = [
        PostingDraft(
            row.ledger_account, row.currency, -settled, -settled_base, row.account_id, row.item_id, fund.receipt_id
        )
    ]
    if line.discount_minor:
        legs.append(
            PostingDraft(
                LedgerAccount.DISCOUNT, row.currency, line.discount_minor, discount_base, row.account_id, row.item_id
            )
        )
    if row.currency != fund.currency:
        clearing = LedgerAccount.EXCHANGE_CLEARING
        legs.append(PostingDraft(clearing, fund.currency, -paid_minor, -paid_base, row.account_id))
        legs.append(PostingDraft(clearing, row.currency, line.amount_minor, paid_base, row.account_id))
    difference = settled_base - discount_base - paid_base
    if difference:
        legs.append(PostingDraft(LedgerAccount.EXCHANGE_DIFFERENCE, row.currency, 0, difference, row.account_id))
    return legs


def credit_legs(credit: OpenRow, lines: Sequence[Line]) -> tuple[PostingDraft, ...]:
    """Applying a credit memo, a deposit or money on account (an item with a negative balance) to items owed.

    One entry: the credit goes up towards zero, each item down, both naming their item. Same currency only.
    """
    check_lines(lines, credit.account_id)
    if credit.open_minor >= 0:
        raise Refusal("application.not_a_credit", "the item has no credit left", item_id=credit.item_id)
    total = 0
    for line in lines:
        check_line(line)
        if line.row.currency != credit.currency:
            raise Refusal("application.credit_currency", "a credit settles items of its own currency")
        if line.discount_minor:
            raise Refusal("discount.on_credit", "early-payment discount belongs to money, not to a credit")
        total += line.amount_minor
    if total > -credit.open_minor:
        raise Refusal(
            "application.fund_exceeded",
            "{amount} is more than the {available} left of the credit",
            amount=total,
            available=-credit.open_minor,
            currency=credit.currency,
        )
    credit_base = -share(credit.open_base_minor, total, -credit.open_minor)
    legs = [PostingDraft(credit.ledger_account, credit.currency, total, credit_base, credit.account_id, credit.item_id)]
    base_parts = split(credit_base, [line.amount_minor for line in lines])
    for line, base_part in zip(lines, base_parts, strict=True):
        row = line.row
        row_base = share(row.open_base_minor, line.amount_minor, row.open_minor)
        legs.append(
            PostingDraft(row.ledger_account, row.currency, -line.amount_minor, -row_base, row.account_id, row.item_id)
        )
        if row_base != base_part:
            legs.append(
                PostingDraft(LedgerAccount.EXCHANGE_DIFFERENCE, row.currency, 0, row_base - base_part, row.account_id)
            )
    return merge_legs(legs)


def settlement_legs(row: OpenRow, amount_minor: int, contra: LedgerAccount) -> tuple[PostingDraft, ...]:
    """Taking (part of) an item off the books against another account: write-off, offset, assignment, what a source
    reported as settled. ``amount_minor`` has the item's sign. Refuses ``application.over_applied``."""
    if amount_minor == 0 or (amount_minor > 0) != (row.open_minor > 0) or abs(amount_minor) > abs(row.open_minor):
        raise Refusal(
            "application.over_applied",
            "{amount} is more than the {open} still open on the item",
            amount=amount_minor,
            open=row.open_minor,
            item_id=row.item_id,
            currency=row.currency,
        )
    base = share(row.open_base_minor, amount_minor, row.open_minor)
    return (
        PostingDraft(row.ledger_account, row.currency, -amount_minor, -base, row.account_id, row.item_id),
        PostingDraft(contra, row.currency, amount_minor, base, row.account_id, row.item_id),
    )


def fund_out_legs(
    fund: Fund, amount_minor: int, contra: LedgerAccount, *, account_id: int | None = None, item_id: int | None = None
) -> tuple[PostingDraft, ...]:
    """Money leaving a receipt for another account: refunded to the bank, moved on account, identified, recovered.

    ``account_id``: whose the money is on the other side. Refuses ``application.fund_exceeded``.
    """
    if not 0 < amount_minor <= fund.available_minor:
        raise Refusal(
            "application.fund_exceeded",
            "{amount} is not within the {available} left of the receipt",
            amount=amount_minor,
            available=fund.available_minor,
            receipt_id=fund.receipt_id,
            currency=fund.currency,
        )
    base = share(fund.base_minor, amount_minor, fund.available_minor)
    stays = contra in (LedgerAccount.UNAPPLIED, LedgerAccount.ADVANCES)
    return (
        PostingDraft(
            fund.ledger_account, fund.currency, amount_minor, base, fund.account_id, receipt_id=fund.receipt_id
        ),
        PostingDraft(
            contra,
            fund.currency,
            -amount_minor,
            -base,
            account_id if account_id is not None else fund.account_id,
            item_id,
            fund.receipt_id if stays else None,
        ),
    )

"""What becomes of an invoice in the demo: every way of being paid, or not, that the product should show.

A fate is a function (story, item) that puts actions on the story's agenda; ``FATES`` gives each its weight by how the
customer behaves. ``demo_bills`` picks one for every invoice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from huikuan.core.accounts import Charge, EntryKind, ItemKind
from huikuan.core.applications import Order
from huikuan.services import demo_payments as payments
from huikuan.services.demo_events import Apply, ApplyCredit, ItemIn, ReceiptIn, Recover, Settle
from huikuan.services.demo_payments import in_currency, pay_later, pay_named, round_sum
from huikuan.services.demo_story import Item, Story

Fate = Callable[[Story, Item], None]


def add_memo(
    story: Story, item: Item, day: date, *, kind: ItemKind, amount_minor: int, charge: Charge = Charge.PRINCIPAL
) -> Item:
    """A credit or debit memo about an invoice."""
    event = replace(
        item.event,
        day=day,
        ref=f"{story.account.entity.code}/{story.account.customer}/I{len(story.items)}",
        kind=kind,
        charge=charge,
        amount_minor=amount_minor,
        document_date=day,
        due_date=day,
        effective_date=day,
        discount_date=None,
        discount_bp=None,
        disputed=False,
        opening=False,
    )
    return story.bring_in(event, pay_on=day + timedelta(days=365), is_plain=False)


def _credit(story: Story, item: Item, percent: int, day: date) -> None:
    """A credit memo over part of the invoice, applied to it (or to what else is owed) a few days later."""
    amount = min(item.event.amount_minor * percent // 100, item.event.amount_minor)
    if amount:
        credit = add_memo(story, item, day, kind=ItemKind.CREDIT_MEMO, amount_minor=-amount)
        story.at(day + story.days(1, 5), ApplyCredit, partial(_use_credit, story, credit, item))


def _use_credit(story: Story, credit: Item, item: Item, day: date) -> None:
    for target in [item, *(other for other in story.owed() if other is not item)][:3]:
        story.apply_credit(day, credit, target)
    if credit.open_minor:
        story.at(day + story.days(25, 60), ApplyCredit, partial(_use_credit, story, credit, item))


def returned(story: Story, item: Item) -> None:
    """Goods sent back, credited; the rest is paid."""
    story.at(
        item.event.document_date + story.days(6, 15), ItemIn, partial(_credit, story, item, story.rng.randint(4, 25))
    )
    payments.plain(story, item)


def disputed(story: Story, item: Item) -> None:
    """Flagged from the start; the undisputed part is paid, the rest credited, paid or still open."""

    def pay(day: date) -> None:
        amount = item.event.amount_minor * story.rng.randint(55, 85) // 100
        if 0 < amount < item.due_minor:
            pay_named(story, day, [item], amount)
        outcome = story.rng.randrange(3)
        if outcome == 0:
            story.at(day + story.days(20, 60), ItemIn, partial(_credit, story, item, 15))
        if outcome <= 1:
            story.at(day + story.days(65, 90), ReceiptIn, lambda when: pay_later(story, item, when))
        else:
            item.is_lost = True

    story.at(item.pay_on, ReceiptIn, pay)


def dunned(story: Story, item: Item) -> None:
    """Interest and a fee are charged; the payment then goes to costs, interest and principal in that order."""
    memos: list[Item] = []

    def charge(kind: Charge, day: date) -> None:
        if item.open_minor and story.document_day(day) == day:
            fee = in_currency(320, item.event.currency)
            amount = fee if kind == Charge.COST else item.open_minor * story.rng.randint(5, 15) // 1000
            if amount:
                memos.append(add_memo(story, item, day, kind=ItemKind.DEBIT_MEMO, amount_minor=amount, charge=kind))

    def pay(day: date) -> None:
        if item.due_minor:
            amount = round_sum(item.due_minor * 70 // 100) + sum(memo.due_minor for memo in memos)
            if payments.looks_like(story, amount):
                pay_later(story, item, day)
                return
            receipt = story.receive(day, amount, meant=[*memos, item])
            order = Order.COSTS_INTEREST_PRINCIPAL
            story.at(day, Apply, lambda when: story.apply_in_order(when, receipt, order))
            pay_later(story, item, day + story.days(25, 60))

    late = item.event.due_date + story.days(30, 45)
    story.at(late, ItemIn, partial(charge, Charge.INTEREST))
    story.at(late + timedelta(days=2), ItemIn, partial(charge, Charge.COST))
    story.at(late + story.days(10, 40), ReceiptIn, pay)


def never(story: Story, item: Item) -> None:
    """Not paid at all; written off after most of a year."""
    item.is_lost = True
    story.at(item.event.due_date + story.days(230, 320), Settle, partial(_write_off, story, item))


def _write_off(story: Story, item: Item, day: date) -> None:
    if item.open_minor:
        story.settle(day, EntryKind.WRITE_OFF, item, item.open_minor, "uncollectable: insolvency proceedings opened")


def recovered(story: Story, item: Item) -> None:
    """Written off, and part of the money comes after all."""
    item.is_lost = True

    def write_off(day: date) -> None:
        amount = item.open_minor
        _write_off(story, item, day)
        if amount:
            story.at(day + story.days(25, 50), ReceiptIn, partial(pay, amount // 2 or 1))

    def pay(amount: int, day: date) -> None:
        receipt = story.receive(day, amount)
        story.at(day, Recover, lambda when: story.recover(when, item, receipt, amount))

    story.at(item.event.due_date + story.days(20, 45), Settle, write_off)


def _settled_by(kind: EntryKind, memo: str, first: int, last: int) -> Fate:
    def fate(story: Story, item: Item) -> None:
        def settle(day: date) -> None:
            if item.open_minor:
                story.settle(day, kind, item, item.open_minor, memo)

        story.at(item.event.due_date + story.days(first, last), Settle, settle)

    return fate


BEHAVIOURS = ("punctual", "slow", "erratic", "bad")
FATES: dict[str, tuple[Fate, tuple[int, int, int, int]]] = {
    "plain": (payments.plain, (930, 820, 700, 480)),
    "early": (payments.early, (0, 0, 0, 0)),
    "oldest": (payments.oldest, (12, 25, 45, 60)),
    "pro_rata": (payments.pro_rata, (3, 6, 10, 10)),
    "part": (payments.part_payments, (8, 20, 40, 70)),
    "short": (payments.short, (20, 25, 20, 20)),
    "over": (payments.over, (12, 12, 15, 5)),
    "unidentified": (payments.unidentified, (30, 40, 45, 40)),
    "bounced": (payments.bounced, (3, 8, 15, 20)),
    "misapplied": (payments.misapplied, (5, 8, 8, 5)),
    "prepaid": (payments.prepaid, (15, 10, 10, 0)),
    "cross": (payments.cross, (0, 0, 0, 0)),
    "returned": (returned, (35, 40, 45, 40)),
    "disputed": (disputed, (10, 20, 35, 50)),
    "dunned": (dunned, (0, 12, 25, 80)),
    "never": (never, (0, 2, 8, 110)),
    "recovered": (recovered, (0, 0, 2, 10)),
    "offset": (_settled_by(EntryKind.OFFSET, "set off against our payables", 0, 20), (2, 2, 2, 2)),
    "assigned": (_settled_by(EntryKind.ASSIGNMENT, "claim assigned to a factor", -25, -5), (0, 0, 0, 0)),
}
"""Name → what happens, and its weight among an account's invoices by ``BEHAVIOURS``. Weights of 0: by hand only."""

"""Ways of paying an invoice in the demo, whole or in part, early or late, rightly or by mistake.

Each public function (story, item) is a fate: it puts actions on the story's agenda. ``demo_fates`` lists them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import combinations

from huikuan.core.accounts import EntryKind
from huikuan.core.applications import Order
from huikuan.core.money import exponent_of
from huikuan.services.demo_events import Apply, Bounce, Identify, Park, Part, ReceiptIn, Refund, Settle, Unapply
from huikuan.services.demo_story import Item, Receipt, Story

GATHER = timedelta(days=4)
"""A payment run takes along what would be paid in the next few days."""

ONE_BY_ONE = ("weekly", "twice")
"""Payers of these runs send a payment for each invoice."""

CLERK_WAITS = (0, 0, 0, 0, 0, 1, 1, 2, 5)
"""Days until money whose purpose is plain is applied; so that some always waits."""

PER_UNIT = {"CNY": (1, 1), "USD": (7, 1), "EUR": (8, 1), "JPY": (1, 21), "KWD": (23, 1)}
"""Yuan for units of a currency, roughly: (yuan, units)."""


def in_currency(yuan: int, currency: str) -> int:
    """Yuan in whole units of a currency, as minor units, at a rough rate (never zero)."""
    per_unit, units = PER_UNIT[currency]
    factor: int = 10 ** exponent_of(currency)
    return max(yuan * units // per_unit, 1) * factor


def pay_plain(story: Story, day: date) -> None:
    """Everything plain that is due about now, named: in one payment, or in one for each item."""
    items = [item for item in story.owed() if item.is_plain and item.due_minor and item.pay_on <= day + GATHER]
    for paid in [[item] for item in items] if story.account.pays in ONE_BY_ONE else [items] if items else []:
        pay_named(story, day, paid, sum(item.due_minor for item in paid))


def pay_named(story: Story, day: date, items: Sequence[Item], amount_minor: int, *, is_known: bool = True) -> Receipt:
    """Money for ``items``, applied to them in their order, mostly the same day; what is too much is swept up later."""
    receipt = story.receive(day, amount_minor, is_known=is_known, mentions=items)
    if is_known:
        waits = timedelta(days=story.rng.choice(CLERK_WAITS))
        story.at(day + waits, Apply, partial(_apply_named, story, receipt, items))
    return receipt


def _apply_named(story: Story, receipt: Receipt, items: Sequence[Item], day: date) -> None:
    left, parts = receipt.left_minor, []
    for item in items:
        amount = min(item.open_minor, left)
        parts.append(Part(item=item.ref, amount_minor=amount))
        left -= amount
    story.apply_parts(day, receipt, parts)
    if receipt.left_minor:
        story.at(day + story.days(8, 20), Apply, partial(_sweep, story, receipt))


def _sweep(story: Story, receipt: Receipt, day: date) -> None:
    story.apply_in_order(day, receipt, Order.OLDEST_FIRST)
    if receipt.left_minor:
        story.at(day + story.days(10, 30), Refund, partial(_refund, story, receipt))


def _refund(story: Story, receipt: Receipt, day: date) -> None:
    story.refund(day, receipt)


def pay_later(story: Story, item: Item, day: date) -> None:
    """From now on the item is an ordinary one that will be paid in the first payment run from ``day`` on."""
    item.is_plain, item.pay_on = True, run_day(story.account.pays, day)
    story.at(item.pay_on, ReceiptIn, partial(pay_plain, story))


def run_day(pays: str, day: date) -> date:
    """The next day on which a customer pays: every Friday, on the 10th and 25th, or on the 20th of a month."""
    days = {"twice": (10, 25), "monthly": (20,)}.get(pays)
    while day.weekday() != 4 if days is None else day.day not in days:
        day += timedelta(days=1)
    return day


def plain(story: Story, item: Item) -> None:
    pay_later(story, item, item.pay_on)


def early(story: Story, item: Item) -> None:
    """Paid within the discount window, less the discount."""

    def pay(day: date) -> None:
        window = item.event.discount_date
        if window is None or day > window or item.due_minor != item.event.amount_minor:
            pay_later(story, item, item.pay_on)
            return
        amount = item.due_minor - story.discount_of(item)
        receipt = story.receive(day, amount, mentions=[item])
        story.at(day, Apply, partial(apply, receipt, amount))

    def apply(receipt: Receipt, amount: int, day: date) -> None:
        if item.open_minor == item.event.amount_minor:
            story.apply_parts(day, receipt, [Part(item=item.ref, amount_minor=amount, take_discount=True)])
        else:
            _apply_named(story, receipt, [item], day)

    story.at(item.event.document_date + story.days(2, 6), ReceiptIn, pay)


def _in_order(story: Story, item: Item, order: Order, percent: int) -> None:
    """A round sum without naming anything; the rest is paid by name some weeks later."""

    def pay(day: date) -> None:
        meant = [other for other in story.owed() if other.pay_on <= day + GATHER]
        amount = round_sum(sum(other.due_minor for other in meant) * percent // 100)
        if amount > 0 and not looks_like(story, amount):
            # Who names nothing and who applies it go by the same rule.
            spread = [other for other, _ in story.spread(amount, story.account.currency, order)]
            receipt = story.receive(day, amount, meant=spread)
            story.at(day, Apply, lambda when: story.apply_in_order(when, receipt, order))
        pay_later(story, item, day + story.days(18, 40))

    story.at(item.pay_on, ReceiptIn, pay)


def round_sum(minor: int) -> int:
    """Two figures and zeros."""
    factor: int = 10 ** max(len(str(minor)) - 2, 0)
    return minor // factor * factor


def looks_like(story: Story, amount_minor: int) -> bool:
    """Whether a sum happens to be what one, two or three items come to: anybody would take it for their payment."""
    dues = [other.due_minor for other in story.owed() if other.due_minor]
    return any(sum(few) == amount_minor for size in (1, 2, 3) for few in combinations(dues[-40:], size))


def oldest(story: Story, item: Item) -> None:
    _in_order(story, item, Order.OLDEST_FIRST, 95)


def pro_rata(story: Story, item: Item) -> None:
    _in_order(story, item, Order.PRO_RATA, 60)


def part_payments(story: Story, item: Item) -> None:
    """In two or three parts."""

    def pay(percent: int, day: date) -> None:
        amount = item.event.amount_minor * percent // 100
        if 0 < amount < item.due_minor:
            pay_named(story, day, [item], amount)

    story.at(item.pay_on, ReceiptIn, partial(pay, story.rng.randint(25, 60)))
    if story.rng.randrange(2):
        story.at(item.pay_on + story.days(15, 25), ReceiptIn, partial(pay, story.rng.randint(10, 30)))
    story.at(item.pay_on + story.days(30, 50), ReceiptIn, lambda day: pay_later(story, item, day))


def short(story: Story, item: Item) -> None:
    """A little too little (bank charges kept back); the difference is written off."""

    def pay(day: date) -> None:
        missing = min(item.due_minor // story.rng.randint(60, 400), in_currency(600, item.event.currency))
        if 0 < missing < item.due_minor:
            pay_named(story, day, [item], item.due_minor - missing)
            story.at(day + story.days(12, 30), Settle, write_off)
        else:
            pay_later(story, item, day)

    def write_off(day: date) -> None:
        if item.open_minor:
            story.settle(day, EntryKind.WRITE_OFF, item, item.open_minor, "small difference, bank charges")

    story.at(item.pay_on, ReceiptIn, pay)


def over(story: Story, item: Item) -> None:
    """Paid with something on top, which is swept up or given back."""

    def pay(day: date) -> None:
        if item.due_minor:
            extra = max(item.due_minor * story.rng.randint(2, 25) // 100, 1)
            receipt = pay_named(story, day, [item], item.due_minor + extra)
            if story.rng.randrange(4):
                story.at(day + story.days(10, 16), Refund, partial(_refund, story, receipt))

    story.at(item.pay_on, ReceiptIn, pay)


def unidentified(story: Story, item: Item) -> None:
    """Money of which nobody knows at first whose it is."""

    def pay(day: date) -> None:
        if item.due_minor:
            receipt = story.receive(day, item.due_minor, is_known=False, meant=[item])
            story.at(day + story.days(2, 25), Identify, partial(identify, receipt))

    def identify(receipt: Receipt, day: date) -> None:
        story.identify(day, receipt)
        story.at(day, Apply, partial(_apply_named, story, receipt, [item]))

    story.at(item.pay_on, ReceiptIn, pay)


def bounced(story: Story, item: Item) -> None:
    """A payment the bank takes back some days later; the money comes again after that."""

    def pay(day: date) -> None:
        if item.due_minor:
            receipt = story.receive(day, item.due_minor, mentions=[item])
            story.at(day, Apply, partial(apply, receipt))
            story.at(day + story.days(3, 7), Bounce, partial(bounce, receipt))

    def apply(receipt: Receipt, day: date) -> None:
        amount = min(item.open_minor, receipt.left_minor)
        story.apply_parts(day, receipt, [Part(item=item.ref, amount_minor=amount)])

    def bounce(receipt: Receipt, day: date) -> None:
        story.bounce(day, receipt, "returned by the bank: insufficient funds")
        pay_later(story, item, day + story.days(8, 25))

    story.at(item.pay_on, ReceiptIn, pay)


def misapplied(story: Story, item: Item) -> None:
    """Applied to another invoice by mistake, taken back, applied to the right one."""

    def pay(day: date) -> None:
        if item.due_minor:
            receipt = story.receive(day, item.due_minor, mentions=[item])
            story.at(day, Apply, partial(apply, receipt))

    def apply(receipt: Receipt, day: date) -> None:
        others = [other for other in story.owed() if other is not item and not other.coming_minor]
        # A mistake of the last days would stand: there is no day left to find it.
        if not others or story.calendar.on_or_after(day + timedelta(days=10)) is None:
            _apply_named(story, receipt, [item], day)
            return
        wrong = max(others, key=lambda other: (other.open_minor, other.ref))
        story.apply_parts(day, receipt, [Part(item=wrong.ref, amount_minor=min(wrong.open_minor, receipt.left_minor))])
        story.at(day + story.days(2, 6), Unapply, partial(unapply, receipt, wrong))

    def unapply(receipt: Receipt, wrong: Item, day: date) -> None:
        story.unapply(day, receipt, f"meant for another invoice ({wrong.event.kind.value})")
        story.at(day + timedelta(days=1), Apply, partial(_apply_named, story, receipt, [item]))
        pay_later(story, wrong, max(wrong.pay_on, day + timedelta(days=3)))

    story.at(item.pay_on, ReceiptIn, pay)


def prepaid(story: Story, item: Item) -> None:
    """Paid in advance with something more; kept on account, applied when the goods are accepted."""

    def pay(day: date) -> None:
        if item.due_minor:
            percent = story.rng.choice((100, 100, 130))
            receipt = story.receive(day, item.due_minor * percent // 100, meant=[item])
            story.at(day, Park, lambda when: story.park(when, receipt))
            story.at(day + story.days(5, 15), Apply, partial(apply, receipt))

    def apply(receipt: Receipt, day: date) -> None:
        amount = min(item.open_minor, receipt.parked_minor)
        story.apply_parts(day, receipt, [Part(item=item.ref, amount_minor=amount)], parked=True)

    story.at(item.event.document_date + story.days(1, 4), ReceiptIn, pay)


def cross(story: Story, item: Item) -> None:
    """A foreign-currency invoice paid in our own currency; the bank says how much of each."""

    def pay(day: date) -> None:
        if item.due_minor:
            units = item.due_minor // 10 ** exponent_of(item.event.currency) + 1
            per_unit, per = PER_UNIT[item.event.currency]
            own = story.account.entity.currency
            paid = in_currency(units * per_unit // per + 1, own)
            receipt = story.receive(day, paid, currency=own, mentions=[item])
            story.at(day, Apply, partial(apply, receipt))

    def apply(receipt: Receipt, day: date) -> None:
        parts = [Part(item=item.ref, amount_minor=item.open_minor, paid_minor=receipt.left_minor)]
        story.apply_parts(day, receipt, parts)

    story.at(item.pay_on, ReceiptIn, pay)

"""What an account of the demo is invoiced, month by month, and which fate each invoice gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from random import Random

from huikuan.core.accounts import ItemKind
from huikuan.core.money import exponent_of
from huikuan.core.periods import month_end, month_of, next_month
from huikuan.services.demo_events import ApplyCredit, ItemIn, ReceiptIn
from huikuan.services.demo_fates import BEHAVIOURS, FATES
from huikuan.services.demo_payments import PER_UNIT, in_currency, pay_later, pay_plain
from huikuan.services.demo_story import Calendar, Item, Story
from huikuan.services.demo_world import HD, PRODUCTS, PRODUCTS_YX, AccountPlan, pick

SPECIAL = ("late", "deposit", "on_account")
"""What an account can be given by hand besides a fate: a late entry, credits from before the books were opened."""

_DELAYS = {"punctual": (-9, 0), "slow": (5, 32), "erratic": (-5, 75), "bad": (40, 200)}
"""Days after the due date on which invoices are paid, by behaviour."""


@dataclass(slots=True)
class Billing:
    """An account's invoicing. ``wanted``: fates given by hand, used up by the first invoices."""

    story: Story
    wanted: list[str]

    @property
    def account(self) -> AccountPlan:
        return self.story.account

    @property
    def rng(self) -> Random:
        return self.story.rng

    def plan(self) -> None:
        """Puts opening balances, every month's invoices and the monthly look at stragglers on the agenda."""
        calendar, rng = self.story.calendar, self.rng
        first, last = calendar.first, calendar.last
        starts = (
            first
            if self.wanted or rng.randrange(5)
            else first + timedelta(days=rng.randrange((last - first).days // 2))
        )
        ends = last if rng.randrange(12) else first + (last - first) * rng.randint(50, 90) // 100
        self._plan_opening(is_old=starts == first)
        month = month_of(starts)
        while month <= ends:
            count, rest = divmod(self.account.per_month + rng.randint(-9, 9), 10)
            for _ in range(count + (rng.randrange(10) < rest)):
                day = month + timedelta(days=rng.randrange(month_end(month).day))
                document_day = self.story.document_day(max(day, starts))
                if document_day is not None and document_day <= ends:
                    self.story.at(document_day, ItemIn, self._bill)
            month = next_month(month)
            self.story.at(month, ReceiptIn, self._chase)
        if "late" in self.wanted:
            self._plan_late_entry()

    def _plan_opening(self, *, is_old: bool) -> None:
        calendar, rng = self.story.calendar, self.rng
        for kind in (ItemKind.DEPOSIT, ItemKind.ON_ACCOUNT):
            if kind.value in self.wanted:
                self.story.at(calendar.first, ItemIn, partial(self._open_credit, kind))
        for _ in range(rng.randrange(3) if is_old else 0):
            written = calendar.first - timedelta(days=rng.randint(5, 70))
            self.story.at(calendar.first, ItemIn, partial(self._open_invoice, written))

    def _open_credit(self, kind: ItemKind, day: date) -> None:
        amount = -in_currency(self.account.size, self.account.currency)
        written = day - timedelta(days=20)
        self.story.bring_in(self._document(day, kind, amount, written, written), pay_on=date.max, is_plain=False)

    def _open_invoice(self, written: date, day: date) -> None:
        while any(item.event.document_date == written for item in self.story.items.values()):
            written -= timedelta(days=1)
        due = written + timedelta(days=self.account.terms_days)
        item = self.story.bring_in(self._document(day, ItemKind.INVOICE, self._amount(), written, due), pay_on=due)
        pay_later(self.story, item, max(due + self._delay(), day + timedelta(days=2)))

    def _plan_late_entry(self) -> None:
        """An invoice of a month that has been closed meanwhile, found two months later."""
        calendar = self.story.calendar
        month = month_of(calendar.first + (calendar.last - calendar.first) // 2)
        written = self.story.document_day(month + timedelta(days=14))
        found = next_month(next_month(month)) + timedelta(days=17)
        if written is not None and written < next_month(month):
            self.story.at(found, ItemIn, partial(self._bill, written=written))

    def _bill(self, day: date, written: date | None = None) -> None:
        account = self.account
        fate = "plain" if written else self._fate()
        document_date = written or day
        due = document_date + timedelta(days=account.terms_days)
        event = self._document(day, ItemKind.INVOICE, self._amount(), document_date, due, disputed=fate == "disputed")
        delay = self._delay()
        item = self.story.bring_in(event, pay_on=max(due + delay, day + timedelta(days=1)), is_plain=False)
        self._use_old_credit(item, day)
        FATES[fate][0](self.story, item)

    def _use_old_credit(self, item: Item, day: date) -> None:
        def apply(credit: Item, when: date) -> None:
            self.story.apply_credit(when, credit, item)

        for credit in self.story.items.values():
            if credit.event.kind in (ItemKind.DEPOSIT, ItemKind.ON_ACCOUNT) and credit.open_minor:
                self.story.at(day + timedelta(days=2), ApplyCredit, partial(apply, credit))

    def _document(
        self, day: date, kind: ItemKind, amount_minor: int, written: date, due: date, *, disputed: bool = False
    ) -> ItemIn:
        account, rng = self.account, self.rng
        entity = account.entity
        opening = written < self.story.calendar.first
        days, points = account.discount or (0, 0)
        has_discount = bool(days) and kind == ItemKind.INVOICE and not opening
        return ItemIn(
            entity=entity.code,
            day=day,
            ref=f"{entity.code}/{account.customer}/I{len(self.story.items)}",
            customer=account.customer,
            kind=kind,
            currency=account.currency,
            amount_minor=amount_minor,
            document_date=written,
            due_date=due,
            effective_date=day if opening else written,
            discount_date=written + timedelta(days=days) if has_discount else None,
            discount_bp=points if has_discount else None,
            disputed=disputed,
            opening=opening,
            po_number=f"PO{rng.randrange(10_000, 99_999)}" if rng.randrange(3) == 0 else "",
            contract_number=f"{entity.code}-K{account.customer[1:]}/{written:%y}" if account.per_month >= 30 else "",
            sales_rep=account.sales_rep,
            region=account.region,
            product=rng.choice(PRODUCTS if entity is HD else PRODUCTS_YX),
        )

    def _fate(self) -> str:
        hands = [name for name in self.wanted if name in FATES]
        if hands:
            self.wanted.remove(hands[0])
            return hands[0]
        account = self.account
        if account.discount and account.behaviour != "bad" and self.rng.randrange(2):
            return "early"
        if account.currency != account.entity.currency and self.rng.randrange(50) == 0:
            return "cross"
        column = BEHAVIOURS.index(account.behaviour)
        return pick([(name, weights[column]) for name, (_, weights) in FATES.items()], self.rng)

    def _delay(self) -> timedelta:
        return self.story.days(*_DELAYS[self.account.behaviour])

    def _amount(self) -> int:
        """Around the account's size, every eighth a round one; in JPY no cents, in KWD fils."""
        account, rng = self.account, self.rng
        minor = in_currency(account.size * rng.randint(35, 190) // 100, account.currency)
        exponent = exponent_of(account.currency)
        return minor + (rng.randrange(10**exponent) if exponent and rng.randrange(8) else 0)

    def _chase(self, day: date) -> None:
        """What nobody means to pay any more, a part left over say, is asked for and paid by and by."""
        for item in self.story.owed():
            if not item.is_plain and not item.is_lost and item.pay_on < day - timedelta(days=35):
                pay_later(self.story, item, day + self.story.days(4, 40))
            elif item.is_plain and item.pay_on < day - timedelta(days=10):
                self.story.at(day, ReceiptIn, partial(pay_plain, self.story))


def play_account(account: AccountPlan, calendar: Calendar, rng: Random, wanted: Sequence[str] = ()) -> Story:
    """Everything that happens on one account: its story, played to the end."""
    story = Story(account, calendar, rng)
    Billing(story, list(wanted)).plan()
    story.run()
    return story


def suits(account: AccountPlan, name: str) -> bool:
    """Whether an account can be given a fate by hand."""
    if name == "early":
        return account.discount is not None and account.behaviour != "bad"
    if name == "cross":
        return account.currency != account.entity.currency and account.currency in PER_UNIT
    if name == "recovered":
        return account.terms_days <= 30 and account.behaviour == "punctual"
    return account.per_month >= 8

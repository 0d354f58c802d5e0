"""How the customers of one group pay, day by day: from items that are due to bank lines with their truth."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks import _match_words as words
from benchmarks._match_customers import Customer, account, fold
from benchmarks._match_items import Item, day_of
from benchmarks._match_text import Writing, carry, mangle, money, noise, write
from benchmarks._match_truth import Line, Open, may_take, taken

ROUND_TO = 500_000


class Payments:
    """The payments of one group. ``drift_day``: from then on people pay differently than before; None = never."""

    def __init__(self, chance: random.Random, members: list[Customer], items: list[Item], drift_day: int | None):
        self.chance = chance
        self.members = members
        self.items = items
        self.drift_day = drift_day
        self.offset = chance.randrange(30)
        self.agent = (_person(chance), account(chance, members[0].country))

    def run(self, days: int) -> Iterator[Line]:
        """Lines of ``days`` days in order."""
        issued, live = 0, list[Item]()
        for day in range(days):
            while issued < len(self.items) and self.items[issued].document_day <= day:
                live.append(self.items[issued])
                issued += 1
            if day_of(day).weekday() >= 5:
                continue
            before = len(live)
            yield from self._day(day, live)
            if before:
                live = [item for item in live if item.open_minor]

    def _day(self, day: int, live: list[Item]) -> Iterator[Line]:
        for item in live:
            if item.disputed and day - item.pay_day > 60 and item.open_minor:
                item.settle(item.open_minor, day)  # written off after two months of arguing
        for customer in self.members:
            if customer.parent_id and self.members[0].pays_for_group:
                continue
            habit = customer.habit
            if habit.every_days and (day + self.offset) % habit.every_days > (2 if day_of(day).weekday() == 0 else 0):
                continue
            mine = [item for item in live if self._pays(customer, item) and item.open_minor and not item.disputed]
            due = [item for item in mine if item.amount_minor > 0 and item.pay_day <= day]
            if due:
                yield from self._pay(customer, due, mine, day)
            elif mine and self.chance.random() < 0.0012:
                yield self._prepay(customer, mine, day)

    def _pays(self, customer: Customer, item: Item) -> bool:
        return item.customer is customer or (customer.pays_for_group and customer is self.members[0])

    def _pay(self, customer: Customer, due: list[Item], mine: list[Item], day: int) -> Iterator[Line]:
        mode, chance = customer.habit.mode, self.chance
        if self.drift_day is not None and day >= self.drift_day and chance.random() < 0.25:
            mode = chance.choice(("several", "single", "all_due", "round_oldest"))
        if mode == "single":
            owed = [(item, item.open_minor) for item in mine]  # of the whole day: its lines come in no order
            for item in due:
                yield self._settle(customer, [item], mine, day, owed)
            return
        if mode.startswith("round"):
            yield from self._round(customer, due, mine, day, mode)
            return
        chosen = due
        if mode == "several":
            chosen = chance.sample(due, min(len(due), chance.choice((1, 2, 2, 3, 3, 4, 5, 8))))
        elif mode == "oldest":
            chosen = due[: chance.choice((1, 2, 3, 5))]
        elif mode == "statement":
            month = day_of(due[0].document_day).replace(day=1)
            chosen = [i for i in mine if day_of(i.document_day).replace(day=1) == month and i.amount_minor > 0]
        memos = [item for item in mine if item.amount_minor < 0 and chance.random() < 0.7]
        chosen = chosen[:40]
        if memos and sum(item.open_minor for item in (*chosen, *memos)) > 0:
            chosen = [*chosen, *memos[:3]]
        yield self._settle(customer, sorted(chosen, key=lambda one: (one.document_day, one.item_id)), mine, day)

    def _settle(
        self, customer: Customer, chosen: list[Item], mine: list[Item], day: int, owed: Open | None = None
    ) -> Line:
        """A payment of ``chosen`` with what may go differently than planned."""
        chance = self.chance
        line = Line(day, 0, chosen[0].currency_code, "exact", customer)
        line.owed = owed or [(item, item.open_minor) for item in mine]
        line.rows = [(item, item.open_minor) for item in chosen]
        if any(minor < 0 for _, minor in line.rows):
            line.kind = "credit"
        said = self._deviate(line, customer, chosen, day)
        style = (
            customer.habit.style if chance.random() < customer.habit.reliability else chance.choice(("plain", "none"))
        )
        line.writing = write(chance, customer, chosen, day, style)
        if line.kind == "credit" and line.writing.pieces and chance.random() < 0.75:
            numbers = [item.document_number for item, minor in line.rows if minor < 0]
            said = " ".join(_say(chance, words.CREDIT, customer, n=number) for number in numbers)
            line.writing.pieces += numbers
        if said:
            line.said = True
            line.writing.text = f"{line.writing.text} {said}".strip()
        line.amount_minor = sum(minor for _, minor in line.rows) + line.unapplied_minor
        for item, minor in line.rows:
            item.settle(minor, day)
        for item, _, minor, closes in line.deductions:
            if closes:
                item.settle(minor, day)
            else:
                item.disputed = True
        self._finish(line, day)
        if chance.random() < 0.006:
            self._mislead(line, customer, mine)
        return line

    def _deviate(self, line: Line, customer: Customer, chosen: list[Item], day: int) -> str:
        """Discounts, charges, short and over payments; returns words that say so."""
        chance, habit = self.chance, customer.habit
        single = len(chosen) == 1 and chosen[0].amount_minor > 0
        if habit.discount_taker and any(item.discount_percent for item in chosen) and line.kind == "exact":
            allowed = all(may_take(item, day) for item in chosen)
            if allowed or (day - min(i.discount_day or 0 for i in chosen) < 7 and chance.random() < 0.6):
                return self._discount(line, customer, allowed)
        last, minor = line.rows[-1]
        roll = chance.random()
        if habit.charge_minor and minor > 4 * habit.charge_minor and roll < 0.9:
            self._deduct(line, last, "bank_charge", habit.charge_minor, "charge", closes=True)
        elif roll < 0.012 and single and minor > 50_000:
            cut = chance.choice((minor // 10, minor // 20 + 137, 12_000, 3_550))
            self._deduct(line, last, "short_payment", cut, "short", closes=False)
            return _say(chance, words.SHORT, customer, a=money(cut, customer.language)) if chance.random() < 0.8 else ""
        elif roll < 0.020 and single and minor > 20_000:
            percent = chance.choice((30, 50, 20, 70))
            line.rows[-1], line.kind = (last, minor * percent // 100), "part"
            return _say(chance, words.PART, customer, p=percent) if chance.random() < 0.8 else ""
        elif roll < 0.026:
            line.unapplied_minor = chance.choice((100, 999, 10_000, 5_000, 1, abs(minor) // 10 + 1))
            line.kind = "over"
        elif roll < 0.032 and customer.currency != "CNY" and minor > 100_000 and line.kind == "exact":
            off = max(1, round(minor * chance.uniform(0.0002, 0.003)))
            self._deduct(line, last, "exchange", off, "exchange", closes=True)
        elif roll < 0.035 and customer.language != "zh" and minor > 20_000:
            self._deduct(line, last, "bank_charge", chance.choice((500, 1000, 1500, 2000, 3500)), "charge", closes=True)
        return ""

    def _discount(self, line: Line, customer: Customer, allowed: bool) -> str:
        percent = line.rows[0][0].discount_percent
        line.kind = "discount" if allowed else "late_discount"
        reason = "early_payment_discount" if allowed else "short_payment"
        before = line.rows
        line.rows = [(item, minor - taken(item, minor)) for item, minor in before]
        line.deductions = [(item, reason, taken(item, minor), allowed) for item, minor in before if taken(item, minor)]
        return _say(self.chance, words.DISCOUNT, customer, p=percent) if self.chance.random() < 0.4 else ""

    def _deduct(self, line: Line, item: Item, reason: str, minor: int, kind: str, *, closes: bool) -> None:
        line.rows[-1] = (item, line.rows[-1][1] - minor)
        line.deductions.append((item, reason, minor, closes))
        line.kind = kind

    def _round(self, customer: Customer, due: list[Item], mine: list[Item], day: int, mode: str) -> Iterator[Line]:
        """A round sum: on account, or eating up the oldest items."""
        total = sum(item.open_minor for item in due)
        if total < ROUND_TO:
            return
        minor = total // ROUND_TO * ROUND_TO
        line = Line(day, minor, due[0].currency_code, mode, customer, owed=[(i, i.open_minor) for i in mine])
        rest = minor
        due = sorted(due, key=lambda item: (item.due_day, item.document_day, item.item_id))
        if mode == "round_on_account":
            line.unapplied_minor = minor
        for item in due:
            used = min(rest, item.open_minor)
            if used and mode == "round_oldest":
                line.rows.append((item, used))
            if used:
                item.settle(used, day)  # on account: a clerk applies it later, which no line tells
            rest -= used
        line.writing = Writing(_say(self.chance, words.ON_ACCOUNT, customer))
        self._finish(line, day)
        yield line

    def _prepay(self, customer: Customer, mine: list[Item], day: int) -> Line:
        chance = self.chance
        minor = chance.choice((100_000, 250_000, 1_000_000, chance.randrange(50_000, 3_000_000)))
        owed: Open = [(item, item.open_minor) for item in mine]
        line = Line(day, minor, mine[0].currency_code, "prepaid", customer, owed=owed, unapplied_minor=minor)
        line.writing = Writing(
            f"{_say(chance, words.PREPAID, customer)} {chance.choice(('', customer.contracts[0]))}".strip()
        )
        self._finish(line, day)
        return line

    def again(self, line: Line, day: int, live: Open) -> Line:
        """``line`` paid a second time by mistake, some days later."""
        assert line.payer is not None
        copy = Line(day, line.amount_minor, line.currency, "duplicate", line.payer, owed=live)
        copy.unapplied_minor = line.amount_minor
        copy.payer_name, copy.payer_account = line.payer_name, line.payer_account
        copy.text, copy.writing, copy.end_to_end_id = line.text, line.writing, ""
        return copy

    def _mislead(self, line: Line, customer: Customer, mine: list[Item]) -> None:
        """The payer copied the text of an earlier payment: a number that does not belong to this one."""
        others = [item for item in self.items if item.settled_day is not None and item.customer is customer]
        chosen = {item.item_id for item, _ in line.rows}
        others = [item for item in others if item.item_id not in chosen and item.settled_day != line.day]
        if not others or not line.writing.pieces or not mine:
            return
        if self.chance.random() < 0.5:
            line.text = f"{line.text}; {_say(self.chance, words.ALREADY, customer, n=others[-1].document_number)}"[:140]
        else:
            line.kind = "misleading"
            line.text = write(self.chance, customer, [others[-1]], line.day, "doc").text[:140]

    def _finish(self, line: Line, day: int) -> None:
        """What the bank shows of it: text, payer, account."""
        chance, customer = self.chance, line.payer
        assert customer is not None
        drifted = self.drift_day is not None and day >= self.drift_day
        text = line.writing.text
        if line.writing.pieces and chance.random() < customer.habit.mangling * (2 if drifted else 1):
            text = mangle(chance, text, line.writing.pieces)
        if chance.random() < 0.22:
            other = noise(chance, customer.language, day_of(day - chance.randrange(20)), line.amount_minor)
            text = f"{other} {text}" if chance.random() < 0.4 else f"{text} {other}"
        channel = (
            "cn" if customer.language == "zh" and chance.random() < 0.9 else chance.choice(("sepa", "swift", "wrapped"))
        )
        if line.writing.pieces and channel != "cn" and chance.random() < 0.06:
            line.end_to_end_id, text = line.writing.pieces[0][:35], _say(chance, words.GOODS, customer)
        line.text = carry(chance, text.strip(), channel)
        self._name(line, customer, channel, drifted)

    def _name(self, line: Line, customer: Customer, channel: str, drifted: bool) -> None:
        chance = self.chance
        name = customer.printed[0] if chance.random() < 0.85 else chance.choice(customer.printed)
        if channel == "swift":
            name = fold(customer.printed[1])[:35]
        elif channel == "wrapped":
            name = name[: chance.choice((27, 35, 54))]
        if chance.random() < 0.015 and len(name) > 6:
            at = chance.randrange(1, len(name) - 1)
            name = name[:at] + name[at + 1 :]
        line.payer_name = name if chance.random() > 0.02 else ""
        if chance.random() < (0.05 if drifted else 0.008):
            customer.accounts.insert(0, account(chance, customer.country))
        which = customer.accounts[0] if chance.random() < 0.85 else chance.choice(customer.accounts)
        line.payer_account = which if chance.random() > 0.08 else ""
        if chance.random() < 0.008 and line.kind in ("exact", "credit"):
            line.kind = "third_party"
            line.payer_name, line.payer_account = self.agent
            if chance.random() < 0.6:
                line.text = (_say(chance, words.FOR_WHOM, customer, n=customer.printed[0]) + " " + line.text)[:140]


def _person(chance: random.Random) -> str:
    return chance.choice(words.SURNAMES) + chance.choice(words.GIVEN)


def _say(chance: random.Random, table: dict[str, tuple[str, ...]], customer: Customer, **values: object) -> str:
    return chance.choice(table[customer.language]).format(**values)

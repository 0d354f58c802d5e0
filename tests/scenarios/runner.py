"""Runs stories told in Markdown: tables of what happens are done, tables of what is to be are compared.

A table whose first column is ``day`` is done row by row; any other table states something about the books at that
point: the postings of the last entry, what is open, where money stands, an account's balance. A second-level heading
opens new books in the same database. English and Chinese words may be used; text between tables is for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from huikuan.core.accounts import Charge, EntryKind, ItemKind, LedgerAccount
from huikuan.core.applications import Order
from huikuan.core.money import exponent_of, parse_amount, to_decimal
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.services.applications import Named
from huikuan.services.source_settlements import decide_settlements, proposals_of, propose
from huikuan.store.models import ExchangeRate, ImportBatch, JournalEntry, OpenItem, Posting, Receipt
from tests.scenarios import agreements, bills, month_end
from tests.scenarios.words import CHINESE, HEADERS
from tests.services.ledger import NOW, Ledger, entry_of_item, entry_of_receipt, legs_of

NOTHING = {"", "-", "—"}
ITEM_KINDS = {
    "invoice": (ItemKind.INVOICE, 1),
    "debit memo": (ItemKind.DEBIT_MEMO, 1),
    "credit memo": (ItemKind.CREDIT_MEMO, -1),
    "deposit": (ItemKind.DEPOSIT, -1),
    "note": (ItemKind.NOTE, 1),
}
ORDERS = {
    "oldest first": Order.OLDEST_FIRST,
    "pro rata": Order.PRO_RATA,
    "costs before interest before principal": Order.COSTS_INTEREST_PRINCIPAL,
}
SETTLE = {"write off": EntryKind.WRITE_OFF, "offset": EntryKind.OFFSET, "assign": EntryKind.ASSIGNMENT}
PERIODS = {"close": PeriodState.CLOSED, "soft-close": PeriodState.SOFT_CLOSED, "open": PeriodState.OPEN}
BUCKETS = {"unidentified": 0, "unapplied": 1, "on account": 2}
ON = {"on account": LedgerAccount.ADVANCES, "suspense": LedgerAccount.SUSPENSE}


@dataclass(frozen=True)
class Table:
    """A table of the document with the line it starts at."""

    line: int
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def named(self) -> Iterator[dict[str, str]]:
        for row in self.rows:
            yield dict(zip(self.headers, row, strict=True))


def read(path: Path) -> Iterator[Table | str]:
    """The tables and second-level headings of a document, in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("## "):
            yield line[3:].strip()
        if line.startswith("|") and number + 1 < len(lines) and re.fullmatch(r"[|:\- ]+", lines[number + 1]):
            start, rows = number, []
            number += 2
            while number < len(lines) and lines[number].startswith("|"):
                rows.append(cells(lines[number]))
                number += 1
            yield Table(start + 1, tuple(HEADERS.get(name, name) for name in cells(line)), tuple(rows))
            continue
        number += 1


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().strip("`*") for cell in line.strip().strip("|").split("|"))


@dataclass
class Story:
    """One document being told. ``number`` keeps the entities of its parts apart."""

    path: Path
    number: int = 0
    ledger: Ledger = field(init=False)
    documents: dict[str, int] = field(default_factory=dict)
    applications: dict[str, int] = field(default_factory=dict)
    last: list[int] = field(default_factory=list)
    line: int = 0

    def run(self) -> int:
        """Tells it all; gives how many statements were compared."""
        compared = 0
        self.open_books()
        for part in read(self.path):
            if isinstance(part, str):
                self.open_books(part)
                continue
            self.line = part.line
            if part.headers[0] == "day":
                for row in part.named():
                    self.line += 1
                    self.do(row)
            elif self.is_statement(part):
                compared += self.compare(part)
        return compared

    def open_books(self, heading: str = "") -> None:
        """New books; a heading may say their currency (``books in EUR``)."""
        self.number += 1
        found = re.search(r"(?:books in |账套币种 ?)([A-Z]{3})", heading)
        self.ledger = Ledger(found[1] if found else "CNY", code=f"{self.path.stem[:30]}{self.number}")
        self.documents, self.applications, self.last = {}, {}, []

    def do(self, row: dict[str, str]) -> None:
        """One row of what happens; a row that says ``refused`` must be refused with that code."""
        details = translate(row["details"])
        refused = re.search(r"refused ([a-z_.]+)", details)
        before = set(JournalEntry.objects.values_list("id", flat=True))
        try:
            Step(self, row, details).do()
        except Refusal as refusal:
            if refused is None or refusal.code != refused[1]:
                raise AssertionError(f"{self.path.name}:{self.line}: {refusal.code}: {refusal}") from refusal
            return
        assert not refused, f"{self.path.name}:{self.line}: was not refused"
        self.last = sorted(set(JournalEntry.objects.values_list("id", flat=True)) - before)

    def is_statement(self, table: Table) -> bool:
        statements = "posting item receipt account entry voucher reconciled bill agreement"
        return table.headers[0] in statements.split()

    def compare(self, table: Table) -> int:
        found = {
            "posting": self.postings,
            "item": self.items,
            "receipt": self.receipts,
            "account": self.balances,
            "entry": self.entries,
            "voucher": lambda given: month_end.voucher_lines(self.ledger, given),
            "reconciled": lambda given: month_end.reconciled(self.ledger, given),
            "bill": lambda given: bills.standing(self, given),
            "agreement": lambda given: agreements.standing(self, given),
        }[table.headers[0]](table)
        stated = [tuple(plain(cell) for cell in row) for row in table.rows]
        assert stated == found, f"{self.path.name}:{table.line}: the books say {found}"
        return len(stated)

    def postings(self, table: Table) -> list[tuple[str, ...]]:
        legs = [leg for entry in self.last for leg in legs_of(entry)]
        return [
            (account.replace("_", " "), currency, shown(amount, currency), shown(base, self.ledger.currency))
            for account, currency, amount, base in legs
        ]

    def items(self, table: Table) -> list[tuple[str, ...]]:
        found = []
        for row in table.named():
            item = OpenItem.objects.get(id=self.documents[row["item"]])
            amount, base = self.ledger.open_of(item.id)
            values = {"item": row["item"], "open": shown(amount, item.currency)}
            values |= {"currency": item.currency, "base value": shown(base, self.ledger.currency)}
            found.append(tuple(values[name] for name in table.headers))
        return found

    def receipts(self, table: Table) -> list[tuple[str, ...]]:
        found = []
        for row in table.named():
            receipt = Receipt.objects.get(id=self.documents[row["receipt"]])
            money = self.ledger.money_of(receipt.id)
            values = {name: shown(money[place], receipt.currency) for name, place in BUCKETS.items()}
            found.append(tuple({**values, "receipt": row["receipt"]}[name] for name in table.headers))
        return found

    def balances(self, table: Table) -> list[tuple[str, ...]]:
        found = []
        for row in table.named():
            legs = Posting.objects.filter(
                entry__entity_id=self.ledger.entity_id, ledger_account=row["account"].replace(" ", "_")
            )
            base = shown(sum(leg.base_minor for leg in legs), self.ledger.currency)
            values = {"account": row["account"], "base value": base}
            if "currency" in row:
                mine = [leg.amount_minor for leg in legs if leg.currency == row["currency"]]
                values |= {"currency": row["currency"], "balance": shown(sum(mine), row["currency"])}
            found.append(tuple(values[name] for name in table.headers))
        return found

    def entries(self, table: Table) -> list[tuple[str, ...]]:
        rows = JournalEntry.objects.filter(id__in=self.last).order_by("id")
        return [
            (row.kind.replace("_", " "), row.effective_date.isoformat(), row.posting_date.isoformat()) for row in rows
        ]


@dataclass
class Step:
    """One row of a table of what happens."""

    story: Story
    row: dict[str, str]
    details: str

    @property
    def ledger(self) -> Ledger:
        return self.story.ledger

    @property
    def day(self) -> date:
        return date.fromisoformat(self.row["day"])

    def do(self) -> None:
        what, name = translate(self.row["what happens"]), self.row["document"]
        documents = self.story.documents
        if what == "rate":
            number, _, currency = name.partition(" ")[2].partition(" ")
            self.rate(name.split()[0], Decimal(self.row["amount"].split()[0] or number or currency))
        elif what in bills.STEPS:
            bills.do(self, what, name)
        elif what in agreements.STEPS:
            agreements.do(self, what, name)
        elif what in ITEM_KINDS:
            documents[name] = self.add_item(name, *ITEM_KINDS[what])
        elif what == "receipt":
            minor, currency = self.money()
            documents[name] = self.ledger.receipt(
                minor, currency, on=self.day, customer=self.customer(), external_id=name
            )
        elif what in PERIODS:
            self.ledger.set_period(self.day, PERIODS[what])
        elif what == "revalue":
            self.ledger.revalue(self.day)
        elif what == "chart of accounts":
            month_end.take_chart(self.ledger, name)
        elif what == "export":
            month_end.export(self.ledger, self.day, name)
        else:
            self.do_to_document(what, documents[name], name)

    def do_to_document(self, what: str, number: int, name: str) -> None:
        ledger, on = self.ledger, self.day
        source = next((account for words, account in ON.items() if f"from {words}" in self.details), None)
        if what == "apply" and Receipt.objects.filter(id=number, external_id=name).exists():
            self.story.applications[name] = self.apply(number, source or LedgerAccount.UNAPPLIED)
        elif what == "apply":
            self.story.applications[name] = ledger.apply_credit(number, *self.lines(), on=on)
        elif what == "identify":
            ledger.identify(number, self.customer() or "C1", on=on)
        elif what == "keep on account":
            ledger.park(number, self.minor(number, Receipt), on=on)
        elif what == "refund":
            ledger.refund(number, self.minor(number, Receipt), on=on, from_account=source or LedgerAccount.UNAPPLIED)
        elif what in SETTLE:
            ledger.settle(SETTLE[what], number, self.minor(number, OpenItem), on=on)
        elif what == "recover":
            item = self.story.documents[self.details.split()[0].rstrip(";")]
            ledger.recover(item, number, self.minor(number, Receipt), on=on)
        elif what == "unapply":
            ledger.reverse(self.story.applications[name], on=on)
        elif what == "bounce":
            ledger.reverse(entry_of_receipt(number), on=on)
        elif what == "settled in source":
            self.settle_in_source(number)
        elif what == "take back":
            ledger.reverse(entry_of_item(number), on=on)
        else:
            raise AssertionError(f"{self.story.path.name}:{self.story.line}: what is {what!r}?")

    def settle_in_source(self, item: int) -> None:
        """What an import proposes when an item vanished, and a person accepts."""
        row = OpenItem.objects.get(id=item)
        batch = ImportBatch.objects.create(
            kind="items", source_id=row.source_id, feed="snapshot", file_name="-", file_sha256="-", folder="-",
            created_at=NOW,
        )  # fmt: skip
        propose(batch.id, [(item, self.minor(item, OpenItem))], settled_on=self.day)
        decide_settlements(proposals_of(batch.id), accept=True, actor_id=None, now=NOW)

    def add_item(self, name: str, kind: ItemKind, sign: int) -> int:
        minor, currency = self.money()
        more: dict[str, object] = {}
        if found := re.search(r"due ([\d-]+)", self.details):
            more["due"] = date.fromisoformat(found[1])
        if found := re.search(r"discount ([\d.]+) ?% until ([\d-]+)", self.details):
            more |= {"discount_bp": int(Decimal(found[1]) * 100), "discount_date": date.fromisoformat(found[2])}
        for charge in (Charge.COST, Charge.INTEREST):
            if charge.value in self.details.split("; "):
                more["charge"] = charge
        return self.ledger.item(
            sign * minor, currency, kind=kind, on=self.day, external_id=name, customer=self.customer() or "C1", **more
        )

    def apply(self, receipt: int, source: LedgerAccount) -> int:
        for words, order in ORDERS.items():
            if words in self.details:
                amount = None if self.row["amount"] in NOTHING else self.minor(receipt, Receipt)
                return self.ledger.spread(receipt, order, amount, on=self.day, from_account=source)
        paying = re.search(r"paying ([\d.,]+)", self.details)
        currency = Receipt.objects.get(id=receipt).currency
        named = [
            Named(
                item,
                minor,
                take_discount="with discount" in self.details,
                paid_minor=parse_amount(paying[1].replace(",", ""), currency) if paying else None,
            )
            for item, minor in self.lines()
        ]
        return self.ledger.apply(receipt, *named, on=self.day, from_account=source)

    def lines(self) -> list[tuple[int, int]]:
        """``to I-1 600.00 + I-2 10.00``: the items named and how much of each."""
        found = re.search(r"to ([^;]*)", self.details)
        assert found, f"{self.story.path.name}:{self.story.line}: to what?"
        lines = []
        for part in found[1].split(" + "):
            name, amount = part.split()
            item = self.story.documents[name]
            lines.append((item, parse_amount(amount.replace(",", ""), OpenItem.objects.get(id=item).currency)))
        return lines

    def customer(self) -> str | None:
        found = re.search(r"customer (\S+?)(;|$)", self.details)
        return found[1] if found else None

    def money(self) -> tuple[int, str]:
        amount, _, currency = self.row["amount"].partition(" ")
        currency = currency or self.ledger.currency
        return parse_amount(amount.replace(",", ""), currency), currency

    def minor(self, number: int, model: type[OpenItem] | type[Receipt]) -> int:
        row = model.objects.get(id=number)
        return parse_amount(self.row["amount"].split()[0].replace(",", ""), row.currency)

    def rate(self, currency: str, rate: Decimal) -> None:
        ExchangeRate.objects.update_or_create(
            currency=currency, base=self.ledger.currency, valid_from=self.day, defaults={"rate": rate}
        )


def translate(text: str) -> str:
    """Chinese words to the English the runner knows."""
    for chinese in sorted(CHINESE, key=len, reverse=True):
        text = text.replace(chinese, CHINESE[chinese])
    return text.strip()


def shown(minor: int, currency: str) -> str:
    return f"{to_decimal(minor, currency):,.{exponent_of(currency)}f}"


def plain(cell: str) -> str:
    return "0.00" if cell in NOTHING else cell.replace("−", "-")

"""From the subledger to the general ledger: postings → balanced vouchers in the accounts the general ledger knows.

Pure: the same postings, rules and first number give the same vouchers, in the same order. Debit is positive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from huikuan.core.gl_words import entry_word, ledger_word
from huikuan.core.periods import month_end
from huikuan.core.refusals import Refusal
from huikuan.core.texts import guarded


class Grouping(StrEnum):
    """How many vouchers there are: one per entry, per day or per month; each again per currency."""

    ENTRY = "entry"
    DAY = "day"
    MONTH = "month"


class Dimension(StrEnum):
    """What a voucher's line may say beside its account (auxiliary accounting, 辅助核算)."""

    CUSTOMER = "customer"
    SALES_REP = "sales_rep"
    REGION = "region"
    PRODUCT = "product"


class Reference(StrEnum):
    """What stands as a voucher's reference: the number of its document, or its own number."""

    DOCUMENT = "document"
    VOUCHER = "voucher"


CUSTOMER_MARK = "{customer}"
"""In an account's code: the customer's number in the general ledger (personal accounts of debtors)."""


@dataclass(frozen=True, slots=True)
class GlPosting:
    """One leg as the general ledger sees it. ``customer`` is the customer's number there; texts may be empty."""

    seq: int
    line: int
    kind: str
    day: date
    ledger_account: str
    currency: str
    amount_minor: int
    base_minor: int
    customer: str = ""
    sales_rep: str = ""
    region: str = ""
    product: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class AccountRule:
    """A ledger account of ours (``currency`` empty: every currency without a rule of its own) and its code there."""

    ledger_account: str
    currency: str
    code: str
    name: str = ""
    dimensions: frozenset[Dimension] = frozenset()

    def code_for(self, customer: str) -> str:
        return self.code.replace(CUSTOMER_MARK, customer)


@dataclass(frozen=True, slots=True)
class VoucherLine:
    """One line: ``amount_minor`` in its currency, ``base_minor`` in that of the books, debit positive."""

    code: str
    name: str
    ledger_account: str
    currency: str
    amount_minor: int
    base_minor: int
    document: str = ""
    customer: str = ""
    sales_rep: str = ""
    region: str = ""
    product: str = ""

    @property
    def is_debit(self) -> bool:
        return (self.base_minor or self.amount_minor) > 0

    @property
    def debit_base(self) -> int:
        return self.base_minor if self.is_debit else 0

    @property
    def credit_base(self) -> int:
        return 0 if self.is_debit else -self.base_minor


@dataclass(frozen=True, slots=True)
class Voucher:
    """A balanced voucher of one day and one currency. ``reference`` is a document's number or the voucher's own."""

    number: int
    day: date
    currency: str
    text: str
    reference: str
    lines: tuple[VoucherLine, ...]


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """What an export moved on one account: ledger account of ours, code there, currency; debit and credit apart."""

    ledger_account: str
    code: str
    currency: str
    debit_minor: int
    credit_minor: int
    debit_base_minor: int
    credit_base_minor: int


LAYOUT = 2
"""How files are written now. 1: texts of CSV files as they are. 2: those that look like a formula begin with ``'``."""


@dataclass(frozen=True, slots=True)
class VoucherFile:
    """Everything a format needs to write one file; ``options`` are the entity's answers to what the format asks.
    ``layout``: in which way the format is written; an export made in an older way is made anew in that way."""

    name: str
    entity: str
    base: str
    month: date
    number: int
    made_at: datetime
    vouchers: tuple[Voucher, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    layout: int = LAYOUT

    def text(self, value: str) -> str:
        """The text of a cell, which a spreadsheet must not take for a formula (from layout 2 on)."""
        return guarded(value) if self.layout >= 2 else value

    @property
    def last_day(self) -> date:
        return month_end(self.month)


class AccountMap:
    """An entity's rules; one of the posting's currency comes before one for any."""

    def __init__(self, rules: Iterable[AccountRule]) -> None:
        self.rules = {(rule.ledger_account, rule.currency): rule for rule in rules}

    def find(self, ledger_account: str, currency: str) -> AccountRule | None:
        return self.rules.get((ledger_account, currency)) or self.rules.get((ledger_account, ""))

    def check(self, postings: Iterable[GlPosting]) -> None:
        """Refuses ``gl.unmapped`` and ``gl.no_customer``, each naming every account concerned."""
        seen = {(leg.ledger_account, leg.currency, bool(leg.customer)) for leg in postings}
        missing = sorted({f"{account} {currency}" for account, currency, _ in seen if not self.find(account, currency)})
        if missing:
            raise Refusal("gl.unmapped", "no general-ledger account for: {accounts}", accounts=", ".join(missing))
        unknown = set()
        for account, currency, has_customer in seen:
            rule = self.find(account, currency)
            if rule and CUSTOMER_MARK in rule.code and not has_customer:
                unknown.add(f"{account} {currency}")
        if unknown:
            raise Refusal(
                "gl.no_customer",
                "these accounts are kept by customer, but a posting has none or one without a number: {accounts}",
                accounts=", ".join(sorted(unknown)),
            )


def make_vouchers(
    postings: Sequence[GlPosting],
    accounts: AccountMap,
    grouping: Grouping,
    *,
    month: date,
    first_number: int,
    language: str,
    reference: Reference,
) -> list[Voucher]:
    """The vouchers of some entries of one month, numbered from ``first_number`` on. Every entry must be there whole.

    Refuses ``gl.unmapped``, ``gl.no_customer`` and ``gl.unbalanced``.
    """
    accounts.check(postings)
    groups: dict[tuple[object, ...], list[GlPosting]] = defaultdict(list)
    for leg in sorted(postings, key=lambda leg: (leg.seq, leg.line)):
        groups[_group_of(leg, grouping)].append(leg)
    vouchers: list[Voucher] = []
    for key in sorted(groups):
        legs = groups[key]
        _check_balanced(legs)
        lines = _lines(legs, accounts, grouping)
        if not lines:
            continue
        number = first_number + len(vouchers)
        day = month_end(month) if grouping == Grouping.MONTH else legs[0].day
        document = next((leg.document for leg in legs if leg.document), "") if grouping == Grouping.ENTRY else ""
        word = entry_word(legs[0].kind, language) if grouping == Grouping.ENTRY else ledger_word(language)
        own = f"{month:%Y%m}-{number}"
        use_document = reference == Reference.DOCUMENT and document
        text = " ".join(part for part in (word, document) if part)
        vouchers.append(Voucher(number, day, legs[0].currency, text, document if use_document else own, tuple(lines)))
    return vouchers


def _group_of(leg: GlPosting, grouping: Grouping) -> tuple[object, ...]:
    if grouping == Grouping.ENTRY:
        return (leg.seq, leg.currency)
    if grouping == Grouping.DAY:
        return (leg.day, leg.currency)
    return (leg.currency,)


def _check_balanced(legs: Sequence[GlPosting]) -> None:
    """Entries pass from one currency to another through exchange clearing, so each currency balances by itself."""
    if sum(leg.amount_minor for leg in legs) or sum(leg.base_minor for leg in legs):
        raise Refusal("gl.unbalanced", "the entry numbered {seq} does not balance by itself", seq=legs[0].seq)


def _lines(legs: Sequence[GlPosting], accounts: AccountMap, grouping: Grouping) -> list[VoucherLine]:
    """Debits before credits; summed up where the voucher is not a single entry's."""
    lines = [line for leg in legs if (leg.amount_minor or leg.base_minor) for line in [_line(leg, accounts, grouping)]]
    if grouping != Grouping.ENTRY:
        lines = _summed(lines)
    return [line for line in lines if line.is_debit] + [line for line in lines if not line.is_debit]


def _line(leg: GlPosting, accounts: AccountMap, grouping: Grouping) -> VoucherLine:
    rule = accounts.find(leg.ledger_account, leg.currency)
    assert rule is not None  # noqa: S101 - checked before
    shown = {name: getattr(leg, name.value) if name in rule.dimensions else "" for name in Dimension}
    return VoucherLine(
        code=rule.code_for(leg.customer),
        name=rule.name,
        ledger_account=leg.ledger_account,
        currency=leg.currency,
        amount_minor=leg.amount_minor,
        base_minor=leg.base_minor,
        document=leg.document if grouping == Grouping.ENTRY else "",
        customer=shown[Dimension.CUSTOMER],
        sales_rep=shown[Dimension.SALES_REP],
        region=shown[Dimension.REGION],
        product=shown[Dimension.PRODUCT],
    )


def _key(line: VoucherLine) -> tuple[str, ...]:
    return (
        line.code, line.ledger_account, line.currency, line.customer, line.sales_rep, line.region, line.product,
        "" if line.is_debit else "credit",
    )  # fmt: skip


def _summed(lines: Sequence[VoucherLine]) -> list[VoucherLine]:
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    first: dict[tuple[str, ...], VoucherLine] = {}
    for line in lines:
        key = _key(line)
        first.setdefault(key, line)
        sums[key][0] += line.amount_minor
        sums[key][1] += line.base_minor
    return [replace(one, amount_minor=sums[key][0], base_minor=sums[key][1]) for key, one in sorted(first.items())]


def totals_of(vouchers: Iterable[Voucher]) -> list[AccountTotal]:
    """What vouchers moved, per account and currency, in order."""
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for voucher in vouchers:
        for line in voucher.lines:
            places = sums[line.ledger_account, line.code, line.currency]
            side = 0 if line.is_debit else 1
            places[side] += abs(line.amount_minor)
            places[2 + side] += abs(line.base_minor)
    return [AccountTotal(*key, *values) for key, values in sorted(sums.items())]

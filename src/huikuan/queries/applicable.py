"""What money or a credit can be applied to now: a customer's open items, the discounts they still allow, and how an
amount falls on them in an order. Answers from the balances that the services will decide on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q, Sum

from huikuan.core.accounts import Charge, LedgerAccount
from huikuan.core.applications import OpenRow, Order, discount_allowed, distribute
from huikuan.core.refusals import Refusal
from huikuan.store.models import OpenItem, OpenItemBalance, Posting, SourceSettlement
from huikuan.store.public_ids import inner_id, public_id


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item money can be applied to. ``discount_minor``: early-payment discount still to be had for this money.

    ``unmet_minor``: what a source reported as settled and no money has explained yet; it takes money first.
    """

    row: OpenRow
    public_id: str
    document_number: str
    kind: str
    disputed: bool
    discount_minor: int = 0
    unmet_minor: int = 0

    @property
    def takes_minor(self) -> int:
        return self.row.open_minor + self.unmet_minor


def candidates(entity_id: int, account_id: int, currency: str, paid_on: date | None) -> list[Candidate]:
    """Items of one account still owed in a currency, oldest first, with what a source reported as settled and no money
    explained. ``paid_on``: the money's value date, for the discount; ``None`` for credits, which grant none and meet no
    settlement."""
    unmet = _unmet(account_id, currency) if paid_on is not None else {}
    balances = OpenItemBalance.objects.filter(Q(open_minor__gt=0) | Q(item_id__in=list(unmet)), account_id=account_id)
    balances = balances.filter(item__entity_id=entity_id, item__currency=currency).select_related("item")
    found = [_open_row(balance) for balance in balances]
    taken = sums_on([row.item_id for row, _ in found], (LedgerAccount.DISCOUNT.value,)) if paid_on is not None else {}
    listed = [
        Candidate(
            row=row,
            public_id=public_id("itm", row.item_id),
            document_number=item.document_number,
            kind=item.kind,
            disputed=item.disputed,
            discount_minor=_discount(row, paid_on, taken.get(row.item_id, 0)) if paid_on is not None else 0,
            unmet_minor=unmet.get(row.item_id, 0),
        )
        for row, item in found
    ]
    return sorted(listed, key=lambda one: (one.row.due_date, one.row.document_date, one.row.item_id))


def _open_row(balance: OpenItemBalance) -> tuple[OpenRow, OpenItem]:
    item = balance.item
    return OpenRow(
        item_id=item.id,
        account_id=balance.account_id,
        ledger_account=LedgerAccount(item.ledger_account),
        currency=item.currency,
        open_minor=balance.open_minor,
        open_base_minor=balance.open_base_minor,
        due_date=item.due_date,
        document_date=item.document_date,
        original_minor=item.amount_minor,
        charge=Charge(item.charge),
        discount_date=item.discount_date,
        discount_bp=item.discount_bp,
    ), item


def _discount(row: OpenRow, paid_on: date, taken_minor: int) -> int:
    try:
        return discount_allowed(row, paid_on, taken_minor)
    except Refusal:
        return 0


def _unmet(account_id: int, currency: str) -> dict[int, int]:
    waiting = SourceSettlement.objects.filter(
        item__account_id=account_id, item__currency=currency, state=SourceSettlement.State.POSTED
    )
    numbers = list(waiting.values_list("item_id", flat=True))
    sums = sums_on(numbers, (LedgerAccount.SOURCE_SETTLEMENT.value,))
    return {number: minor for number, minor in sums.items() if minor > 0}


def sums_on(item_ids: Iterable[int], accounts: Sequence[str]) -> dict[int, int]:
    """Per item, what its legs on these accounts add up to."""
    wanted = sorted(set(item_ids))
    found: dict[int, int] = {}
    for start in range(0, len(wanted), 500):
        legs = Posting.objects.filter(item_id__in=wanted[start : start + 500], ledger_account__in=accounts)
        rows: Any = legs.values("item_id").annotate(total=Sum("amount_minor")).values_list("item_id", "total")
        found |= {number: int(total) for number, total in rows}
    return found


def spread(
    found: Sequence[Candidate], amount_minor: int, order: Order, discounted: frozenset[str] = frozenset()
) -> dict[str, int]:
    """How an amount falls on the items in an order, by opaque id. An item in ``discounted`` needs that much less."""
    names = {one.row.item_id: one.public_id for one in found}
    rows = [
        replace(one.row, open_minor=one.row.open_minor - one.discount_minor) if one.public_id in discounted else one.row
        for one in found
    ]
    return {names[line.row.item_id]: line.amount_minor for line in distribute(amount_minor, rows, order)}


@dataclass(frozen=True, slots=True)
class NamedItem:
    id: int
    currency: str
    document_number: str
    effective_date: date


def items_named(account_id: int, texts: Iterable[str]) -> dict[str, NamedItem]:
    """Items of a customer account by opaque id, settled ones too; an id that is none of them is left out, whosever it
    is: a form must not tell of items its reader does not see."""
    numbers = {number: text for text in texts if (number := inner_id("itm", text)) is not None}
    rows = OpenItem.objects.filter(id__in=list(numbers), account_id=account_id)
    return {
        numbers[number]: NamedItem(number, currency, document, day)
        for number, currency, document, day in rows.values_list("id", "currency", "document_number", "effective_date")
    }


@dataclass(frozen=True, slots=True)
class Applied:
    """What an application entry settled: ``items`` of them, by money or credit (``paid_minor``) and by discount."""

    items: int
    currency: str
    paid_minor: int
    discount_minor: int


def applied_by(entry_id: int) -> Applied:
    legs = list(Posting.objects.filter(entry_id=entry_id, item__isnull=False))
    settled = [leg for leg in legs if leg.amount_minor < 0]
    discount = sum(leg.amount_minor for leg in legs if leg.ledger_account == LedgerAccount.DISCOUNT.value)
    return Applied(
        items=len({leg.item_id for leg in settled}),
        currency=settled[0].currency if settled else "",
        paid_minor=-sum(leg.amount_minor for leg in settled) - discount,
        discount_minor=discount,
    )


def currencies_owed(entity_id: int, account_id: int) -> list[str]:
    """The currencies in which an account owes something."""
    found = OpenItemBalance.objects.filter(account_id=account_id, open_minor__gt=0, item__entity_id=entity_id)
    return sorted(set(found.values_list("item__currency", flat=True)))


def owes(account_id: int, currency: str) -> bool:
    """Whether anything of that currency is open that money could be applied to."""
    return OpenItemBalance.objects.filter(account_id=account_id, open_minor__gt=0, item__currency=currency).exists()


def owes_in_others(account_id: int, currency: str) -> bool:
    """Whether anything is open in other currencies, for money in ``currency``."""
    return (
        OpenItemBalance.objects.filter(account_id=account_id, open_minor__gt=0)
        .exclude(item__currency=currency)
        .exists()
    )

"""How a customer pays: what its payments show and what people entered, as of the frame's day, as known then.

Read by index from the database, not from the mirror: a customer's documents are some rows among a million, and of one
with very many the latest ``DOCUMENTS_MAX`` tell as much as all. The rows are the journal's own, so the figures are
those of the item's page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from huikuan.core.accounts import EntryKind, ItemKind, LedgerAccount
from huikuan.core.asking_day import AskingDay, find_asking_day
from huikuan.core.habits import Habits, PaidDocument, Part, Payment, find_habits
from huikuan.core.payment_facts import PaymentFacts
from huikuan.engines.likeness import plain_name
from huikuan.engines.working_days import working_days_of
from huikuan.queries.customer_file import family_of
from huikuan.queries.directory import accounts_of
from huikuan.queries.frame import Frame
from huikuan.queries.open_rows import ITEM_CONTROLS, ids
from huikuan.queries.payment_facts import facts_of
from huikuan.store.models import (
    Contact,
    Customer,
    CustomerAccount,
    CustomerAlias,
    CustomerPayerAccount,
    OpenItem,
    Receipt,
    ReceiptChannel,
    ReceiptParty,
)
from huikuan.store.public_ids import inner_id, public_id

DOCUMENTS_MAX = 2_000
"""Of a customer with more, the latest so many are looked at."""
CUT_MIN = 10
"""Letters of a payer's name from which on it may be a longer name cut off."""
_CHUNK = 500
_KINDS = (ItemKind.INVOICE.value, ItemKind.DEBIT_MEMO.value)
_CONTROLS = frozenset(account.value for account in ITEM_CONTROLS)
_SETTLED = frozenset({*_CONTROLS, LedgerAccount.SOURCE_SETTLEMENT.value})


@dataclass(frozen=True, slots=True)
class PayerRow:
    """Somebody who paid. ``relation``: itself, group (a member of its group) or other."""

    name: str
    relation: str
    payments: int
    last: date


@dataclass(frozen=True, slots=True)
class StepRow:
    """A signature on the customer's side; ``contact`` is who holds it."""

    name: str
    working_days: int
    contact: str
    contact_public_id: str


@dataclass(frozen=True, slots=True)
class CustomerHabits:
    """``learned`` from payments, ``facts`` and ``steps`` entered by people, and the day to ask that follows from both.

    ``decider`` and ``payer`` are the names of the contacts who have that part. ``truncated``: there are more documents
    than were looked at. ``country``: whose working days were counted.
    """

    customer_id: int
    public_id: str
    learned: Habits
    facts: PaymentFacts
    steps: tuple[StepRow, ...]
    payers: tuple[PayerRow, ...]
    asking: AskingDay | None
    decider: str
    payer: str
    country: str
    truncated: bool

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say yet, learned or entered."""
        return not self.learned.known and not self.facts.entered


def payment_habits(frame: Frame, text: str) -> CustomerHabits | None:
    """How a customer pays; ``None`` where the frame has no such customer."""
    number = inner_id("cus", text)
    accounts = accounts_of(frame, number) if number is not None else []
    if number is None or not accounts:
        return None
    customer = Customer.objects.get(id=number)
    country = customer.country or _country_of(accounts)
    calendar = working_days_of(country)
    documents, payments = paid_history(frame, accounts)
    learned = find_habits(documents, payments, frame.as_of, calendar)
    facts = facts_of(number)
    due = min((one.due_date for one in documents if one.open_minor), default=None)
    contacts = list(Contact.objects.filter(customer__in=family_of(number), erased_at__isnull=True).order_by("id"))
    return CustomerHabits(
        customer_id=number,
        public_id=text,
        learned=learned,
        facts=facts,
        steps=_steps(facts, contacts),
        payers=_payers(learned, customer),
        asking=find_asking_day(facts, learned, frame.as_of, due, calendar),
        decider=_who(contacts, "decides"),
        payer=_who(contacts, "pays"),
        country=country,
        truncated=len(documents) >= DOCUMENTS_MAX,
    )


# -- what was paid, as of a day --------------------------------------------------------------------------------------
def paid_history(frame: Frame, account_ids: Sequence[int]) -> tuple[list[PaidDocument], list[Payment]]:
    """What these accounts were billed and what of it was paid by when, as the frame knows it.

    A payment is a receipt applied to one of the documents; what a source reported as settled without saying by which
    money is one payment per day.
    """
    columns = ("id", "entry_id", "document_date", "due_date", "currency", "amount_minor")
    found = OpenItem.objects.filter(
        account_id__in=list(account_ids), kind__in=_KINDS, amount_minor__gt=0, document_date__lte=frame.as_of
    )
    items = {row[0]: row for row in found.order_by("-id").values_list(*columns)[:DOCUMENTS_MAX]}
    legs: dict[int, list[_Leg]] = defaultdict(list)
    for leg in _legs(frame, sorted(items)):
        legs[leg.item_id].append(leg)
    paid = {number: _paid_by(legs[number]) for number in items}
    receipts = _receipts({receipt for parts in paid.values() for receipt, _day in parts if receipt is not None})
    documents: list[PaidDocument] = []
    sums: dict[int, list[Any]] = {}
    for number, (_id, entry_id, made, due, currency, amount) in items.items():
        mine = legs[number]
        if not any(leg.entry_id == entry_id for leg in mine) or any(leg.reverses_id == entry_id for leg in mine):
            continue  # not known yet, or taken back
        parts = []
        for (receipt, day), minor in sorted(paid[number].items(), key=str):
            key = receipt if receipt is not None else -day.toordinal()
            paid_on = receipts[receipt][0] if receipt is not None else day
            parts.append(Part(key, paid_on, minor))
            if receipt is None:
                sums.setdefault(key, [paid_on, 0, currency])[1] += minor
        still_open = sum(leg.amount_minor for leg in mine if leg.ledger_account in _CONTROLS)
        documents.append(PaidDocument(number, made, due, currency, amount, max(still_open, 0), tuple(parts)))
    used = {part.payment for one in documents for part in one.parts}
    payments = [Payment(number, *receipts[number]) for number in sorted(used) if number in receipts]
    return documents, payments + [Payment(key, day, minor, code) for key, (day, minor, code) in sorted(sums.items())]


@dataclass(frozen=True, slots=True)
class _Leg:
    item_id: int
    entry_id: int
    kind: str
    reverses_id: int | None
    effective_date: date
    ledger_account: str
    receipt_id: int | None
    amount_minor: int


def _legs(frame: Frame, item_ids: Sequence[int]) -> Iterable[_Leg]:
    known = ""
    if frame.known_seq is not None:
        known = f" JOIN store_seal s ON s.entry_id = e.id AND s.ledger_seq <= {int(frame.known_seq)}"
    for start in range(0, len(item_ids), _CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT p.item_id, e.id, e.kind, e.reverses_id, e.effective_date, p.ledger_account, p.receipt_id,"
                f" p.amount_minor FROM store_posting p JOIN store_journalentry e ON e.id = p.entry_id{known}"
                f" WHERE p.item_id IN ({ids(item_ids[start : start + _CHUNK])}) AND e.posting_date <= %s",
                [frame.as_of],
            )
            for item_id, entry_id, kind, reverses_id, day, account, receipt_id, minor in cursor.fetchall():
                when = day if isinstance(day, date) else date.fromisoformat(str(day))
                yield _Leg(item_id, entry_id, kind, reverses_id, when, account, receipt_id, int(minor))


def _paid_by(legs: Sequence[_Leg]) -> dict[tuple[int | None, date], int]:
    """What each receipt gave to an item, (receipt, any day) → minor units, and what was settled without one, by day."""
    days = {leg.entry_id: leg.effective_date for leg in legs}
    kinds = {leg.entry_id: leg.kind for leg in legs}
    sums: dict[tuple[int | None, date], int] = defaultdict(int)
    for leg in legs:
        origin = leg.reverses_id if leg.reverses_id is not None else leg.entry_id
        if leg.receipt_id is not None and leg.ledger_account in _SETTLED:
            sums[leg.receipt_id, date.min] -= leg.amount_minor
        elif leg.ledger_account == LedgerAccount.CLEARING and kinds.get(origin) in (
            EntryKind.APPLICATION,
            EntryKind.SOURCE_SETTLEMENT,
        ):
            sums[None, days[origin]] += leg.amount_minor
    return {key: minor for key, minor in sums.items() if minor > 0}


def _receipts(numbers: set[int]) -> dict[int, tuple[date, int, str, str, str]]:
    """receipt → value date, amount, currency, payer, channel."""
    wanted, found = sorted(numbers), {}
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        names = dict(ReceiptParty.objects.filter(receipt_id__in=part).values_list("receipt_id", "payer_name"))
        ways = dict(ReceiptChannel.objects.filter(receipt_id__in=part).values_list("receipt_id", "channel"))
        columns = ("id", "value_date", "amount_minor", "currency")
        for number, day, minor, code in Receipt.objects.filter(id__in=part).values_list(*columns):
            found[number] = (day, minor, code, " ".join(names.get(number, "").split()), ways.get(number, ""))
    return found


# -- who -------------------------------------------------------------------------------------------------------------
def _payers(learned: Habits, customer: Customer) -> tuple[PayerRow, ...]:
    """Payers by name, ways of writing one name put together."""
    family = family_of(customer.id)
    head = customer.parent_id or customer.id
    aliases = CustomerAlias.objects.filter(customer__in=family).values_list("name", flat=True)
    holders = CustomerPayerAccount.objects.filter(customer__in=family).values_list("holder", flat=True)
    own = {plain_name(name) for name in [customer.name, *aliases]}
    members = Customer.objects.filter(parent_id=head) | Customer.objects.filter(id=head)
    group = {plain_name(name) for name in [*members.values_list("name", flat=True), *holders] if name}
    rows: dict[str, PayerRow] = {}
    for one in learned.payers:
        plain = plain_name(one.name)
        relation = "itself" if _is_one_of(plain, own) else "group" if _is_one_of(plain, group) else "other"
        known = rows.get(plain)
        if known is None:
            rows[plain] = PayerRow(one.name, relation, one.payments, one.last)
        else:
            together = known.payments + one.payments
            rows[plain] = PayerRow(known.name, relation, together, max(known.last, one.last))
    return tuple(sorted(rows.values(), key=lambda row: (-row.payments, row.name)))


def _is_one_of(plain: str, names: set[str]) -> bool:
    """Whether it is one of the names, or the beginning of one: banks cut long names off."""
    return plain in names or (len(plain) >= CUT_MIN and any(name.startswith(plain) for name in names))


def _steps(facts: PaymentFacts, contacts: Sequence[Contact]) -> tuple[StepRow, ...]:
    """The steps with who holds them: the contact entered, else the one who signs at that place."""
    by_id = {one.id: one for one in contacts}
    signs = {one.signs_step: one for one in contacts if one.signs_step is not None}
    rows = []
    for number, step in enumerate(facts.steps, 1):
        holder = by_id.get(step.contact_id or 0) or (signs.get(number) if step.contact_id is None else None)
        name, link = (holder.name, public_id("con", holder.id)) if holder is not None else ("", "")
        rows.append(StepRow(step.name, step.working_days, name, link))
    return tuple(rows)


def _who(contacts: Sequence[Contact], part: str) -> str:
    return next((one.name for one in contacts if part in one.parts.split(",")), "")


def _country_of(accounts: Sequence[int]) -> str:
    return CustomerAccount.objects.filter(id=accounts[0]).values_list("entity__country", flat=True).first() or ""


def contact_texts(family: Sequence[int]) -> list[tuple[int, str, str]]:
    """Number, opaque id and name of the contacts of a customer, to choose who holds a step."""
    found = Contact.objects.filter(customer__in=list(family), erased_at__isnull=True).order_by("id")
    return [(one.id, public_id("con", one.id), one.name) for one in found]

"""The gallery of refusals: what is asked, the code it is refused with, and the exact sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from huikuan.core.accounts import EntryKind, ItemKind, LedgerAccount
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Conflict, Refusal
from huikuan.services import customers
from huikuan.services.applications import Named
from huikuan.store.models import JournalEntry, Posting
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger, entry_of_item, entry_of_receipt

Ask = Callable[[Ledger], object]
GALLERY: dict[str, tuple[str, Ask]] = {}
SERVICES = Path(customers.__file__).parent
LEDGER = (
    "core/accounts core/applications core/exchange core/journal core/money core/periods core/texts services/adjustments"
    " services/applications services/books services/customers services/idempotency services/items services/locking"
    " services/periods services/posting services/receipts services/revaluation services/reversals"
    " services/reversal_checks services/transaction"
).split()
ELSEWHERE = {
    # Tested with the pure rules: no service can be brought to them.
    "money.unparseable", "money.too_precise", "money.bad_weights", "money.currency_mismatch", "discount.on_credit",
    "refund.say_why",  # with the channels
    "journal.too_few_postings", "journal.unbalanced", "journal.base_unbalanced",
}  # fmt: skip


def shown(code: str, message: str) -> Callable[[Ask], Ask]:
    """Hangs a request in the gallery."""

    def hang(ask: Ask) -> Ask:
        GALLERY[f"{code}/{ask.__name__.lstrip('_')}"] = (message, ask)
        return ask

    return hang


@shown("entity.exists", "entity E1 exists")
def _same_code(ledger: Ledger) -> object:
    return customers.add_entity("E1", "Again", "CNY", actor_id=None, now=NOW)


@shown("entity.bad_zone", "'Mars/Olympus' is not a time zone")
def _bad_zone(ledger: Ledger) -> object:
    return customers.add_entity("E9", "?", "CNY", timezone="Mars/Olympus", actor_id=None, now=NOW)


@shown("entity.unknown", "there is no entity 99")
def _no_entity(ledger: Ledger) -> object:
    return Ledger(entity_id=ledger.entity_id, accounts=ledger.accounts), _of_entity(ledger, 99).item(5)


def _of_entity(ledger: Ledger, entity_id: int) -> Ledger:
    other = Ledger(entity_id=ledger.entity_id, accounts=dict(ledger.accounts))
    other.entity_id = entity_id
    return other


@shown("money.unknown_currency", "'XXX' is not an ISO 4217 currency")
def _bad_currency(ledger: Ledger) -> object:
    return ledger.item(5, "XXX")


@shown("money.too_large", "100000000000000000 CNY is too large")
def _too_large(ledger: Ledger) -> object:
    return ledger.item(10**17)


@shown("exchange.no_rate", "no rate for USD in CNY on 2026-03-10: add one first")
def _no_rate(ledger: Ledger) -> object:
    return ledger.receipt(5, "USD")


@shown("period.bad_date", "1899-12-31 is not a plausible date")
def _bad_date(ledger: Ledger) -> object:
    return ledger.item(5, on=date(1899, 12, 31))


@shown("account.unknown", "there is no account 77 in this entity")
def _no_account(ledger: Ledger) -> object:
    ledger.accounts["C1"] = 77
    return ledger.item(5)


@shown("item.zero", "I1: an item of zero owes nothing")
def _zero(ledger: Ledger) -> object:
    return ledger.item(0, kind=ItemKind.INVOICE)


@shown("item.wrong_sign", "I1: invoice of -5 has the wrong sign")
def _negative_invoice(ledger: Ledger) -> object:
    return ledger.item(-5, kind=ItemKind.INVOICE)


@shown("item.wrong_sign", "I1: deposit of 5 has the wrong sign")
def _positive_deposit(ledger: Ledger) -> object:
    return ledger.item(5, kind=ItemKind.DEPOSIT)


@shown("text.too_long", "document_number is longer than 120 characters")
def _long_number(ledger: Ledger) -> object:
    return ledger.item(5, document_number="7" * 121)


@shown("text.too_long", "memo is longer than 300 characters")
def _long_memo(ledger: Ledger) -> object:
    return ledger.reverse(entry_of_item(ledger.item(5)), memo="x" * 301)


@shown("text.too_long", "key is longer than 120 characters")
def _long_key(ledger: Ledger) -> object:
    return ledger.item(5, key="k" * 121)


@shown("text.control", "external_id holds control characters")
def _zero_byte(ledger: Ledger) -> object:
    return ledger.receipt(5, external_id="R\x001")


@shown("text.control", "name holds control characters")
def _line_break(ledger: Ledger) -> object:
    new = [customers.NewCustomer("C9", "two\nlines")]
    return customers.add_customers(ledger.entity_id, new, source="manual", actor_id=None, now=NOW)


@shown("item.exists", "an item with this source, entity and external id exists")
def _item_again(ledger: Ledger) -> object:
    return ledger.item(5, external_id="same"), ledger.item(6, external_id="same")


@shown("item.unknown", "there is no item 123 in this entity")
def _no_item(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(5), (123, 5))


@shown("receipt.exists", "a receipt with this source, entity and external id exists")
def _receipt_again(ledger: Ledger) -> object:
    return ledger.receipt(5, external_id="same"), ledger.receipt(6, external_id="same")


@shown("receipt.not_positive", "R1: money received must be positive; money sent back is a refund")
def _negative_receipt(ledger: Ledger) -> object:
    return ledger.receipt(-5)


@shown("receipt.unknown", "there is no receipt 123 in this entity")
def _no_receipt(ledger: Ledger) -> object:
    return ledger.park(123, 5)


@shown("receipt.unidentified", "say first whose money this is")
def _unidentified(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(5, customer=None), (ledger.item(5), 5))


@shown("receipt.not_in_suspense", "nothing of this receipt is in suspense")
def _identified_twice(ledger: Ledger) -> object:
    return ledger.identify(ledger.receipt(5))


@shown("receipt.other_customer", "part of this receipt was identified as another customer's: reverse that first")
def _identified_otherwise(ledger: Ledger) -> object:
    money = ledger.receipt(5, customer=None)
    refund = ledger.refund(money, 2, from_account=LedgerAccount.SUSPENSE)
    ledger.identify(money)
    ledger.reverse(refund)
    return ledger.identify(money, "C2")


@shown("application.nothing", "nothing to apply")
def _nothing(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(5))


@shown("application.wrong_sign", "an applied amount must be positive")
def _negative_amount(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(5), (ledger.item(5), -5))


@shown("application.over_applied", "6 is more than the 5 still open on the item")
def _over_applied(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(10), (ledger.item(5), 6))


@shown("application.over_applied", "-6 is more than the -5 still open on the item")
def _too_much_credit_written_off(ledger: Ledger) -> object:
    return ledger.settle(EntryKind.WRITE_OFF, ledger.item(-5), -6)


@shown("application.fund_exceeded", "6 is more than the 5 left of the receipt")
def _fund_exceeded(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(5), (ledger.item(10), 6))


@shown("application.fund_exceeded", "6 is not within the 5 left of the receipt")
def _refund_exceeded(ledger: Ledger) -> object:
    return ledger.refund(ledger.receipt(5), 6)


@shown("application.fund_exceeded", "6 is more than the 5 left of the credit")
def _credit_exceeded(ledger: Ledger) -> object:
    return ledger.apply_credit(ledger.item(-5), (ledger.item(10), 6))


@shown("application.item_twice", "item 1 is named twice: add up its amounts")
def _item_twice(ledger: Ledger) -> object:
    item = ledger.item(10)
    return ledger.apply(ledger.receipt(5), (item, 2), (item, 2))


@shown("application.other_customer", "item 1 belongs to another customer than the money")
def _other_customer(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(5, customer="C2"), (ledger.item(5), 5))


@shown("application.other_customer", "item 2 belongs to another customer than the money")
def _other_customers_credit(ledger: Ledger) -> object:
    return ledger.apply_credit(ledger.item(-5, customer="C2"), (ledger.item(5), 5))


@shown("application.currency_needs_amount", "CNY money on a USD item: say how much of each")
def _currency(ledger: Ledger) -> object:
    ledger.rate("USD", "7")
    return ledger.apply(ledger.receipt(5), (ledger.item(5, "USD"), 5))


@shown("application.not_a_credit", "the item has no credit left")
def _no_credit(ledger: Ledger) -> object:
    return ledger.apply_credit(ledger.item(5), (ledger.item(5), 5))


@shown("application.credit_currency", "a credit settles items of its own currency")
def _credit_currency(ledger: Ledger) -> object:
    ledger.rate("USD", "7")
    return ledger.apply_credit(ledger.item(-5), (ledger.item(5, "USD"), 5))


@shown("discount.none_agreed", "no early-payment discount was agreed for this item")
def _no_discount(ledger: Ledger) -> object:
    return ledger.apply(ledger.receipt(5), Named(ledger.item(5), 5, take_discount=True))


@shown("discount.window_closed", "the discount ended on 2026-03-09; the money came on 2026-03-10")
def _discount_late(ledger: Ledger) -> object:
    item = ledger.item(100, discount_date=DAY - timedelta(days=1), discount_bp=100)
    return ledger.apply(ledger.receipt(99), Named(item, 99, take_discount=True))


@shown("adjustment.bad_kind", "refund does not settle an item")
def _bad_kind(ledger: Ledger) -> object:
    return ledger.settle(EntryKind.REFUND, ledger.item(5), 5)


@shown("recovery.over_written_off", "4 is more than the 3 written off and not recovered")
def _over_recovered(ledger: Ledger) -> object:
    item = ledger.item(5)
    ledger.settle(EntryKind.WRITE_OFF, item, 3)
    return ledger.recover(item, ledger.receipt(5), 4)


@shown("recovery.currency", "money recovers an item of its own currency")
def _recovered_in_other_currency(ledger: Ledger) -> object:
    ledger.rate("USD", "7")
    item = ledger.item(5)
    ledger.settle(EntryKind.WRITE_OFF, item, 3)
    return ledger.recover(item, ledger.receipt(5, "USD"), 3)


@shown("application.other_customer", "item 1 belongs to another customer than the money")
def _recovered_by_another(ledger: Ledger) -> object:
    item = ledger.item(5)
    ledger.settle(EntryKind.WRITE_OFF, item, 3)
    return ledger.recover(item, ledger.receipt(5, customer="C2"), 3)


@shown("entry.unknown", "there is no entry 99 in this entity")
def _no_entry(ledger: Ledger) -> object:
    return ledger.reverse(99)


@shown("entry.already_reversed", "this entry has been reversed already")
def _reversed_twice(ledger: Ledger) -> object:
    entry = entry_of_item(ledger.item(5))
    return ledger.reverse(entry), ledger.reverse(entry)


@shown("entry.is_reversal", "a reversal is not reversed; post the entry again")
def _reversal_reversed(ledger: Ledger) -> object:
    return ledger.reverse(ledger.reverse(entry_of_item(ledger.item(5)))[0])


@shown("entry.before_original", "an entry is not reversed before its own day")
def _reversed_before(ledger: Ledger) -> object:
    return ledger.reverse(entry_of_item(ledger.item(5)), on=DAY - timedelta(days=1))


@shown("entry.used_since", "something later stands on this entry: reverse that first")
def _bounced_after_refund(ledger: Ledger) -> object:
    money = ledger.receipt(5)
    ledger.refund(money, 5)
    return ledger.reverse(entry_of_receipt(money))


@shown("period.closed_for_good", "a closed period is not opened again; correct it in the next one")
def _reopened(ledger: Ledger) -> object:
    ledger.set_period(DAY, PeriodState.CLOSED)
    return ledger.set_period(DAY, PeriodState.OPEN)


@shown("period.closed_for_good", "a closed period is not opened again; correct it in the next one")
def _earlier_reopened(ledger: Ledger) -> object:
    ledger.set_period(DAY, PeriodState.CLOSED)
    return ledger.set_period(date(2025, 1, 1), PeriodState.SOFT_CLOSED)


@shown("period.earlier_open", "close the earlier periods first")
def _closed_out_of_turn(ledger: Ledger) -> object:
    ledger.item(5)
    return ledger.set_period(date(2026, 4, 1), PeriodState.CLOSED)


@shown("revaluation.period_closed", "2026-03-31 lies in a closed period")
def _revalued_late(ledger: Ledger) -> object:
    ledger.set_period(DAY, PeriodState.CLOSED)
    return ledger.revalue(DAY)


@shown("idempotency.other_body", "key 'k' was used for another request")
def _other_body(ledger: Ledger) -> object:
    return ledger.receipt(5, external_id="a", key="k"), ledger.receipt(6, external_id="a", key="k")


@pytest.mark.parametrize("name", GALLERY)
def test_refusal(ledger_db: LedgerDb, name: str) -> None:
    message, ask = GALLERY[name]
    with pytest.raises(Refusal) as caught:
        ask(Ledger())
    assert (caught.value.code, caught.value.message) == (name.partition("/")[0], message)
    assert isinstance(caught.value, Conflict) == (
        caught.value.code in {"item.exists", "receipt.exists", "idempotency.other_body"}
    )


def test_a_refusal_changes_nothing(ledger_db: LedgerDb) -> None:
    ledger = Ledger()
    item, money = ledger.item(100), ledger.receipt(50)
    before = (JournalEntry.objects.count(), Posting.objects.count(), ledger.open_of(item), ledger.money_of(money))
    for lines in ([(item, 60)], [(item, 50), (10**6, 1)], [(item, 101)]):
        with pytest.raises(Refusal):
            ledger.apply(money, *lines)
    with pytest.raises(Refusal):
        ledger.item(0)
    assert before == (
        JournalEntry.objects.count(), Posting.objects.count(), ledger.open_of(item), ledger.money_of(money)
    )  # fmt: skip


def test_the_gallery_is_complete() -> None:
    """Every code the core and the services can refuse with hangs here or is tested at its own place."""
    found = set()
    for name in LEDGER:
        text = (SERVICES.parent / name).with_suffix(".py").read_text(encoding="utf-8")
        found |= set(re.findall(r'(?:Refusal|Conflict)\(\s*"([a-z_]+\.[a-z_]+)"', text))
    missing = found - ELSEWHERE - {name.partition("/")[0] for name in GALLERY}
    assert not missing, sorted(missing)

"""What one e-invoice would become: an item, facts of an item that is there, nothing new, or a list of faults."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from huikuan.core.accounts import ItemKind
from huikuan.core.money import exponent_of, from_decimal
from huikuan.core.refusals import Refusal
from huikuan.invoices.document import ZERO, InvoiceDocument, TaxLine
from huikuan.invoices.rules import check_invoice
from huikuan.invoices.terms import early_payment_of
from huikuan.services.books import Books
from huikuan.services.einvoices_matching import Ledger, Match, check_seller, plain_number
from huikuan.services.einvoices_types import Outcome
from huikuan.services.items import NewItem, decide_item
from huikuan.store.models import CustomerAccount, EInvoice, Entity, OpenItem


def decide_outcome(
    outcome: Outcome,
    books: Books,
    entity: Entity,
    ledger: Ledger,
    *,
    new_customers: bool,
    before: Outcome | None = None,
) -> None:
    """Fills in what becomes of the invoice. ``before``: the same seller and number earlier in the same lot."""
    document = outcome.document
    if document is None:
        return
    outcome.faults += check_invoice(document)
    if outcome.errors:
        outcome.status = "refused"
    _check_seller(outcome, document, entity)
    if outcome.errors:
        return
    try:
        _count(outcome, document)
        _place(outcome, document, ledger, new_customers, before)
        if outcome.status == "new":
            _check_item(outcome, books)
    except Refusal as refusal:
        outcome.refuse(refusal)


def _check_seller(outcome: Outcome, document: InvoiceDocument, entity: Entity) -> None:
    if not document.seller.name and not document.seller.tax_id:
        return
    try:
        if not check_seller(document, entity):
            sentence = "{entity} has no VAT or taxpayer number here: the seller was recognised by its name only"
            outcome.warn("einvoice.seller_by_name", sentence, entity=entity.code)
    except Refusal as refusal:
        outcome.refuse(refusal, document.seller.path)


def _count(outcome: Outcome, document: InvoiceDocument) -> None:
    """The amounts in minor units, signed for the ledger. Refuses what the currency cannot hold."""
    exponent_of(document.currency)
    outcome.currency = document.currency
    totals = document.totals

    def minor(amount: Decimal | None) -> int:
        return from_decimal(document.signed(amount or ZERO), document.currency)

    outcome.net_minor = minor(totals.net)
    outcome.tax_minor = minor(totals.tax)
    outcome.gross_minor = minor(totals.gross)
    outcome.prepaid_minor = minor(totals.prepaid)
    outcome.amount_minor = minor(totals.payable)
    tax_rows(document, document.currency)
    if outcome.prepaid_minor:
        outcome.warn(
            "einvoice.prepaid",
            "{paid} was paid before: the item is the amount due",
            document.path_of("prepaid"),
            paid=f"{totals.prepaid:f} {document.currency}",
        )
    if outcome.amount_minor == 0:
        raise Refusal("einvoice.nothing_due", "nothing is due on it: there is no item to post")


def tax_rows(document: InvoiceDocument, currency: str) -> list[tuple[TaxLine, int, int]]:
    """The VAT breakdown with net and tax in minor units, signed for the ledger."""
    return [
        (
            one,
            from_decimal(document.signed(one.net or ZERO), currency),
            from_decimal(document.signed(one.tax or ZERO), currency),
        )
        for one in document.tax_lines
    ]


def rate_bp(rate: Decimal | None) -> int | None:
    """A rate in hundredths of a percent."""
    return None if rate is None else int(rate * 100)


def external_id_of(document: InvoiceDocument) -> str:
    """Seller and number: what an invoice is known by, whatever file it comes in."""
    seller = plain_number(document.seller.tax_id or document.seller.registration_id)
    return f"{seller}:{document.number}" if seller else document.number


def _place(
    outcome: Outcome, document: InvoiceDocument, ledger: Ledger, new_customers: bool, before: Outcome | None
) -> None:
    """New, known or attached, and whose it is. Refuses ``einvoice.changed``, ``.other_amount``, ``.buyer_unknown``."""
    if before is not None:
        if _facts(before) != _facts(outcome):
            raise _changed(document.number)
        outcome.status, outcome.match, outcome.item_id = "known", before.match, before.item_id
        outcome.due_date, outcome.makes_customer = before.due_date, before.makes_customer
        return
    for one in ledger.known.get(document.number, []):
        if one.item.external_id == external_id_of(document) or _same_seller(one, document):
            if _stored_facts(one) != _facts(outcome):
                raise _changed(document.number)
            outcome.status, outcome.item_id = "known", one.item_id
            outcome.match, outcome.due_date = _match_of(one.item.account), one.item.due_date
            return
    match, twin = ledger.buyer_of(document), _twin(document, ledger)
    if twin is not None:
        _attach(outcome, twin, match)
        return
    outcome.match = match
    if match.account_id is None:
        _make_customer(outcome, document, match, new_customers)
    outcome.due_date = _due_date(outcome, document, match)


def _same_seller(one: EInvoice, document: InvoiceDocument) -> bool:
    return plain_number(one.seller_tax_id) == plain_number(document.seller.tax_id)


def _facts(outcome: Outcome) -> tuple[object, ...]:
    document = outcome.document
    return (
        document.issue_date if document else None,
        outcome.currency,
        outcome.net_minor,
        outcome.tax_minor,
        outcome.gross_minor,
        outcome.amount_minor,
    )


def _stored_facts(one: EInvoice) -> tuple[object, ...]:
    return (one.issue_date, one.currency, one.net_minor, one.tax_minor, one.gross_minor, one.payable_minor)


def _changed(number: str) -> Refusal:
    return Refusal(
        "einvoice.changed",
        "{number} is in the ledger with other content; an issued invoice is corrected by a credit note",
        number=number,
    )


def _match_of(account: CustomerAccount) -> Match:
    return Match(account.customer_id, account.id, account.customer.name, "item", account.terms_days)


def _twin(document: InvoiceDocument, ledger: Ledger) -> OpenItem | None:
    """An item that another source brought in under the invoice's number and that still stands."""
    found = ledger.twins.get(document.number, [])
    if len(found) > 1:
        raise Refusal("einvoice.several_items", "several items have the number {number}", number=document.number)
    return found[0] if found else None


def _attach(outcome: Outcome, item: OpenItem, match: Match) -> None:
    number = item.document_number
    if item.currency != outcome.currency or item.amount_minor not in (outcome.amount_minor, outcome.gross_minor):
        raise Refusal(
            "einvoice.other_amount",
            "{number} is in the ledger from another source with another amount",
            number=number,
        )
    if match.account_id is not None and match.account_id != item.account_id:
        raise Refusal(
            "einvoice.other_customer",
            "{number} is in the ledger under {ledger}; the invoice is for {buyer}",
            number=number,
            ledger=item.account.customer.name,
            buyer=match.name,
        )
    outcome.status, outcome.item_id, outcome.match = "attached", item.id, _match_of(item.account)
    outcome.due_date = item.due_date


def _make_customer(outcome: Outcome, document: InvoiceDocument, match: Match, new_customers: bool) -> None:
    buyer = f"{document.buyer.name} {document.buyer.tax_id}".strip()
    if new_customers:
        outcome.makes_customer = True
        return
    if match.customer_id is not None:
        raise Refusal("einvoice.no_account", "{buyer} is a customer without an account here", buyer=match.name)
    raise Refusal("einvoice.buyer_unknown", "{buyer} is no customer yet", buyer=buyer)


def _due_date(outcome: Outcome, document: InvoiceDocument, match: Match) -> date | None:
    """The invoice's own day; else by the customer's terms; else its date, with a warning. A credit without a day of its
    own counts from its date."""
    issued = document.issue_date
    if document.due_date is not None:
        if issued is not None and document.due_date < issued:
            outcome.warn("einvoice.due_before", "due before it was issued", document.path_of("due_date"))
        return document.due_date
    if outcome.amount_minor < 0:
        return issued
    if match.terms_days is not None and issued is not None:
        return issued + timedelta(days=match.terms_days)
    sentence = "no due date, and the customer has no terms: due on its date"
    outcome.warn("einvoice.no_due_date", sentence, document.path_of("due_date"))
    return issued


def new_item_of(outcome: Outcome, account_id: int) -> NewItem:
    """The item an invoice becomes."""
    document = outcome.document
    if document is None or document.issue_date is None or outcome.due_date is None:
        raise AssertionError("an invoice without faults has a date")
    early = early_payment_of(document.payment_terms)
    return NewItem(
        account_id=account_id,
        external_id=external_id_of(document),
        document_date=document.issue_date,
        due_date=outcome.due_date,
        currency=outcome.currency,
        amount_minor=outcome.amount_minor,
        kind=ItemKind.CREDIT_MEMO if outcome.amount_minor < 0 else ItemKind.INVOICE,
        document_number=document.number,
        po_number=document.order_reference,
        contract_number=document.contract_reference,
        discount_date=document.issue_date + timedelta(days=early.days) if early else None,
        discount_bp=rate_bp(early.percent) if early else None,
    )


def _check_item(outcome: Outcome, books: Books) -> None:
    """Everything the ledger would refuse of the item, told before anything is posted."""
    decide_item(books, new_item_of(outcome, 0), item_id=0, entry_id=0, source_id=0)

"""Whose an e-invoice is: ours as the seller, a customer of ours as the buyer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from huikuan.core.refusals import Refusal
from huikuan.invoices.document import InvoiceDocument, Party
from huikuan.services.customer_names import survivor_of
from huikuan.store.models import Customer, CustomerAccount, EInvoice, Entity, OpenItem

SOURCE = "einvoice"
"""The source of items that e-invoices bring in."""


@dataclass(frozen=True, slots=True)
class Match:
    """Who the buyer is. ``account_id`` is ``None`` for a customer without an account here, ``customer_id`` too for one
    nobody knows. ``by``: number, name or nothing."""

    customer_id: int | None = None
    account_id: int | None = None
    name: str = ""
    by: str = ""
    terms_days: int | None = None


_PART = 500


class Ledger:
    """What the ledger knows of a lot of invoices, looked up together: a workbook lists thousands of them.

    ``known``: e-invoices by number; ``twins``: items that other sources brought in under these numbers, that still
    stand and have no e-invoice. Buyers are looked up once each.
    """

    def __init__(self, entity_id: int, numbers: Iterable[str]) -> None:
        self.entity_id = entity_id
        self.known: dict[str, list[EInvoice]] = {}
        self.twins: dict[str, list[OpenItem]] = {}
        self._buyers: dict[tuple[str, ...], Match | Refusal] = {}
        wanted = sorted(set(numbers))
        for start in range(0, len(wanted), _PART):
            self._look_up(wanted[start : start + _PART])

    def _look_up(self, numbers: list[str]) -> None:
        invoices = EInvoice.objects.filter(entity_id=self.entity_id, number__in=numbers)
        for invoice in invoices.select_related("item__account__customer").order_by("-id"):
            self.known.setdefault(invoice.number, []).append(invoice)
        items = OpenItem.objects.filter(
            entity_id=self.entity_id,
            document_number__in=numbers,
            balance__is_current=True,
            entry__reversed_by__isnull=True,
            einvoice__isnull=True,
        ).exclude(source__code=SOURCE)
        for item in items.select_related("account__customer").order_by("id"):
            self.twins.setdefault(item.document_number, []).append(item)

    def buyer_of(self, document: InvoiceDocument) -> Match:
        """``match_buyer``, once per buyer."""
        buyer = document.buyer
        key = (buyer.name, buyer.tax_id, buyer.registration_id, buyer.country)
        if key not in self._buyers:
            try:
                self._buyers[key] = match_buyer(document, self.entity_id)
            except Refusal as refusal:
                self._buyers[key] = refusal
        found = self._buyers[key]
        if isinstance(found, Refusal):
            raise found
        return found


def match_buyer(document: InvoiceDocument, entity_id: int) -> Match:
    """By registration or tax number, then by name or alias. Refuses ``einvoice.buyer_ambiguous``."""
    buyer = document.buyer
    numbers = number_forms(buyer)
    if numbers:
        by_number = Q(registration_number__in=numbers) | Q(tax_number__in=numbers)
        found = _survivors(by_number)
        if found:
            return _match(found, entity_id, "number", numbers[0])
    names = name_forms(buyer.name)
    if not names:
        return Match()
    found = _survivors(Q(name__in=names) | Q(aliases__name__in=names))
    return _match(found, entity_id, "name", buyer.name) if found else Match()


def _survivors(wanted: Q) -> dict[int, int]:
    """Customers found, by who they are now after merging: survivor → who was found."""
    found = Customer.objects.filter(wanted).order_by("id").values_list("id", flat=True).distinct()[:10]
    return {survivor_of(number): number for number in found}


def _match(found: dict[int, int], entity_id: int, by: str, text: str) -> Match:
    if len(found) > 1:
        with_account = {one: asked for one, asked in found.items() if _account_of(one, asked, entity_id) is not None}
        found = with_account if len(with_account) == 1 else found
    if len(found) > 1:
        names = Customer.objects.filter(id__in=found).order_by("id").values_list("name", flat=True)
        raise Refusal(
            "einvoice.buyer_ambiguous",
            "{text} fits several customers: {names}. Merge them, or make the numbers differ.",
            text=text,
            names=", ".join(names),
        )
    ((survivor, asked),) = found.items()
    account = _account_of(survivor, asked, entity_id)
    customer = Customer.objects.get(id=survivor)
    terms = None if account is None else account.terms_days
    return Match(survivor, None if account is None else account.id, customer.name, by, terms)


def _account_of(survivor: int, asked: int, entity_id: int) -> CustomerAccount | None:
    """The account with the entity: of several after a merge, the one of the customer that was asked for."""
    accounts = list(CustomerAccount.objects.filter(customer_id=survivor, entity_id=entity_id).order_by("id"))
    own = asked if asked != survivor else None
    return next((one for one in accounts if one.origin_id == own), accounts[0] if accounts else None)


def check_seller(document: InvoiceDocument, entity: Entity) -> bool:
    """Whether the seller is the entity beyond doubt (by number). Refuses ``einvoice.not_ours``; where the entity has no
    number, the name must be its name."""
    seller = document.seller
    if entity.tax_id:
        if plain_number(entity.tax_id) in {plain_number(number) for number in number_forms(seller)}:
            return True
        raise _not_ours(f"{seller.name} {seller.tax_id}".strip(), f"{entity.name} {entity.tax_id}")
    if plain_name(seller.name) != plain_name(entity.name):
        raise _not_ours(seller.name, entity.name)
    return False


def _not_ours(seller: str, ours: str) -> Refusal:
    return Refusal("einvoice.not_ours", "the seller is {seller}, not {ours}", seller=seller, ours=ours)


def number_forms(party: Party) -> list[str]:
    """A party's numbers as written and as they may stand with us: without blanks, with and without the country."""
    forms: list[str] = []
    for number in (party.tax_id, party.registration_id):
        plain = plain_number(number)
        if len(plain) < 4:
            continue
        forms += [number, plain]
        if re.match(r"[A-Z]{2}\d", plain):
            forms.append(plain[2:])
        elif party.country:
            forms.append(party.country + plain)
    return list(dict.fromkeys(forms))


def plain_number(number: str) -> str:
    return re.sub(r"[\s.\-/]", "", unicodedata.normalize("NFKC", number)).upper()


def name_forms(name: str) -> list[str]:
    """A name as written, with plain and with wide brackets."""
    if not name.strip():
        return []
    plain = unicodedata.normalize("NFKC", name).strip()
    return list(dict.fromkeys([name.strip(), plain, plain.replace("(", "（").replace(")", "）")]))


def plain_name(name: str) -> str:
    return re.sub(r"[\s.,]", "", unicodedata.normalize("NFKC", name)).casefold()

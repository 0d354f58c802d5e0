"""The customer file as a page or a program reads it: master data, people, payer accounts, notes, what was changed.

It is what is on file now, whatever day the frame is on; a duplicate's own rows are shown with the survivor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from huikuan.core.contacts import ContactPart
from huikuan.engines.phones import mask_phone
from huikuan.queries.directory import account_rows, actors_of, customer_row, find_customers
from huikuan.queries.frame import Frame
from huikuan.queries.listing import Page
from huikuan.queries.presence import customer_has
from huikuan.store.models import (
    Contact,
    Customer,
    CustomerAccount,
    CustomerAlias,
    CustomerChange,
    CustomerNote,
    CustomerPayerAccount,
)
from huikuan.store.public_ids import inner_id, public_id

_ORDER = {part.value: place for place, part in enumerate(ContactPart)}


@dataclass(frozen=True, slots=True)
class Named:
    """A customer named on another's page."""

    public_id: str
    name: str


@dataclass(frozen=True, slots=True)
class AliasRow:
    public_id: str
    name: str
    is_former: bool
    of_duplicate: bool


@dataclass(frozen=True, slots=True)
class PayerRow:
    """A bank account the customer pays from; ``number`` is masked."""

    public_id: str
    number: str
    holder: str
    bank: str


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A person. ``phone`` and ``wechat`` are masked; ``has_phone`` says whether there is one to be shown."""

    public_id: str
    name: str
    parts: tuple[str, ...]
    signs_step: int | None
    title: str
    phone: str
    mail: str
    wechat: str
    language: str
    note: str
    do_not_contact: bool
    entity_name: str


@dataclass(frozen=True, slots=True)
class FileAccount:
    """An account with one entity: terms in net days, the limit in minor units of its currency."""

    public_id: str
    id: int
    entity_id: int
    entity_name: str
    currency: str
    terms_days: int | None
    credit_limit_minor: int | None
    origin_name: str


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """``values``: the fields of ``services.customer_file`` as texts, ``parent`` an opaque id. ``has``: of what
    ``presence.customer_has`` knows, what may be there."""

    id: int
    public_id: str
    family: tuple[int, ...]
    values: dict[str, str]
    parent: Named | None
    children: list[Named]
    aliases: list[AliasRow]
    payers: list[PayerRow]
    contacts: list[ContactRow]
    accounts: list[FileAccount]
    duplicates: list[Named]
    has: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field changed. A contact's change shows no values."""

    at: datetime
    actor: str
    subject: str
    field: str
    before: str
    after: str


def customer_file(frame: Frame, text: str) -> CustomerFile | None:
    """Everything on file about a customer the frame shows."""
    number = inner_id("cus", text)
    accounts = account_rows(frame, number) if number is not None else []
    found = customer_row(number) if number is not None else None
    if number is None or found is None or not accounts:
        return None
    has = customer_has(number, [account.id for account in accounts])
    family = family_of(number) if "duplicates" in has else [number]
    aliases = CustomerAlias.objects.filter(customer__in=family).order_by("id") if "aliases" in has else []
    duplicates = Customer.objects.filter(id__in=family[1:]).order_by("id") if family[1:] else []
    names = [AliasRow(public_id("ali", one.id), one.name, one.is_former, one.customer_id != number) for one in aliases]
    return CustomerFile(
        id=number,
        public_id=text,
        family=tuple(family),
        values=_values(found),
        parent=_named(survivor(found.parent)) if found.parent is not None else None,
        children=_children(frame, family) if "children" in has else [],
        aliases=names,
        payers=[
            PayerRow(public_id("pay", one.id), f"•••• {one.number[-4:]}", one.holder, one.bank)
            for one in (
                CustomerPayerAccount.objects.filter(customer__in=family).order_by("id") if "payers" in has else []
            )
        ],
        contacts=_contacts(frame, family) if "contacts" in has else [],
        accounts=_accounts(accounts),
        duplicates=[_named(one) for one in duplicates],
        has=has,
    )


def survivor_of(text: str) -> str:
    """The opaque id of who a customer was merged into; empty where it was not."""
    number = inner_id("cus", text)
    found = Customer.objects.filter(id=number).first() if number is not None else None
    if found is None or found.merged_into_id is None:
        return ""
    return public_id("cus", survivor(found).id)


def survivor(customer: Customer) -> Customer:
    while customer.merged_into is not None:
        customer = customer.merged_into
    return customer


def family_of(customer_id: int) -> list[int]:
    """The customer and every duplicate merged into it, the customer first."""
    found, front = [customer_id], [customer_id]
    while front:
        front = list(Customer.objects.filter(merged_into__in=front).order_by("id").values_list("id", flat=True))
        found += front
    return found


def number_of(prefix: str, text: str) -> int | None:
    """The number behind an opaque id: ``con`` contact, ``pay`` payer account, ``ali`` alias, ``acc`` account, ``nte``
    note, ``mrg`` merge, ``cus`` customer."""
    return inner_id(prefix, text)


def name_of(number: int) -> str:
    return Customer.objects.filter(id=number).values_list("name", flat=True).first() or ""


def numbers_of(frame: Frame, text: str) -> list[tuple[int, str]]:
    """Customers that a person may mean, by number and opaque id: those of exactly this name, else all that match."""
    found = find_customers(frame, text)
    exact = [number for number in found if name_of(number) == text]
    return [(number, public_id("cus", number)) for number in (exact if len(exact) == 1 else found)[:50]]


def owns(file: CustomerFile, prefix: str, text: str) -> int | None:
    """The number of a contact, payer account, alias or note, where it is this customer's."""
    number = inner_id(prefix, text)
    model = {"con": Contact, "pay": CustomerPayerAccount, "ali": CustomerAlias, "nte": CustomerNote}[prefix]
    if number is None or not model.objects.filter(id=number, customer__in=file.family).exists():  # type: ignore[attr-defined]
        return None
    return number


def contact_values(number: int) -> dict[str, str]:
    """A contact's fields as a form shows them; telephone and WeChat are not among them: who edits a contact need not
    see them."""
    one = Contact.objects.get(id=number)
    names = ("name", "parts", "title", "mail", "language", "note")
    return {
        **{name: getattr(one, name) for name in names},
        "signs_step": "" if one.signs_step is None else str(one.signs_step),
        "do_not_contact": "yes" if one.do_not_contact else "",
        "entity": "" if one.entity_id is None else str(one.entity_id),
    }


def change_page(file: CustomerFile, *, page: int = 1, size: int = 50) -> Page[ChangeRow]:
    """What was changed in the file, newest first."""
    found = CustomerChange.objects.filter(customer__in=file.family).order_by("-at", "-id")
    rows = list(found[(page - 1) * size : page * size])
    people = actors_of({one.actor_id for one in rows})
    shown = [
        ChangeRow(
            one.at,
            people.get(one.actor_id, ""),
            one.subject,
            one.field,
            _shown(one.field, one.before),
            _shown(one.field, one.after),
        )
        for one in rows
    ]
    return Page(rows=shown, total=found.count(), page=page, size=size)


def _shown(field: str, value: str) -> str:
    if field == "parent" and value.isdigit():
        return Customer.objects.filter(id=int(value)).values_list("name", flat=True).first() or ""
    return value


def _values(customer: Customer) -> dict[str, str]:
    names = "name registration_number country region address distance_km industry segment language currency"
    names += " tax_number invoice_title invoice_address invoice_bank invoice_mail"
    values = {name: getattr(customer, name) for name in names.split()}
    texts = {name: "" if value is None else str(value) for name, value in values.items()}
    return texts | {"parent": "" if customer.parent_id is None else public_id("cus", customer.parent_id)}


def _named(customer: Customer) -> Named:
    return Named(public_id("cus", customer.id), customer.name)


def _children(frame: Frame, family: list[int]) -> list[Named]:
    """The members of its group that the frame shows."""
    found = Customer.objects.filter(frame.visible("accounts", "accounts__entity_id"), parent__in=family)
    return [_named(one) for one in found.distinct().order_by("name")[:50]]


def _contacts(frame: Frame, family: list[int]) -> list[ContactRow]:
    found = Contact.objects.filter(customer__in=family, erased_at__isnull=True).select_related("entity").order_by("id")
    rows = [
        ContactRow(
            public_id=public_id("con", one.id),
            name=one.name,
            parts=tuple(part for part in one.parts.split(",") if part),
            signs_step=one.signs_step,
            title=one.title,
            phone=mask_phone(one.phone),
            mail=one.mail,
            wechat=f"••••{one.wechat[-2:]}" if one.wechat else "",
            language=one.language,
            note=one.note,
            do_not_contact=one.do_not_contact,
            entity_name=one.entity.name if one.entity is not None else "",
        )
        for one in found
        if one.entity_id is None or one.entity_id in frame.entity_ids
    ]
    return sorted(rows, key=lambda row: min((_ORDER[part] for part in row.parts), default=len(_ORDER)))


def _accounts(found: list[CustomerAccount]) -> list[FileAccount]:
    return [
        FileAccount(
            public_id=public_id("acc", one.id),
            id=one.id,
            entity_id=one.entity_id,
            entity_name=one.entity.name,
            currency=one.entity.currency,
            terms_days=one.terms_days,
            credit_limit_minor=one.credit_limit_minor,
            origin_name=one.origin.name if one.origin is not None else "",
        )
        for one in found
    ]


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What a person wrote. ``is_mine``: by the reader, who may take it back."""

    public_id: str
    kind: str
    text: str
    happened_on: date
    recorded_at: datetime
    actor: str
    actor_id: int | None
    contact: str


def notes_of(family: tuple[int, ...], limit: int) -> list[NoteRow]:
    """Notes that stand, the latest day first."""
    found = CustomerNote.objects.filter(customer__in=family, withdrawn_at__isnull=True).select_related("contact")
    rows = list(found.order_by("-happened_on", "-recorded_at", "-id")[:limit])
    people = actors_of({one.actor_id for one in rows})
    return [
        NoteRow(
            public_id=public_id("nte", one.id),
            kind=one.kind,
            text=one.text,
            happened_on=one.happened_on,
            recorded_at=one.recorded_at,
            actor=people.get(one.actor_id, ""),
            actor_id=one.actor_id,
            contact=one.contact.name if one.contact is not None else "",
        )
        for one in rows
    ]

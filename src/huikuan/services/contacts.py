"""People at a customer: added, changed, erased; and the notes written about a customer. No name is in any log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from huikuan.core.contacts import NoteKind, check_step, parse_parts
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.engines.phones import parse_phone
from huikuan.services.auditing import record
from huikuan.services.customer_file import check_mail
from huikuan.services.customer_names import family_of, survivor_of
from huikuan.services.field_changes import Change, decide_changes, keep_history
from huikuan.services.rights import demand_customer
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Contact, Customer, CustomerNote, CustomerPayerAccount

FIELDS = {
    "name": 120,
    "parts": 120,
    "signs_step": 3,
    "title": 120,
    "phone": 60,
    "mail": 254,
    "wechat": 60,
    "language": 10,
    "note": 500,
    "do_not_contact": 3,
    "entity": 20,
}
"""What may be changed, each with its longest length; ``parts`` are parted by commas, ``do_not_contact`` is yes or
nothing, ``entity`` the number of the legal entity the contact is for, or nothing."""

PERSONAL = ("name", "title", "phone", "mail", "wechat", "note")
NOTE_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Unmasked:
    """Values shown in full to a person, whose look has been logged."""

    values: dict[str, str]


def add_contact(customer_id: int, values: Mapping[str, str], *, actor_id: int | None, now: datetime) -> int:
    """A person at the customer; ``values`` by the names of ``FIELDS``. Gives the contact's id.

    Refuses ``customer.unknown``, ``contact.no_name``, ``contact.bad_part``, ``contact.bad_step``,
    ``contact.bad_phone``, ``customer.bad_mail``, the refusals of ``check_text`` and ``right.missing``.
    """

    def work() -> int:
        country = _demand(customer_id, actor_id)
        contact = Contact(customer_id=customer_id, created_at=now, changed_at=now)
        _fill(contact, _checked({**dict.fromkeys(FIELDS, ""), **values}, country))
        contact.save()
        _tell("contact.added", contact, [name for name in FIELDS if values.get(name)], actor_id, now)
        return int(contact.id)

    return run_in_transaction(work)


def change_contact(contact_id: int, changes: Mapping[str, Change], *, actor_id: int | None, now: datetime) -> None:
    """Changes a contact. Refuses as ``add_contact`` does, and ``contact.unknown``; raises ``ChangedMeanwhile``."""

    def work() -> None:
        contact = _standing(contact_id)
        country = _demand(contact.customer_id, actor_id)
        before = values_of(contact)
        after = decide_changes(before, changes)
        if not after:
            return
        _fill(contact, _checked({**before, **after}, country))
        contact.changed_at = now
        contact.save()
        _tell("contact.changed", contact, sorted(after), actor_id, now)

    run_in_transaction(work)


def erase_contact(contact_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Erases who the person was; number and parts stay, so that what was logged about the contact still has a subject.

    Refuses ``contact.unknown`` and ``right.missing``.
    """

    def work() -> None:
        contact = _standing(contact_id)
        _demand(contact.customer_id, actor_id)
        for field in PERSONAL:
            setattr(contact, field, "")
        contact.do_not_contact, contact.erased_at, contact.changed_at = True, now, now
        contact.save()
        _tell("contact.erased", contact, [], actor_id, now)

    run_in_transaction(work)


def unmask_contact(contact_id: int, *, actor_id: int | None, now: datetime) -> Unmasked:
    """Telephone and WeChat in full, for who holds the right ``personal.unmask``; the look is logged.

    Refuses ``contact.unknown`` and ``right.missing``.
    """

    def work() -> Unmasked:
        contact = _standing(contact_id)
        demand_customer(actor_id, Right.UNMASK, customer_id=survivor_of(contact.customer_id))
        record(
            "personal.unmasked",
            now=now,
            actor_id=actor_id,
            subject=f"contact:{contact_id}",
            customer=contact.customer_id,
            fields=["phone", "wechat"],
        )
        return Unmasked({"phone": contact.phone, "wechat": contact.wechat})

    return run_in_transaction(work)


def unmask_payer_account(payer_account_id: int, *, actor_id: int | None, now: datetime) -> Unmasked:
    """A payer's bank account in full, as ``unmask_contact``. Refuses ``payer_account.unknown``."""

    def work() -> Unmasked:
        found = CustomerPayerAccount.objects.filter(id=payer_account_id).first()
        if found is None:
            raise Refusal("payer_account.unknown", "The bank account is gone already.")
        demand_customer(actor_id, Right.UNMASK, customer_id=survivor_of(found.customer_id))
        record(
            "personal.unmasked",
            now=now,
            actor_id=actor_id,
            subject=f"payer_account:{payer_account_id}",
            customer=found.customer_id,
            fields=["number"],
        )
        return Unmasked({"number": found.number})

    return run_in_transaction(work)


def values_of(contact: Contact) -> dict[str, str]:
    values = {name: getattr(contact, name) for name in FIELDS if name not in ("signs_step", "do_not_contact", "entity")}
    return {
        **values,
        "signs_step": "" if contact.signs_step is None else str(contact.signs_step),
        "do_not_contact": "yes" if contact.do_not_contact else "",
        "entity": "" if contact.entity_id is None else str(contact.entity_id),
    }


def _checked(values: Mapping[str, str], country: str) -> dict[str, str]:
    checked = {name: text.strip() for name, text in values.items()}
    for name, text in checked.items():
        check_text(name, text, FIELDS[name])
    if not checked["name"]:
        raise Refusal("contact.no_name", "A contact has a name.")
    parts = parse_parts(part.strip() for part in checked["parts"].split(","))
    step = checked["signs_step"]
    if step and not (step.isascii() and step.isdigit()):
        raise Refusal("contact.bad_step", "A step of signing is between 1 and {last}.", last=20)
    kept = check_step(parts, int(step) if step else None)
    if checked["mail"]:
        check_mail(checked["mail"])
    return checked | {
        "parts": ",".join(parts),
        "signs_step": "" if kept is None else str(kept),
        "phone": parse_phone(checked["phone"], country),
    }


def _fill(contact: Contact, values: Mapping[str, str]) -> None:
    for name in (*PERSONAL, "parts", "language"):
        setattr(contact, name, values[name])
    contact.signs_step = int(values["signs_step"]) if values["signs_step"] else None
    contact.do_not_contact = values["do_not_contact"] == "yes"
    contact.entity_id = int(values["entity"]) if values["entity"].isdigit() else None


def _standing(contact_id: int) -> Contact:
    contact = Contact.objects.select_for_update().filter(id=contact_id).first()
    if contact is None or contact.erased_at is not None:
        raise Refusal("contact.unknown", "The contact is gone already.")
    return contact


def _demand(customer_id: int, actor_id: int | None) -> str:
    """The customer's country, once the person may edit it."""
    found = Customer.objects.filter(id=customer_id).values_list("country", flat=True).first()
    if found is None:
        raise Refusal("customer.unknown", "there is no customer {number}", number=customer_id)
    demand_customer(actor_id, Right.EDIT_CUSTOMER, customer_id=survivor_of(customer_id))
    return str(found)


def _tell(code: str, contact: Contact, fields: list[str], actor_id: int | None, now: datetime) -> None:
    """History and audit name the fields, never what stands in them."""
    subject = f"contact:{contact.id}"
    keep_history(contact.customer_id, subject, {}, {code.partition(".")[2]: ""}, actor_id=actor_id, now=now)
    record(code, now=now, actor_id=actor_id, subject=subject, customer=contact.customer_id, fields=fields)


# -- notes -----------------------------------------------------------------------------------------------------------
def add_note(
    customer_id: int,
    text: str,
    *,
    kind: NoteKind | str = NoteKind.NOTE,
    happened_on: date,
    contact_id: int | None = None,
    actor_id: int | None,
    now: datetime,
) -> int:
    """What a person has to say about the customer, for the timeline; whoever may add documents may write one.

    Refuses ``note.empty``, ``note.too_long``, ``note.bad_kind``, ``note.ahead``, ``contact.unknown`` (of another
    customer), ``customer.unknown`` and ``right.missing``.
    """
    text = text.strip()
    if not text:
        raise Refusal("note.empty", "Write something first.")
    if len(text) > NOTE_MAX:
        raise Refusal("note.too_long", "A note has at most {longest} characters.", longest=NOTE_MAX)
    if kind not in {one.value for one in NoteKind}:
        raise Refusal("note.bad_kind", "{kind!r} is no kind of note", kind=str(kind)[:40])
    if (happened_on - now.date()).days > 1:
        raise Refusal("note.ahead", "{day} lies in the future.", day=happened_on.isoformat())

    def work() -> int:
        if not Customer.objects.filter(id=customer_id).exists():
            raise Refusal("customer.unknown", "there is no customer {number}", number=customer_id)
        demand_customer(actor_id, Right.ADD_DOCUMENT, customer_id=survivor_of(customer_id))
        if (
            contact_id is not None
            and not Contact.objects.filter(
                id=contact_id, customer__in=family_of(customer_id), erased_at__isnull=True
            ).exists()
        ):
            raise Refusal("contact.unknown", "The contact is gone already.")
        note = CustomerNote.objects.create(
            customer_id=customer_id,
            contact_id=contact_id,
            kind=str(kind),
            text=text,
            happened_on=happened_on,
            recorded_at=now,
            actor_id=actor_id,
        )
        record("note.added", now=now, actor_id=actor_id, subject=f"customer:{customer_id}", kind=str(kind))
        return int(note.id)

    return run_in_transaction(work)


def withdraw_note(note_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Takes back one's own note; somebody else's stays. Refuses ``note.unknown`` and ``note.not_yours``."""

    def work() -> None:
        note = CustomerNote.objects.select_for_update().filter(id=note_id, withdrawn_at__isnull=True).first()
        if note is None:
            raise Refusal("note.unknown", "The note is gone already.")
        if actor_id is not None and note.actor_id != actor_id:
            raise Refusal("note.not_yours", "Only who wrote a note can take it back.")
        note.withdrawn_at = now
        note.save(update_fields=["withdrawn_at"])
        record("note.withdrawn", now=now, actor_id=actor_id, subject=f"customer:{note.customer_id}")

    run_in_transaction(work)

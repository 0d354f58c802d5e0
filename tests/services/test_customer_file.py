"""The customer file: master data, names, people, payer accounts, notes; two people at once; no person in any log."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from huikuan.core.refusals import Refusal
from huikuan.core.registration import make_unified_code
from huikuan.core.rights import Reach, Role
from huikuan.engines.phones import mask_phone, parse_phone, show_phone
from huikuan.services import contacts, customer_file
from huikuan.services.field_changes import Change, ChangedMeanwhile
from huikuan.store.models import (
    AuditEvent,
    Contact,
    Customer,
    CustomerAccount,
    CustomerChange,
    CustomerPayerAccount,
    RoleGrant,
    User,
)
from tests.services.ledger import NOW, Ledger

COMMON: dict[str, Any] = {"actor_id": None, "now": NOW}
PERSON = {
    "name": "李会计",
    "parts": "pays,signs",
    "signs_step": "2",
    "phone": "138 0013 8000",
    "mail": "li@example.com",
}

pytestmark = [pytest.mark.practice("A1", "A2")]


def number_of(books: Ledger, name: str) -> int:
    return int(CustomerAccount.objects.get(id=books.customer(name)).customer_id)


def person(books: Ledger, role: Role, name: str = "") -> int:
    user = User.objects.create_user(name or role.value, f"{name or role.value}@example.com", "x")
    RoleGrant.objects.create(
        user=user, entity_id=books.entity_id, role=role.value, reach=Reach.ALL.value, granted_at=NOW
    )
    return int(user.pk)


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        work()
    return caught.value.code


def test_master_data_changes_with_history_and_a_former_name(ledger_db: object) -> None:
    books = Ledger()
    number = number_of(books, "C1")
    code = make_unified_code("310115", "YX123456")
    change = {"name": "上海华联贸易有限公司", "country": "cn", "registration_number": code.lower(), "currency": "eur"}
    more = {"distance_km": "120", "invoice_title": "上海华联", "invoice_mail": "fp@example.com", "region": "上海"}
    clerk = person(books, Role.AR_CLERK)
    asked = {field: Change(text) for field, text in (change | more).items()}
    customer_file.change_customer(number, asked, actor_id=clerk, now=NOW)
    found = Customer.objects.get(id=number)
    assert (found.name, found.country, found.registration_number) == (change["name"], "CN", code)
    assert (found.currency, found.distance_km, found.region) == ("EUR", 120, "上海")
    assert [(a.name, a.is_former) for a in found.aliases.all()] == [("Customer C1", True)]
    assert "shhl" in found.search_text and "customer c1" in found.search_text
    (row,) = CustomerChange.objects.filter(field="name")
    assert (row.before, row.after, row.actor_id) == ("Customer C1", change["name"], clerk)
    (event,) = AuditEvent.objects.filter(code="customer.changed")
    assert event.data == {"fields": sorted(change | more)}
    # The old name again: it is no longer a former one.
    customer_file.change_customer(number, {"name": Change("Customer C1")}, **COMMON)
    assert [a.name for a in found.aliases.all()] == [change["name"]]


def test_refusals_of_master_data(ledger_db: object) -> None:
    books = Ledger()
    one, two, three = (number_of(books, name) for name in ("C1", "C2", "C3"))
    wrong = make_unified_code("310115", "YX123456")
    wrong = wrong[:-1] + ("0" if wrong[-1] != "0" else "1")
    cases = {
        "customer.no_name": {"name": "  "},
        "customer.bad_country": {"country": "C1"},
        "customer.bad_distance": {"distance_km": "far"},
        "customer.bad_mail": {"invoice_mail": "nobody"},
        "customer.unknown_parent": {"parent": "999"},
        "customer.parent_cycle": {"parent": str(one)},
        "registration.bad_check": {"country": "CN", "registration_number": wrong},
        "money.unknown_currency": {"currency": "XXQ"},
        "text.too_long": {"region": "x" * 61},
        "text.control": {"region": "a\x00b"},
    }
    for code, fields in cases.items():
        asked = {field: Change(text) for field, text in fields.items()}
        assert code_of(lambda asked=asked: customer_file.change_customer(one, asked, **COMMON)) == code  # type: ignore[misc]
    assert code_of(lambda: customer_file.change_customer(999, {}, **COMMON)) == "customer.unknown"
    customer_file.change_customer(two, {"parent": Change(str(one))}, **COMMON)
    customer_file.change_customer(three, {"parent": Change(str(two))}, **COMMON)
    assert (
        code_of(lambda: customer_file.change_customer(one, {"parent": Change(str(three))}, **COMMON))
        == "customer.parent_cycle"
    )
    auditor = person(books, Role.AUDITOR)
    assert (
        code_of(lambda: customer_file.change_customer(one, {"region": Change("x")}, actor_id=auditor, now=NOW))
        == "right.missing"
    )


def test_two_people_at_once_lose_nothing(ledger_db: object) -> None:
    books = Ledger()
    number = number_of(books, "C1")
    first = {"region": Change("north", was=""), "segment": Change("A", was="")}
    customer_file.change_customer(number, first, **COMMON)
    # The second form was opened before: another field is written, the same one is not.
    customer_file.change_customer(number, {"industry": Change("toys", was=""), "region": Change("", was="")}, **COMMON)
    with pytest.raises(ChangedMeanwhile) as caught:
        customer_file.change_customer(
            number, {"region": Change("south", was=""), "segment": Change("A", was="")}, **COMMON
        )
    (conflict,) = caught.value.conflicts
    assert (conflict.field, conflict.was, conflict.theirs, conflict.yours) == ("region", "", "north", "south")
    found = Customer.objects.get(id=number)
    assert (found.region, found.segment, found.industry) == ("north", "A", "toys")


def test_names_are_added_and_taken_away(ledger_db: object) -> None:
    number = number_of(Ledger(), "C1")
    alias = customer_file.add_alias(number, "华联", **COMMON)
    assert "hl" in Customer.objects.get(id=number).search_text
    assert code_of(lambda: customer_file.add_alias(number, "华联", **COMMON)) == "customer.alias_exists"
    assert code_of(lambda: customer_file.add_alias(number, "Customer C1", **COMMON)) == "customer.alias_exists"
    assert code_of(lambda: customer_file.add_alias(number, " ", **COMMON)) == "customer.no_name"
    customer_file.remove_alias(alias, **COMMON)
    assert "华联" not in Customer.objects.get(id=number).search_text
    assert code_of(lambda: customer_file.remove_alias(alias, **COMMON)) == "customer.no_alias"


def test_terms_and_limit_of_an_account(ledger_db: object) -> None:
    books = Ledger()
    account = books.customer("C1")
    customer_file.change_account(
        account, {"terms_days": Change("45"), "credit_limit_minor": Change("500000", was="")}, **COMMON
    )
    found = CustomerAccount.objects.get(id=account)
    assert (found.terms_days, found.credit_limit_minor) == (45, 500000)
    customer_file.change_account(account, {"credit_limit_minor": Change("")}, **COMMON)
    assert CustomerAccount.objects.get(id=account).credit_limit_minor is None
    assert (
        code_of(lambda: customer_file.change_account(account, {"terms_days": Change("-1")}, **COMMON))
        == "account.bad_terms"
    )
    assert (
        code_of(lambda: customer_file.change_account(account, {"credit_limit_minor": Change("-1")}, **COMMON))
        == "account.bad_limit"
    )
    assert code_of(lambda: customer_file.change_account(999, {}, **COMMON)) == "account.unknown"


def test_payer_accounts_need_their_right_and_are_masked_in_every_log(ledger_db: object) -> None:
    books = Ledger()
    number, clerk, collector = number_of(books, "C1"), person(books, Role.AR_CLERK), person(books, Role.COLLECTOR)
    text = "6222 0212 3456 7890"
    add = customer_file.add_payer_account
    assert code_of(lambda: add(number, text, actor_id=clerk, now=NOW)) == "right.missing"
    made = add(number, text, bank="ICBC", actor_id=collector, now=NOW)
    assert CustomerPayerAccount.objects.get(id=made).number == "6222021234567890"
    assert code_of(lambda: add(number, "6222021234567890", actor_id=collector, now=NOW)) == "payer_account.exists"
    assert code_of(lambda: add(number, "12", actor_id=collector, now=NOW)) == "payer_account.empty"
    assert code_of(lambda: contacts.unmask_payer_account(made, actor_id=clerk, now=NOW)) == "right.missing"
    assert contacts.unmask_payer_account(made, actor_id=collector, now=NOW).values == {"number": "6222021234567890"}
    customer_file.remove_payer_account(made, actor_id=collector, now=NOW)
    assert code_of(lambda: customer_file.remove_payer_account(made, **COMMON)) == "payer_account.unknown"
    assert code_of(lambda: contacts.unmask_payer_account(made, **COMMON)) == "payer_account.unknown"
    codes = AuditEvent.objects.filter(code__contains=".").order_by("id").values_list("code", flat=True)
    assert list(codes)[-3:] == ["payer_account.added", "personal.unmasked", "payer_account.removed"]
    everything = json.dumps(
        [
            *AuditEvent.objects.values_list("data", flat=True),
            *map(str, CustomerChange.objects.values_list("before", "after")),
        ]
    )
    assert "6222021234567890" not in everything and "7890" in everything


def test_a_contact_is_added_changed_and_erased(ledger_db: object) -> None:
    books = Ledger()
    number, clerk = number_of(books, "C1"), person(books, Role.AR_CLERK)
    made = contacts.add_contact(number, PERSON, actor_id=clerk, now=NOW)
    found = Contact.objects.get(id=made)
    assert (found.parts, found.signs_step, found.phone) == ("signs,pays", 2, "+8613800138000")
    contacts.change_contact(
        made, {"parts": Change("decides", was="signs,pays"), "title": Change("总监")}, actor_id=clerk, now=NOW
    )
    found.refresh_from_db()
    # Who no longer signs has no step.
    assert (found.parts, found.signs_step, found.title) == ("decides", None, "总监")
    with pytest.raises(ChangedMeanwhile):
        contacts.change_contact(made, {"title": Change("经理", was="")}, actor_id=clerk, now=NOW)
    contacts.erase_contact(made, actor_id=clerk, now=NOW)
    found.refresh_from_db()
    assert [getattr(found, field) for field in contacts.PERSONAL] == [""] * 6
    assert (found.customer_id, found.parts, found.do_not_contact) == (number, "decides", True)
    for gone in (contacts.erase_contact, contacts.unmask_contact):
        assert code_of(lambda gone=gone: gone(made, **COMMON)) == "contact.unknown"  # type: ignore[misc]
    everything = json.dumps(list(AuditEvent.objects.values_list("data", flat=True)), ensure_ascii=False)
    everything += str(list(CustomerChange.objects.values_list("before", "after")))
    assert all(word not in everything for word in ("李", "13800138000", "example.com", "总监"))


def test_refusals_of_contacts(ledger_db: object) -> None:
    books = Ledger()
    number = number_of(books, "C1")
    cases = {
        "contact.no_name": {"name": " "},
        "contact.bad_part": {"parts": "pays,rules"},
        "contact.bad_step": {"signs_step": "21"},
        "contact.bad_phone": {"phone": "call me"},
        "customer.bad_mail": {"mail": "nobody"},
        "text.too_long": {"title": "x" * 121},
    }
    for code, change in cases.items():
        assert code_of(lambda change=change: contacts.add_contact(number, {**PERSON, **change}, **COMMON)) == code  # type: ignore[misc]
    assert code_of(lambda: contacts.add_contact(number, {**PERSON, "signs_step": "x"}, **COMMON)) == "contact.bad_step"
    assert code_of(lambda: contacts.add_contact(99, PERSON, **COMMON)) == "customer.unknown"
    rep = person(books, Role.SALES_REP)
    assert code_of(lambda: contacts.add_contact(number, PERSON, actor_id=rep, now=NOW)) == "right.missing"
    assert Contact.objects.count() == 0


def test_looking_at_a_number_is_logged(ledger_db: object) -> None:
    books = Ledger()
    made = contacts.add_contact(number_of(books, "C1"), PERSON, **COMMON)
    clerk, cfo = person(books, Role.AR_CLERK), person(books, Role.CFO)
    assert code_of(lambda: contacts.unmask_contact(made, actor_id=clerk, now=NOW)) == "right.missing"
    assert AuditEvent.objects.filter(code="personal.unmasked").count() == 0
    assert contacts.unmask_contact(made, actor_id=cfo, now=NOW).values["phone"] == "+8613800138000"
    (event,) = AuditEvent.objects.filter(code="personal.unmasked")
    assert (event.actor_id, event.subject) == (cfo, f"contact:{made}")


@pytest.mark.parametrize(
    ("typed", "country", "kept", "shown", "masked"),
    [
        ("138 0013 8000", "CN", "+8613800138000", "+86 138 0013 8000", "+86 ••• ••00"),
        ("+49 30 901820", "CN", "+4930901820", "+49 30 901820", "+49 ••• ••20"),
        ("021-62345678 ext 12", "CN", "+862162345678;ext=12", "+86 21 6234 5678 ext. 12", "+86 ••• ••78"),
        ("", "", "", "", ""),
    ],
)
def test_telephone_numbers(typed: str, country: str, kept: str, shown: str, masked: str) -> None:
    assert (parse_phone(typed, country), show_phone(kept), mask_phone(kept)) == (kept, shown, masked)


@pytest.mark.practice("A4")
def test_notes_are_written_and_taken_back_by_who_wrote_them(ledger_db: object) -> None:
    books = Ledger()
    number, rep, auditor = number_of(books, "C1"), person(books, Role.SALES_REP), person(books, Role.AUDITOR)
    day = date(2026, 6, 14)
    contact = contacts.add_contact(number, PERSON, **COMMON)
    note = contacts.add_note(
        number, "said Friday", kind="call", happened_on=day, contact_id=contact, actor_id=rep, now=NOW
    )
    other = contacts.add_contact(number_of(books, "C2"), PERSON, **COMMON)
    cases: dict[str, dict[str, Any]] = {
        "note.empty": {"text": " "},
        "note.too_long": {"text": "x" * 5001},
        "note.bad_kind": {"kind": "poem"},
        "note.ahead": {"happened_on": date(2026, 6, 20)},
        "contact.unknown": {"contact_id": other},
        "customer.unknown": {"customer_id": 999},
        "right.missing": {"actor_id": auditor},
    }
    for code, change in cases.items():
        asked = {"customer_id": number, "text": "x", "happened_on": day, **COMMON, **change}
        assert (
            code_of(lambda asked=asked: contacts.add_note(asked.pop("customer_id"), asked.pop("text"), **asked)) == code
        )  # type: ignore[misc]
    assert code_of(lambda: contacts.withdraw_note(note, actor_id=auditor, now=NOW)) == "note.not_yours"
    contacts.withdraw_note(note, actor_id=rep, now=NOW)
    assert code_of(lambda: contacts.withdraw_note(note, actor_id=rep, now=NOW)) == "note.unknown"

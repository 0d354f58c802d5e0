"""The customer's master data: names, registration, invoicing details, group, terms and limits, payer accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from huikuan.core.contacts import is_cycle
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.core.registration import check_unified_code, normalise_unified_code
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.auditing import record
from huikuan.services.customer_names import refresh_search_text, survivor_of
from huikuan.services.field_changes import Change, decide_changes, keep_history
from huikuan.services.rights import demand, demand_customer
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Customer, CustomerAccount, CustomerAlias, CustomerPayerAccount

FIELDS: dict[str, int] = {
    "name": NAME_MAX,
    "registration_number": 40,
    "country": 2,
    "region": 60,
    "address": 300,
    "distance_km": 6,
    "industry": 60,
    "segment": 60,
    "language": 10,
    "currency": 3,
    "tax_number": 40,
    "invoice_title": 300,
    "invoice_address": 300,
    "invoice_bank": 200,
    "invoice_mail": 254,
    "parent": 20,
}
"""What may be changed, each with its longest length; values are texts, ``parent`` a customer's number."""

TERMS_MAX = 3650


def change_customer(customer_id: int, changes: Mapping[str, Change], *, actor_id: int | None, now: datetime) -> None:
    """Changes master data; a former name stays as an alias.

    Refuses ``customer.unknown``, ``customer.no_name``, ``customer.bad_country``, ``customer.bad_distance``,
    ``customer.bad_mail``, ``customer.unknown_parent``, ``customer.parent_cycle``, ``registration.bad_check`` and
    ``registration.bad_form`` (a Chinese code of eighteen characters), ``money.unknown_currency``, the refusals of
    ``check_text`` and ``right.missing``. Raises ``ChangedMeanwhile``.
    """
    asked = {field: Change(change.to.strip(), change.was) for field, change in changes.items()}
    for field, change in asked.items():
        check_text(field, change.to, FIELDS[field])

    def work() -> None:
        customer = Customer.objects.select_for_update().filter(id=customer_id).first()
        if customer is None:
            raise _unknown(customer_id)
        demand_customer(actor_id, Right.EDIT_CUSTOMER, customer_id=survivor_of(customer_id))
        before = values_of(customer)
        after = decide_changes(before, asked)
        if not after:
            return
        after = _checked(customer, after)
        _write(customer, after)
        keep_history(customer_id, "customer", before, after, actor_id=actor_id, now=now)
        record("customer.changed", now=now, actor_id=actor_id, subject=f"customer:{customer_id}", fields=sorted(after))

    run_in_transaction(work)


def values_of(customer: Customer) -> dict[str, str]:
    """Every field as text; nothing is an empty text."""
    values = {field: getattr(customer, field) for field in FIELDS if field != "parent"}
    values["parent"] = customer.parent_id
    return {field: "" if value is None else str(value) for field, value in values.items()}


def _checked(customer: Customer, after: dict[str, str]) -> dict[str, str]:
    checked = dict(after)
    if "name" in after and not after["name"]:
        raise Refusal("customer.no_name", "A customer has a name.")
    if "country" in after:
        checked["country"] = after["country"].upper()
        if after["country"] and not (
            len(after["country"]) == 2 and after["country"].isascii() and after["country"].isalpha()
        ):
            raise Refusal("customer.bad_country", "A country is two letters, as in CN, DE, US.")
    if after.get("currency"):
        checked["currency"] = after["currency"].upper()
        exponent_of(checked["currency"])
    if after.get("distance_km") and not (after["distance_km"].isascii() and after["distance_km"].isdigit()):
        raise Refusal("customer.bad_distance", "The distance is a whole number of kilometres.")
    if after.get("invoice_mail"):
        check_mail(after["invoice_mail"])
    if "registration_number" in after:
        country = checked.get("country", customer.country)
        checked["registration_number"] = check_registration(after["registration_number"], country)
    if after.get("parent"):
        _check_parent(customer.id, after["parent"])
    return checked


def check_registration(text: str, country: str) -> str:
    """The number as it is written. A Chinese one of eighteen characters must have the right check character."""
    if country in ("", "CN") and len(normalise_unified_code(text)) == 18:
        plain = normalise_unified_code(text)
        return check_unified_code(text) if country == "CN" or plain.isalnum() else text
    return text


def check_mail(text: str) -> None:
    """Refuses ``customer.bad_mail``."""
    try:
        validate_email(text)
    except ValidationError:
        raise Refusal("customer.bad_mail", "{mail!r} is not an e-mail address", mail=text[:80]) from None


def _check_parent(customer_id: int, text: str) -> None:
    if not text.isdigit() or not Customer.objects.filter(id=int(text)).exists():
        raise Refusal("customer.unknown_parent", "there is no such customer to be the parent")
    check_no_cycle(customer_id, int(text))


def check_no_cycle(customer_id: int, parent_id: int) -> None:
    """Refuses ``customer.parent_cycle``: nobody is the parent of its own parent."""
    parents: dict[int, int | None] = {}
    at: int | None = parent_id
    while at is not None and at not in parents:
        parents[at] = Customer.objects.filter(id=at).values_list("parent_id", flat=True).first()
        at = parents[at]
    if is_cycle(customer_id, parent_id, parents):
        raise Refusal("customer.parent_cycle", "The parent belongs to this customer itself: a group has one head.")


def _write(customer: Customer, after: dict[str, str]) -> None:
    if "name" in after:
        CustomerAlias.objects.update_or_create(customer=customer, name=customer.name, defaults={"is_former": True})
        CustomerAlias.objects.filter(customer=customer, name=after["name"]).delete()
    for field, value in after.items():
        if field == "parent":
            customer.parent_id = int(value) if value else None
        elif field == "distance_km":
            customer.distance_km = int(value) if value else None
        else:
            setattr(customer, field, value)
    customer.save()
    refresh_search_text(customer.id)


# -- names -----------------------------------------------------------------------------------------------------------
def add_alias(customer_id: int, name: str, *, is_former: bool = False, actor_id: int | None, now: datetime) -> int:
    """Another name the customer is known by. Refuses ``customer.unknown``, ``customer.no_name``,
    ``customer.alias_exists`` and ``right.missing``."""
    name = name.strip()
    check_text("name", name, NAME_MAX)
    if not name:
        raise Refusal("customer.no_name", "A customer has a name.")

    def work() -> int:
        customer = _locked(customer_id, Right.EDIT_CUSTOMER, actor_id)
        if name == customer.name or CustomerAlias.objects.filter(customer=customer, name=name).exists():
            raise Refusal("customer.alias_exists", "{name} is known already.", name=name)
        alias = CustomerAlias.objects.create(customer=customer, name=name, is_former=is_former)
        refresh_search_text(customer_id)
        keep_history(customer_id, "customer", {}, {"aliases": name}, actor_id=actor_id, now=now)
        record("customer.alias_added", now=now, actor_id=actor_id, subject=f"customer:{customer_id}")
        return int(alias.id)

    return run_in_transaction(work)


def remove_alias(alias_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Refuses ``customer.no_alias`` and ``right.missing``."""

    def work() -> None:
        alias = CustomerAlias.objects.filter(id=alias_id).first()
        if alias is None:
            raise Refusal("customer.no_alias", "The name is gone already.")
        _locked(alias.customer_id, Right.EDIT_CUSTOMER, actor_id)
        alias.delete()
        refresh_search_text(alias.customer_id)
        keep_history(
            alias.customer_id, "customer", {"aliases": alias.name}, {"aliases": ""}, actor_id=actor_id, now=now
        )
        record("customer.alias_removed", now=now, actor_id=actor_id, subject=f"customer:{alias.customer_id}")

    run_in_transaction(work)


# -- accounts with our entities --------------------------------------------------------------------------------------
def change_account(account_id: int, changes: Mapping[str, Change], *, actor_id: int | None, now: datetime) -> None:
    """Changes ``terms_days`` and ``credit_limit_minor`` (minor units of the entity's currency; empty is no limit).

    Refuses ``account.unknown``, ``account.bad_terms``, ``account.bad_limit`` and ``right.missing``. Raises
    ``ChangedMeanwhile``.
    """

    def work() -> None:
        account = CustomerAccount.objects.select_for_update().filter(id=account_id).first()
        if account is None:
            raise Refusal("account.unknown", "there is no account {account}", account=account_id)
        demand(actor_id, Right.EDIT_CUSTOMER, entity_id=account.entity_id, account_id=account_id)
        before = {
            name: "" if (value := getattr(account, name)) is None else str(value)
            for name in ("terms_days", "credit_limit_minor")
        }
        after = decide_changes(before, changes)
        if not after:
            return
        if "terms_days" in after:
            bad_terms = Refusal(
                "account.bad_terms", "Terms are a whole number of days, at most {largest}.", largest=TERMS_MAX
            )
            account.terms_days = _whole(after["terms_days"], TERMS_MAX, bad_terms)
        if "credit_limit_minor" in after:
            bad_limit = Refusal("account.bad_limit", "a credit limit is not negative", account=account_id)
            account.credit_limit_minor = _whole(after["credit_limit_minor"], 10**17, bad_limit)
        account.save(update_fields=["terms_days", "credit_limit_minor"])
        subject = f"account:{account_id}"
        keep_history(account.customer_id, subject, before, after, actor_id=actor_id, now=now)
        record(
            "account.changed",
            now=now,
            actor_id=actor_id,
            entity_id=account.entity_id,
            subject=subject,
            before={name: before[name] for name in after},
            after=after,
        )

    run_in_transaction(work)


def _whole(text: str, largest: int, refusal: Refusal) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > largest:
        raise refusal
    return int(text)


# -- payer accounts --------------------------------------------------------------------------------------------------
def add_payer_account(
    customer_id: int, number: str, *, holder: str = "", bank: str = "", actor_id: int | None, now: datetime
) -> int:
    """A bank account the customer pays from. Refuses ``customer.unknown``, ``payer_account.empty``,
    ``payer_account.exists``, ``right.missing``; the number is in no log but for its last four characters."""
    plain = "".join(number.split())
    check_text("number", plain, 64)
    check_text("holder", holder, NAME_MAX)
    check_text("bank", bank, 200)
    if len(plain) < 4:
        raise Refusal("payer_account.empty", "Give the number of the bank account.")

    def work() -> int:
        customer = _locked(customer_id, Right.EDIT_PAYER_ACCOUNT, actor_id)
        if CustomerPayerAccount.objects.filter(customer=customer, number=plain).exists():
            raise Refusal("payer_account.exists", "The customer has this bank account already.")
        made = CustomerPayerAccount.objects.create(
            customer=customer, number=plain, holder=holder.strip(), bank=bank.strip()
        )
        _tell_payer("payer_account.added", customer_id, made.id, "", tail(plain), actor_id, now)
        return int(made.id)

    return run_in_transaction(work)


def remove_payer_account(payer_account_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Refuses ``payer_account.unknown`` and ``right.missing``."""

    def work() -> None:
        found = CustomerPayerAccount.objects.filter(id=payer_account_id).first()
        if found is None:
            raise Refusal("payer_account.unknown", "The bank account is gone already.")
        _locked(found.customer_id, Right.EDIT_PAYER_ACCOUNT, actor_id)
        found.delete()
        _tell_payer("payer_account.removed", found.customer_id, payer_account_id, tail(found.number), "", actor_id, now)

    run_in_transaction(work)


def _tell_payer(
    code: str, customer_id: int, number: int, before: str, after: str, actor_id: int | None, now: datetime
) -> None:
    keep_history(
        customer_id,
        f"payer_account:{number}",
        {"payer_account": before},
        {"payer_account": after},
        actor_id=actor_id,
        now=now,
    )
    record(code, now=now, actor_id=actor_id, subject=f"customer:{customer_id}", ends_in=(before or after)[-4:])


def tail(number: str) -> str:
    """What a log may say of a bank account."""
    return f"•••• {number[-4:]}"


def _locked(customer_id: int, right: Right, actor_id: int | None) -> Customer:
    customer = Customer.objects.select_for_update().filter(id=customer_id).first()
    if customer is None:
        raise _unknown(customer_id)
    demand_customer(actor_id, right, customer_id=survivor_of(customer_id))
    return customer


def _unknown(customer_id: int) -> Refusal:
    return Refusal("customer.unknown", "there is no customer {number}", number=customer_id)

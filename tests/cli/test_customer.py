"""The customer file and what is known of how a customer pays, changed from the shell."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from huikuan.cli.main import group
from huikuan.core.refusals import Refusal
from huikuan.store.models import AuditEvent, Customer, CustomerAccount, CustomerAlias, CustomerChange, User
from tests.databases import LedgerDb
from tests.services.ledger import Ledger


def call(*words: str) -> Result:
    return CliRunner().invoke(group, list(words))


def run(*words: str) -> str:
    done = call(*words)
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output


def refusal(*words: str) -> str:
    done = call(*words)
    assert isinstance(done.exception, Refusal), done.output
    return done.exception.code


@pytest.fixture
def books(ledger_db: LedgerDb) -> Ledger:
    made = Ledger()
    for name in ("C1", "C2"):
        made.customer(name)
    User.objects.create_superuser("boss")
    return made


@pytest.mark.practice("A1")
def test_particulars_are_changed_and_the_former_name_stays(books: Ledger) -> None:
    fields = ("name=Alpha Works", "country=de", "region=East", "distance_km=12", "parent=Customer C2")
    run("customer", "--as", "boss", "change", "Customer C1", *fields)
    one = Customer.objects.get(name="Alpha Works")
    assert (one.country, one.region, one.distance_km) == ("DE", "East", 12)
    assert one.parent_id == Customer.objects.get(name="Customer C2").pk
    assert CustomerAlias.objects.get(customer=one).is_former
    shown = json.loads(run("customer", "show", "Alpha Works", "--json"))
    assert shown["region"] == "East" and shown["names"] == [{"name": "Customer C1", "former": True}]
    assert "region               East" in run("customer", "show", shown["id"])
    run("customer", "change", shown["id"], "region=", "parent=")
    one.refresh_from_db()
    assert (one.region, one.parent_id) == ("", None)
    event = AuditEvent.objects.filter(code="customer.changed").order_by("id")[0]
    assert event.actor is not None and event.actor.username == "boss" and "region" in event.data["fields"]
    assert CustomerChange.objects.filter(customer=one, field="region").count() == 2


@pytest.mark.practice("A1")
def test_what_cannot_be_is_refused(books: Ledger) -> None:
    assert refusal("customer", "change", "Customer C1", "country=Germany") == "text.too_long"
    assert refusal("customer", "change", "Customer C1", "invoice_mail=nobody") == "customer.bad_mail"
    assert refusal("customer", "change", "Customer C1", "parent=Customer C1") == "customer.parent_cycle"
    assert refusal("customer", "change", "nobody", "region=x") == "customer.unclear"
    for words in (("colour=red",), ("region",), ("region=a", "region=b")):
        assert call("customer", "change", "Customer C1", *words).exit_code == 2, words
    assert call("customer", "terms", "Customer C1").exit_code == 2
    assert refusal("customer", "terms", "Customer C1", "--days", "9999") == "account.bad_terms"
    assert not CustomerChange.objects.exists()


@pytest.mark.practice("A1")
def test_terms_limit_and_names(books: Ledger) -> None:
    run("customer", "terms", "Customer C1", "--entity", "E1", "--days", "45", "--limit", "50000.50")
    account = CustomerAccount.objects.get(customer__name="Customer C1")
    assert (account.terms_days, account.credit_limit_minor) == (45, 50_000_50)
    assert "E1                   45 days, limit 50000.50 CNY" in run("customer", "show", "Customer C1")
    run("customer", "terms", "Customer C1", "--limit", "")
    account.refresh_from_db()
    assert (account.terms_days, account.credit_limit_minor) == (45, None)
    run("customer", "name", "Customer C1", "Alfa")
    assert refusal("customer", "name", "Customer C1", "Alfa") == "customer.alias_exists"
    run("customer", "name", "Alfa", "Alfa", "--drop")
    assert refusal("customer", "name", "Customer C1", "Alfa", "--drop") == "customer.no_alias"


@pytest.mark.practice("A3")
def test_what_is_known_of_its_paying_is_entered_and_goes_before_what_was_learned(books: Ledger) -> None:
    books.item(100_00)
    known = ("--set", "run_days=10,25", "--set", "transfer_days=2", "--set", "budget_needed=yes")
    shown = run("habits", "Customer C1", *known, "--step", "Buyer", "2", "--step", "Finance", "3", "--as", "boss")
    assert "step               Buyer, 2 working days" in shown and "(entered)" in shown
    again = json.loads(run("habits", "Customer C1", "--json"))
    assert again["facts"]["run_days"] == [10, 25] and again["facts"]["budget_needed"] is True
    run("habits", "Customer C1", "--set", "run_days=")
    assert json.loads(run("habits", "Customer C1", "--json"))["facts"]["run_days"] == []
    assert refusal("habits", "Customer C1", "--set", "run_days=40") == "habits.bad_day"
    assert call("habits", "Customer C1", "--set", "steps=x").exit_code == 2
    assert call("habits", "Customer C1", "--step", "a|b", "1").exit_code == 2
    assert AuditEvent.objects.filter(code="habits.changed").count() == 2

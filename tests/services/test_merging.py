"""Merging duplicates: figures are summed and never changed, everything comes back when it is undone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.apps import apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Reach, Role
from huikuan.engines.likeness import Candidate, compare, find_pairs, name_score, plain_name
from huikuan.queries.customers import customer, customer_page
from huikuan.queries.directory import find_customers
from huikuan.queries.duplicates import duplicate_page, merges_into
from huikuan.queries.frame import Frame, frame_at
from huikuan.services.customer_file import change_customer
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.field_changes import Change
from huikuan.services.merging import keep_apart, merge_customers, undo_merge
from huikuan.store.models import AuditEvent, Customer, CustomerAccount, RoleGrant, User
from huikuan.store.public_ids import public_id
from tests.services.ledger import NOW, Ledger

COMMON: dict[str, Any] = {"actor_id": None, "now": NOW}
LEFT_OUT = {"CustomerMerge", "AuditEvent", "Installation"}

pytestmark = [pytest.mark.practice("A1")]


def number_of(books: Ledger, name: str) -> int:
    return int(CustomerAccount.objects.get(id=books.customer(name)).customer_id)


def state() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours but the merges themselves, the audit trail and this installation's key."""
    models = [model for model in apps.get_app_config("store").get_models() if model.__name__ not in LEFT_OUT]
    return {model.__name__: [dict(row) for row in model.objects.order_by("pk").values()] for model in models}  # type: ignore[attr-defined]


def frame(books: Ledger) -> Frame:
    return frame_at(now=NOW, entity_ids=(books.entity_id,))


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        work()
    return caught.value.code


def test_figures_are_the_sum_and_come_back(ledger_db: object) -> None:
    books = Ledger()
    books.item(100_00)
    books.item(40_00, customer="C2")
    one, two = number_of(books, "C1"), number_of(books, "C2")
    before, rows = state(), customer_page(frame(books)).rows
    merge = merge_customers(two, one, reason="same registration", **COMMON)
    (row,) = customer_page(frame(books)).rows
    assert (row.public_id, row.open_minor, row.items) == (public_id("cus", one), 140_00, 2)
    assert customer_page(frame(books)).totals["CNY"].open_minor == 140_00
    found = customer(frame(books), row.public_id)
    assert found is not None and sorted(found.external_ids) == ["C1", "C2"] and len(found.accounts) == 2
    assert customer(frame(books), public_id("cus", two)) is None
    assert find_customers(frame(books), "Customer C2") == [one]
    journal = ("JournalEntry", "Posting", "OpenItem", "OpenItemBalance", "Receipt", "ReceiptBalance")
    assert {name: state()[name] for name in journal} == {name: before[name] for name in journal}
    (shown,) = merges_into([one])
    assert (shown.merged_name, shown.accounts, shown.reason, shown.undone_at) == (
        "Customer C2",
        1,
        "same registration",
        None,
    )
    undo_merge(merge, **COMMON)
    assert state() == before and customer_page(frame(books)).rows == rows
    codes = AuditEvent.objects.filter(code__contains="merged").order_by("id").values_list("code", flat=True)
    assert list(codes) == ["customer.merged", "customer.unmerged"]


def test_what_is_refused(ledger_db: object) -> None:
    books = Ledger()
    one, two, three = (number_of(books, name) for name in ("C1", "C2", "C3"))
    assert code_of(lambda: merge_customers(one, one, reason="x", **COMMON)) == "merge.same"
    assert code_of(lambda: merge_customers(one, two, reason=" ", **COMMON)) == "merge.no_reason"
    assert code_of(lambda: merge_customers(one, 99, reason="x", **COMMON)) == "customer.unknown"
    first = merge_customers(two, one, reason="x", **COMMON)
    assert code_of(lambda: merge_customers(two, three, reason="x", **COMMON)) == "merge.gone"
    # A circle: the survivor into what was merged into it.
    assert code_of(lambda: merge_customers(one, two, reason="x", **COMMON)) == "merge.gone"
    second = merge_customers(one, three, reason="x", **COMMON)
    assert code_of(lambda: undo_merge(first, **COMMON)) == "merge.later_first"
    undo_merge(second, **COMMON)
    undo_merge(first, **COMMON)
    assert code_of(lambda: undo_merge(first, **COMMON)) == "merge.undone"
    assert code_of(lambda: undo_merge(99, **COMMON)) == "merge.unknown"
    assert code_of(lambda: keep_apart(one, one, **COMMON)) == "merge.same"


def test_the_right_is_needed_wherever_either_has_an_account(ledger_db: object) -> None:
    books, other = Ledger(), Ledger(code="E2")
    one, two = number_of(books, "C1"), number_of(other, "C1")
    user = User.objects.create_user("c", "c@example.com", "x")
    grant = {"user": user, "role": Role.COLLECTOR.value, "reach": Reach.ALL.value, "granted_at": NOW}
    RoleGrant.objects.create(entity_id=books.entity_id, **grant)
    asked = {"actor_id": user.pk, "now": NOW}
    assert code_of(lambda: merge_customers(two, one, reason="x", **asked)) == "right.missing"
    assert code_of(lambda: keep_apart(two, one, **asked)) == "right.missing"
    RoleGrant.objects.create(entity_id=other.entity_id, **grant)
    merge = merge_customers(two, one, reason="x", **asked)
    RoleGrant.objects.filter(entity_id=other.entity_id).delete()
    assert code_of(lambda: undo_merge(merge, **asked)) == "right.missing"


def test_a_source_goes_on_speaking_of_the_duplicate(ledger_db: object) -> None:
    books = Ledger()
    one, two = number_of(books, "C1"), number_of(books, "C2")
    merge = merge_customers(two, one, reason="x", **COMMON)
    new = [NewCustomer("C2", "Zweite GmbH"), NewCustomer("C1", "Customer C1")]
    add_customers(books.entity_id, new, source="manual", **COMMON)
    assert (Customer.objects.get(id=one).name, Customer.objects.get(id=two).name) == ("Customer C1", "Zweite GmbH")
    assert find_customers(frame(books), "zweite") == [one]
    change_customer(two, {"registration_number": Change("HRB 77")}, **COMMON)
    assert find_customers(frame(books), "hrb 77") == [one]
    undo_merge(merge, **COMMON)
    assert find_customers(frame(books), "zweite") == [two]
    assert [account.id for account in CustomerAccount.objects.filter(customer_id=two)] == [books.customer("C2")]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8), order=st.randoms())
def test_whatever_was_merged_and_undone_is_as_before(sqlite_db: object, steps: list[Any], order: Any) -> None:
    books = Ledger(code=f"E{Customer.objects.count()}")
    for amount, name in enumerate(("C1", "C2", "C3", "C4", "C5"), 1):
        books.item(amount * 10_00, customer=name)
    ids = [number_of(books, f"C{number}") for number in range(1, 6)]
    before, total = state(), customer_page(frame(books)).totals
    merges = []
    for merged, survivor in steps:
        with suppress(Refusal):
            merges.append(merge_customers(ids[merged], ids[survivor], reason="x", **COMMON))
        page = customer_page(frame(books))
        assert page.totals["CNY"].open_minor == total["CNY"].open_minor and page.totals["CNY"].items == 5
        assert len(page.rows) == 5 - len(merges)
    while merges:
        merge = order.choice(merges)
        with suppress(Refusal):
            undo_merge(merge, **COMMON)
            merges.remove(merge)
    assert state() == before


def test_pairs_are_proposed_with_reasons_until_a_person_says_no(ledger_db: object) -> None:
    books = Ledger()
    new = [
        NewCustomer("1", "上海华联贸易有限公司", registration_number="91310115MA1K00000X"),
        NewCustomer("2", "上海华联贸易股份有限公司"),
        NewCustomer("3", "Müller & Söhne GmbH", payer_accounts=("DE001",)),
        NewCustomer("4", "Mueller Handels AG", payer_accounts=("DE001",)),
        NewCustomer("5", "Nordic Timber AB"),
        NewCustomer("6", "Anders", registration_number="91310115MA1K00000X"),
    ]
    accounts = add_customers(books.entity_id, new, source="manual", **COMMON)
    ids = {key: CustomerAccount.objects.get(id=number).customer_id for key, number in accounts.items()}
    pairs = {(row.first.id, row.second.id): row for row in duplicate_page(frame(books)).rows}
    assert pairs[ids["1"], ids["2"]].reasons == ("name",) and pairs[ids["1"], ids["2"]].score == 100
    assert "registration" in pairs[ids["1"], ids["6"]].reasons and pairs[ids["1"], ids["6"]].score == 99
    assert "payer_account" in pairs[ids["3"], ids["4"]].reasons
    assert not any(ids["5"] in pair for pair in pairs)
    assert duplicate_page(frame(books), customer=public_id("cus", ids["3"])).total == 1
    keep_apart(ids["4"], ids["3"], **COMMON)
    assert (ids["3"], ids["4"]) not in {(row.first.id, row.second.id) for row in duplicate_page(frame(books)).rows}
    merge_customers(ids["2"], ids["1"], reason="x", **COMMON)
    assert not any(ids["2"] in (row.first.id, row.second.id) for row in duplicate_page(frame(books)).rows)
    assert duplicate_page(frame_at(now=NOW, entity_ids=())).total == 0


@pytest.mark.parametrize(
    ("first", "second", "least", "most"),
    [
        ("上海华联贸易有限公司", "上海华联贸易股份有限公司", 100, 100),
        ("上海华联贸易有限公司", "Shanghai Hualian Maoyi Co., Ltd.", 95, 100),
        ("Müller & Söhne GmbH", "MULLER SOHNE AG", 100, 100),
        ("Beta Toys Ltd", "Toys Beta Limited", 100, 100),
        ("上海华联贸易有限公司", "北京华联商贸有限公司", 0, 70),
        ("Nordic Timber AB", "Southern Steel plc", 0, 60),
    ],
)
def test_likeness_of_names(first: str, second: str, least: int, most: int) -> None:
    assert least <= name_score(first, second) <= most


def test_different_registration_numbers_speak_against_alike_names() -> None:
    one, other = Candidate(1, ("Beta Toys Ltd",), "A1"), Candidate(2, ("Beta Toys Limited",), "B2")
    assert (pair := compare(one, other)) is not None and pair.score == 90
    assert compare(Candidate(1, ("Beta Toys",), "A1"), Candidate(2, ("Beta Toyz",), "B2")) is None
    assert plain_name("有限公司") == "有限"
    assert find_pairs([]) == []

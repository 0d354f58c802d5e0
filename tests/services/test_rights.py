"""Who may: every writer asks for its right, for whose customers it is held, and roles are given with care."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from huikuan.core.accounts import EntryKind
from huikuan.core.exchange import Rate
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.core.rights import DUTIES_APART, ROLE_RIGHTS, Grant, Reach, Right, Role, duties_in_conflict
from huikuan.services import people, teams
from huikuan.services.accounts import NewAccount, open_accounts, set_credit_limits
from huikuan.services.adjustments import recover_item, settle_item
from huikuan.services.applications import Named, apply_credit, apply_receipt
from huikuan.services.assigning import assign_accounts
from huikuan.services.batches import ReceiptUse, apply_batch
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.services.exporting import record_export
from huikuan.services.imports import discard, preview_upload, publish
from huikuan.services.items import NewItem, post_items
from huikuan.services.periods import set_period
from huikuan.services.rates import add_rates
from huikuan.services.receipts import NewReceipt, identify_receipt, park_receipt, post_receipts, refund_receipt
from huikuan.services.revaluation import revalue
from huikuan.services.reversals import reverse_entry
from huikuan.services.rights import Forbidden, demand, demand_accounts, demand_customer, rights_in
from huikuan.services.source_settlements import decide_settlements
from huikuan.services.users import create_user, set_password
from huikuan.store.models import AuditEvent, CustomerAccount, JournalEntry, OpenItem, RoleGrant, Team, User
from tests.databases import LedgerDb

pytestmark = pytest.mark.practice("K1")
NOW = datetime(2026, 3, 15, 8, 30, tzinfo=UTC)
DAY = date(2026, 3, 10)
SHELL: dict[str, Any] = {"actor_id": None, "now": NOW}


class Books:
    """Two customers, ``mine`` and ``theirs``, each with an invoice and money; an unidentified receipt."""

    def __init__(self) -> None:
        self.entity = add_entity("E1", "One", "CNY", **SHELL)
        new = [NewCustomer("M", "Mine"), NewCustomer("T", "Theirs")]
        found = add_customers(self.entity, new, source="erp", **SHELL)
        self.mine, self.theirs = found["M"], found["T"]
        self.item = {name: self._item(name) for name in (self.mine, self.theirs)}
        self.money = {name: self._money(name) for name in (self.mine, self.theirs)}
        self.lost = self._money(None)

    def _item(self, account: int) -> int:
        item = NewItem(account, f"I{account}", DAY, DAY, "CNY", 1000)
        return post_items(self.entity, [item], **SHELL)[0]

    def _money(self, account: int | None) -> int:
        return post_receipts(self.entity, [NewReceipt(f"R{account}", DAY, "CNY", 1000, account)], **SHELL)[0]

    def person(self, name: str, *roles: tuple[Role, Reach]) -> int:
        user = User.objects.create_user(name)
        for role, reach in roles:
            RoleGrant.objects.create(
                user=user, entity_id=self.entity, role=role.value, reach=reach.value, granted_at=NOW
            )
        return int(user.pk)


@pytest.fixture
def books(ledger_db: LedgerDb) -> Books:
    return Books()


# -- every writer asks ---------------------------------------------------------------------------------------------
Writer = Callable[[Books, int, dict[str, Any]], object]


def _csv(b: Books, who: dict[str, Any]) -> int:
    data = b"item_id,customer_id,document_date,due_date,currency,amount\nX1,M,2026-03-01,2026-03-05,CNY,1.00\n"
    return preview_upload(file_name="x.csv", kind="items", data=data, entity_id=b.entity, **who).batch_id


WRITERS: dict[str, tuple[Right, Writer]] = {
    "items": (Right.POST_ITEM, lambda b, a, w: post_items(b.entity, [NewItem(a, f"N{a}", DAY, DAY, "CNY", 5)], **w)),
    "receipts": (
        Right.POST_CASH,
        lambda b, a, w: post_receipts(b.entity, [NewReceipt(f"N{a}", DAY, "CNY", 5, a)], **w),
    ),
    "apply": (
        Right.POST_CASH,
        lambda b, a, w: apply_receipt(b.entity, b.money[a], [Named(b.item[a], 100)], on=DAY, **w),
    ),
    "apply_many": (
        Right.POST_CASH,
        lambda b, a, w: apply_batch(b.entity, [ReceiptUse(b.money[a], (Named(b.item[a], 1),))], on=DAY, **w),
    ),
    "park": (Right.POST_CASH, lambda b, a, w: park_receipt(b.entity, b.money[a], 10, on=DAY, **w)),
    "refund": (Right.POST_CASH, lambda b, a, w: refund_receipt(b.entity, b.money[a], 10, on=DAY, **w)),
    "write_off": (
        Right.POST_ADJUSTMENT,
        lambda b, a, w: settle_item(b.entity, EntryKind.WRITE_OFF, b.item[a], 10, on=DAY, **w),
    ),
    "reverse": (
        Right.REVERSE,
        lambda b, a, w: reverse_entry(b.entity, OpenItem.objects.get(id=b.item[a]).entry_id, on=DAY, **w),
    ),
    "limits": (Right.EDIT_CUSTOMER, lambda b, a, w: set_credit_limits(b.entity, {a: 5}, **w)),
    "assign": (Right.EDIT_CUSTOMER, lambda b, a, w: assign_accounts([a], collector_id=None, **w)),
}
"""Writers about one customer's account."""

WHOLE: dict[str, tuple[Right, Callable[[Books, dict[str, Any]], object]]] = {
    "unknown_payer": (
        Right.POST_CASH,
        lambda b, w: post_receipts(b.entity, [NewReceipt("N", DAY, "CNY", 5)], **w),
    ),
    "identify": (Right.POST_CASH, lambda b, w: identify_receipt(b.entity, b.lost, b.mine, on=DAY, **w)),
    "soft_close": (
        Right.CLOSE_PERIOD,
        lambda b, w: set_period(b.entity, DAY, PeriodState.SOFT_CLOSED, **w),
    ),
    "close": (Right.CLOSE_PERIOD_HARD, lambda b, w: set_period(b.entity, DAY, PeriodState.CLOSED, **w)),
    "revalue": (Right.CLOSE_PERIOD, lambda b, w: revalue(b.entity, DAY, **w)),
    "rates": (
        Right.EDIT_RATES,
        lambda b, w: add_rates([Rate("USD", "CNY", DAY, Decimal("7.1"), "test")], **w),
    ),
    "customers": (
        Right.EDIT_CUSTOMER,
        lambda b, w: add_customers(b.entity, [NewCustomer("N", "New")], source="erp", **w),
    ),
    "accounts": (
        Right.EDIT_CUSTOMER,
        lambda b, w: open_accounts(b.entity, [NewAccount(b.mine, "N2")], source="erp", **w),
    ),
    "entity": (Right.MANAGE_SYSTEM, lambda b, w: add_entity("E9", "Nine", "CNY", **w)),
    "import": (Right.IMPORT, _csv),
    "publish": (Right.IMPORT, lambda b, w: publish(batch_id=_csv(b, SHELL), **w)),
    "discard": (Right.IMPORT, lambda b, w: discard(_csv(b, SHELL), actor_id=w["actor_id"])),
    "person": (Right.MANAGE_PEOPLE, lambda b, w: create_user("new", password=None, **w)),
    "team": (Right.MANAGE_PEOPLE, lambda b, w: teams.make_team("T", manager_id=None, members=[], **w)),
}
"""Writers about the whole entity: a right for some customers is not enough."""

REFUSED_LATER = {"account.exists", "receipt.not_in_suspense"}


def holder(books: Books, right: Right, reach: Reach) -> int:
    role = next(role for role in Role if right in ROLE_RIGHTS[role])
    return books.person("holder", (role, reach))


def code_of(work: Callable[[], object]) -> str:
    """``""`` where it was done, else the code it was refused with."""
    try:
        work()
    except Forbidden as refusal:
        return refusal.code if refusal.code.startswith(("right.", "people.superuser")) else "not forbidden"
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize("name", list(WRITERS))
def test_writers_about_a_customer(books: Books, name: str) -> None:
    right, work = WRITERS[name]
    nobody = books.person("nobody", (Role.SALES_REP, Reach.ALL))
    mine = holder(books, right, Reach.OWN)
    CustomerAccount.objects.filter(id=books.mine).update(owner_id=mine)
    entries, said = JournalEntry.objects.count(), AuditEvent.objects.count()

    def ask(actor_id: int, account: int) -> str:
        return code_of(lambda: work(books, account, {"actor_id": actor_id, "now": NOW}))

    assert ask(nobody, books.mine) == "right.missing"
    assert ask(mine, books.theirs) == "right.out_of_reach"
    assert (JournalEntry.objects.count(), AuditEvent.objects.count()) == (entries, said), "nothing was written"
    assert ask(mine, books.mine) == ""
    RoleGrant.objects.filter(user_id=mine).update(reach="all")
    assert ask(mine, books.theirs) == ""
    User.objects.filter(id=mine).update(is_active=False)
    assert ask(mine, books.mine) == "right.missing", "one who is shut out may nothing"


@pytest.mark.parametrize("name", list(WHOLE))
def test_writers_about_the_whole_entity(books: Books, name: str) -> None:
    right, work = WHOLE[name]
    nobody = books.person("nobody", (Role.SALES_REP, Reach.ALL))
    some = holder(books, right, Reach.OWN)

    def ask(actor_id: int) -> str:
        return code_of(lambda: work(books, {"actor_id": actor_id, "now": NOW}))

    assert ask(nobody) == "right.missing"
    assert ask(some) in ("right.missing", "right.out_of_reach")
    RoleGrant.objects.filter(user_id=some).update(reach="all")
    assert ask(some) in ("", *REFUSED_LATER)


def test_the_rest_of_the_writers(books: Books) -> None:
    """Those that need more of a world than a customer and an invoice: without the right they do not get that far."""
    nobody = {"actor_id": books.person("nobody"), "now": NOW}
    assert (
        code_of(lambda: recover_item(books.entity, books.item[books.mine], 1, 1, on=DAY, **nobody)) == "right.missing"
    )
    assert code_of(lambda: apply_credit(books.entity, 1, [], on=DAY, **nobody)) == "right.missing"
    assert decide_settlements([], accept=True, **nobody) == []
    shown = {"form": "csv", "rows": 1, "columns": [], "filters": [], "as_of": DAY, "entity_ids": [books.entity]}
    assert code_of(lambda: record_export("items", **shown, **nobody)) == "right.missing"
    seller = {"actor_id": books.person("seller", (Role.SALES_MANAGER, Reach.OWN)), "now": NOW}
    assert code_of(lambda: record_export("items", **shown, **seller)) == ""
    RoleGrant.objects.create(
        user_id=seller["actor_id"], entity_id=books.entity, role="sales_rep", reach="all", granted_at=NOW
    )
    assert code_of(lambda: record_export("items", **shown, **seller)) == "right.missing", "sees more than may go out"


def test_demands_of_several_accounts_and_of_a_customer(books: Books) -> None:
    some = books.person("some", (Role.AR_CLERK, Reach.OWN))
    CustomerAccount.objects.filter(id=books.mine).update(collector_id=some)
    both = [books.mine, books.theirs]
    asked: dict[str, Any] = {"entity_id": books.entity}
    demand_accounts(some, Right.POST_CASH, account_ids=[books.mine], **asked)
    for wanted in (both, [books.mine, None]):
        with pytest.raises(Forbidden):
            demand_accounts(some, Right.POST_CASH, account_ids=wanted, **asked)
    demand(None, Right.MANAGE_SYSTEM, **asked)
    assert Right.POST_CASH in rights_in(some, books.entity)
    mine, theirs = (CustomerAccount.objects.get(id=number).customer_id for number in both)
    demand_customer(some, Right.EDIT_CUSTOMER, customer_id=mine)
    with pytest.raises(Forbidden):
        demand_customer(some, Right.EDIT_CUSTOMER, customer_id=theirs)


# -- roles -----------------------------------------------------------------------------------------------------------
def test_roles_are_given_and_taken_back(books: Books) -> None:
    admin = books.person("admin", (Role.ADMINISTRATOR, Reach.ALL))
    anna = books.person("anna")
    who: dict[str, Any] = {"actor_id": admin, "now": NOW}
    people.grant(anna, Grant(books.entity, Role.AR_CLERK, Reach.OWN), **who)
    people.grant(anna, Grant(books.entity, Role.AR_CLERK, Reach.OWN), **who)
    people.grant(anna, Grant(books.entity, Role.AR_CLERK), **who)
    assert list(RoleGrant.objects.filter(user_id=anna).values_list("role", "reach")) == [("ar_clerk", "all")]
    people.revoke(anna, entity_id=books.entity, role=Role.AR_CLERK, **who)
    people.revoke(anna, entity_id=books.entity, role=Role.AR_CLERK, **who)
    assert rights_in(anna, books.entity) == frozenset()
    said = AuditEvent.objects.filter(subject=f"user:{anna}").order_by("id")
    assert [(event.code, event.data["role"], event.actor_id) for event in said] == [
        ("people.grant", "ar_clerk", admin),
        ("people.reach", "ar_clerk", admin),
        ("people.revoke", "ar_clerk", admin),
    ]


def test_refusals_of_roles(books: Books) -> None:
    admin = books.person("admin", (Role.ADMINISTRATOR, Reach.ALL))
    anna, gone = books.person("anna", (Role.AR_CLERK, Reach.ALL)), books.person("gone")
    User.objects.filter(id=gone).update(is_active=False)
    other = add_entity("E2", "Two", "CNY", **SHELL)

    def refused(user_id: int, role: Role, reach: Reach = Reach.ALL, entity: int = books.entity, by: int = admin) -> str:
        return code_of(lambda: people.grant(user_id, Grant(entity, role, reach), actor_id=by, now=NOW))

    assert refused(admin, Role.CFO) == "grant.self"
    assert refused(anna, Role.CFO, by=anna) == "right.missing"
    assert refused(anna, Role.AUDITOR, entity=other) == "right.missing", "an administrator of E1 only"
    assert refused(gone, Role.CFO) == "user.inactive"
    assert refused(10**6, Role.CFO) == "user.unknown"
    assert refused(anna, Role.ADMINISTRATOR, Reach.OWN) == "grant.whole_only"
    assert refused(anna, Role.AUDITOR, entity=10**6) == "entity.unknown"
    with pytest.raises(Refusal) as conflict:
        people.grant(anna, Grant(books.entity, Role.COLLECTOR), actor_id=admin, now=NOW)
    assert (conflict.value.code, conflict.value.message) == (
        "duties.conflict",
        "with this role one person could both post cash and write off and offset; two people must do that",
    )
    assert list(RoleGrant.objects.filter(user_id=anna).values_list("role", flat=True)) == ["ar_clerk"]


def test_no_role_joins_duties_that_are_apart() -> None:
    for role in Role:
        assert duties_in_conflict([role]) == []
    pairs = {frozenset(pair) for a in Role for b in Role for pair in duties_in_conflict([a, b])}
    assert pairs == {frozenset(pair) for pair in DUTIES_APART}


def test_somebody_is_left_to_manage_people(books: Books) -> None:
    admin = books.person("admin", (Role.ADMINISTRATOR, Reach.ALL))
    second = books.person("second", (Role.ADMINISTRATOR, Reach.ALL))
    who: dict[str, Any] = {"actor_id": admin, "now": NOW}
    assert code_of(lambda: people.set_active(admin, False, **who)) == "people.self"
    people.set_active(second, False, **who)
    last = lambda: people.revoke(admin, entity_id=books.entity, role=Role.ADMINISTRATOR, **SHELL)  # noqa: E731
    assert code_of(last) == "people.last_administrator"
    assert code_of(lambda: people.set_active(admin, False, **SHELL)) == "people.last_administrator"
    chief = create_user("chief", password=None, is_superuser=True, **SHELL)
    assert code_of(last) == ""
    assert code_of(lambda: people.set_active(chief, False, **SHELL)) == "people.last_administrator"
    people.set_active(second, True, **SHELL)
    people.set_active(chief, False, **SHELL)
    assert not User.objects.get(id=chief).is_active


def test_nobody_rises_above_himself(books: Books) -> None:
    admin = books.person("admin", (Role.ADMINISTRATOR, Reach.ALL))
    chief = create_user("chief", password=None, is_superuser=True, **SHELL)
    who: dict[str, Any] = {"actor_id": admin, "now": NOW}
    for work in (
        lambda: create_user("more", password=None, is_superuser=True, **who),
        lambda: set_password("chief", "correct horse battery", **who),
        lambda: people.set_active(chief, False, **who),
    ):
        assert code_of(work) == "people.superuser_only"
    other = add_entity("E2", "Two", "CNY", **SHELL)
    anna = books.person("anna", (Role.AUDITOR, Reach.ALL))
    RoleGrant.objects.create(user_id=anna, entity_id=other, role="cfo", granted_at=NOW)
    assert code_of(lambda: set_password("anna", "correct horse battery", **who)) == "right.missing"
    made = add_entity("E3", "Three", "CNY", **who)
    assert Right.MANAGE_PEOPLE in rights_in(admin, made), "who opens books manages their people"


def test_teams(books: Books) -> None:
    admin = books.person("admin", (Role.ADMINISTRATOR, Reach.ALL))
    boss = books.person("boss", (Role.SALES_MANAGER, Reach.TEAM))
    rep = books.person("rep", (Role.SALES_REP, Reach.OWN))
    who: dict[str, Any] = {"actor_id": admin, "now": NOW}
    team = teams.make_team(" North  sales ", manager_id=boss, members=[rep], **who)
    assert Team.objects.get(id=team).name == "North sales"
    assert code_of(lambda: teams.make_team("NORTH SALES", manager_id=None, members=[], **who)) == "team.exists"
    assert code_of(lambda: teams.make_team(" ", manager_id=None, members=[], **who)) == "team.no_name"
    assert code_of(lambda: teams.make_team("X", manager_id=None, members=[10**6], **who)) == "user.unknown"
    assert code_of(lambda: teams.remove_team(10**6, **who)) == "team.unknown"
    RoleGrant.objects.create(user_id=admin, entity_id=books.entity, role="auditor", reach="team", granted_at=NOW)
    changed = {"name": "North sales", "manager_id": boss, "members": [rep, admin]}
    assert code_of(lambda: teams.change_team(team, **changed, **who)) == "grant.self"
    other = add_entity("E2", "Two", "CNY", **SHELL)
    RoleGrant.objects.create(user_id=boss, entity_id=other, role="sales_manager", reach="team", granted_at=NOW)
    assert code_of(lambda: teams.remove_team(team, **who)) == "right.missing", "it reaches into E2"
    teams.remove_team(team, **SHELL)
    assert not Team.objects.exists()


def test_customers_are_given_out(books: Books) -> None:
    clerk = books.person("clerk", (Role.AR_CLERK, Reach.ALL))
    rep, admin = (
        books.person("rep", (Role.SALES_REP, Reach.OWN)),
        books.person("admin", (Role.ADMINISTRATOR, Reach.ALL)),
    )
    who: dict[str, Any] = {"actor_id": clerk, "now": NOW}
    both = [books.mine, books.theirs]
    assert assign_accounts(both, owner_id=rep, **who) == 2
    assert assign_accounts(both, owner_id=rep, **who) == 0
    assert assign_accounts([books.mine], owner_id=None, collector_id=rep, **who) == 1
    assert code_of(lambda: assign_accounts(both, owner_id=admin, **who)) == "assign.no_role"
    assert code_of(lambda: assign_accounts(both, owner_id=10**6, **who)) == "user.unknown"
    assert code_of(lambda: assign_accounts([10**6], owner_id=rep, **who)) == "account.unknown"
    event = AuditEvent.objects.filter(code="account.assign", subject=f"account:{books.mine}").latest("id")
    assert event.data == {"owner": {"from": rep, "to": None}, "collector": {"from": None, "to": rep}}


def test_who_may_posts_into_a_soft_closed_month(books: Books) -> None:
    set_period(books.entity, DAY, PeriodState.SOFT_CLOSED, **SHELL)
    clerk = books.person("clerk", (Role.AR_CLERK, Reach.ALL))
    cfo = books.person("cfo", (Role.CFO, Reach.ALL))
    item = books.item[books.mine]
    reversal = lambda entry, who: reverse_entry(books.entity, entry, on=DAY, actor_id=who, now=NOW)[0]  # noqa: E731
    late = JournalEntry.objects.get(id=reversal(OpenItem.objects.get(id=item).entry_id, clerk))
    assert (late.effective_date, late.posting_date) == (DAY, date(2026, 4, 1))
    off = settle_item(books.entity, EntryKind.WRITE_OFF, books.item[books.theirs], 10, on=DAY, actor_id=cfo, now=NOW)
    assert JournalEntry.objects.get(id=off).posting_date == DAY
    shell = settle_item(books.entity, EntryKind.WRITE_OFF, books.item[books.theirs], 10, on=DAY, **SHELL)
    assert JournalEntry.objects.get(id=shell).posting_date == date(2026, 4, 1)
    set_period(books.entity, DAY, PeriodState.CLOSED, **SHELL)
    off = settle_item(books.entity, EntryKind.WRITE_OFF, books.item[books.theirs], 10, on=DAY, actor_id=cfo, now=NOW)
    assert JournalEntry.objects.get(id=off).posting_date == date(2026, 4, 1)


# -- what is written about it ----------------------------------------------------------------------------------------
def test_the_table_of_roles_in_the_documents_is_the_true_one() -> None:
    text = (Path(__file__).parents[2] / "docs/design/rights.md").read_text()
    head = "| right | " + " | ".join(role.value for role in Role) + " |"
    lines = [head, "|---" * (len(Role) + 1) + "|"]
    for right in Right:
        ticks = ("●" if right in ROLE_RIGHTS[role] else "" for role in Role)
        lines.append(f"| `{right.value}` | " + " | ".join(ticks) + " |")
    assert "\n".join(lines) in text, "\n".join(lines)

"""Short payments: a case the same day, decided, followed through everything that may happen to the item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from huikuan.core.accounts import EntryKind
from huikuan.core.applications import Order
from huikuan.core.approvals import ApprovalKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Role
from huikuan.core.short_payments import DEFAULT_REASONS, Outcome, ShortReason, is_short
from huikuan.services import approvals, short_payments
from huikuan.services.approvals import ApprovalNeeded
from huikuan.services.rights import Forbidden
from huikuan.services.short_payment_state import sweep_short_payments
from huikuan.services.verifying import verify
from huikuan.store.models import (
    AuditEvent,
    CustomerAccount,
    Entity,
    OpenItemBalance,
    RoleGrant,
    ShortPayment,
    ShortPaymentEvent,
    User,
)
from tests.databases import LedgerDb
from tests.services.ledger import DAY, NOW, Ledger, entry_of_receipt

pytestmark = [pytest.mark.practice("E7"), pytest.mark.practice("D4")]


@dataclass
class Desk:
    """Books with a collector, a rep who owns the customer, a clerk, a manager and a CFO."""

    books: Ledger
    people: dict[str, int]

    def paid_short(self, amount: int = 25_097_98, paid: int = 24_596_02) -> tuple[int, int, int]:
        """An item, the receipt, the application that leaves it short."""
        item, receipt = self.books.item(amount), self.books.receipt(paid)
        return item, receipt, self.books.apply(receipt, (item, paid))

    def case(self) -> ShortPayment:
        return ShortPayment.objects.get()

    def by(self, who: str) -> dict[str, Any]:
        return {"actor_id": self.people[who], "now": NOW}


@pytest.fixture
def desk(ledger_db: LedgerDb) -> Desk:
    books = Ledger()
    people = {}
    for name, role in (
        ("collector", "collector"),
        ("rep", "sales_rep"),
        ("manager", "sales_manager"),
        ("clerk", "ar_clerk"),
        ("cfo", "cfo"),
        ("auditor", "auditor"),
    ):
        user = User.objects.create_user(name)
        RoleGrant.objects.create(user=user, entity_id=books.entity_id, role=role, granted_at=NOW)
        people[name] = user.pk
    CustomerAccount.objects.update(owner_id=people["rep"], collector_id=people["collector"])
    return Desk(books, people)


def events(case: ShortPayment) -> list[str]:
    return list(ShortPaymentEvent.objects.filter(case=case).order_by("id").values_list("code", flat=True))


# -- opened the day it arrives ---------------------------------------------------------------------------------------
def test_money_that_comes_short_is_a_case_the_same_day(desk: Desk) -> None:
    """25,097.98 less 2 %: 24,596.02 came, 501.96 are held back. Monday 15 June and three working days: Thursday."""
    item, receipt, entry = desk.paid_short()
    case = desk.case()
    assert (case.item_id, case.receipt_id, case.entry_id) == (item, receipt, entry)
    assert (case.amount_minor, case.currency, case.state, case.reason_code) == (501_96, "CNY", "open", "unstated")
    assert (case.opened_on, case.deadline) == (date(2026, 6, 15), date(2026, 6, 18))
    assert case.owner_id == desk.people["collector"]
    assert events(case) == ["opened"]
    assert AuditEvent.objects.filter(code="short_payment.opened", subject=f"short_payment:{case.pk}").exists()


def test_a_part_payment_is_no_short_payment(desk: Desk) -> None:
    desk.paid_short(25_097_98, 12_500_00)
    assert not ShortPayment.objects.exists()


def test_money_spread_by_an_order_is_no_short_payment(desk: Desk) -> None:
    desk.books.item(100_00)
    desk.books.spread(desk.books.receipt(95_00), Order.OLDEST_FIRST)
    assert not ShortPayment.objects.exists()


def test_money_that_is_still_there_is_no_short_payment(desk: Desk) -> None:
    item, receipt = desk.books.item(100_00), desk.books.receipt(200_00)
    desk.books.apply(receipt, (item, 95_00))
    assert not ShortPayment.objects.exists()


def test_the_share_is_the_entitys_own(desk: Desk) -> None:
    short_payments.set_reasons(desk.books.entity_id, DEFAULT_REASONS, 0, **desk.by("cfo"))
    desk.paid_short()
    assert not ShortPayment.objects.exists()
    short_payments.set_reasons(desk.books.entity_id, DEFAULT_REASONS, 100, **desk.by("cfo"))
    desk.paid_short(100_00, 99_00)
    assert desk.case().amount_minor == 1_00
    assert (is_short(100_00, 1_00, 100), is_short(100_00, 1_01, 100), is_short(100_00, 0, 100)) == (True, False, False)


def test_what_the_reason_says(desk: Desk) -> None:
    """Named by whoever knows: the case that is there gets its reason, and with it owner and deadline."""
    item, _, entry = desk.paid_short()
    number = short_payments.open_short_payment(
        desk.books.entity_id,
        item,
        reason_code="price",
        entry_id=entry,
        note="two lines at the old price",
        **desk.by("clerk"),
    )
    case = desk.case()
    assert case.pk == number
    assert (case.reason_code, case.owner_id) == ("price", desk.people["rep"])
    assert case.deadline == date(2026, 6, 24)
    assert events(case) == ["opened", "changed"]


def test_a_deduction_kept_open_on_any_item(desk: Desk) -> None:
    """Part of what is open: 20.00 of the 400.00 that are still to come."""
    item = desk.books.item(1_000_00)
    desk.books.apply(desk.books.receipt(600_00), (item, 600_00))
    short_payments.open_short_payment(desk.books.entity_id, item, 20_00, reason_code="quality", **desk.by("collector"))
    desk.books.apply(desk.books.receipt(380_00), (item, 380_00))
    case = desk.case()
    assert (case.amount_minor, case.state, case.reason_code) == (20_00, "open", "quality")
    desk.books.apply(desk.books.receipt(20_00), (item, 20_00))
    assert desk.case().state == "paid"


def test_holidays_are_no_working_days(desk: Desk) -> None:
    """Friday 19 June 2026 is the Dragon Boat Festival: seven working days from Monday 15 June end on the 25th."""
    Entity.objects.update(country="CN")
    item, _, _ = desk.paid_short()
    short_payments.open_short_payment(desk.books.entity_id, item, reason_code="price", **desk.by("clerk"))
    assert desk.case().deadline == date(2026, 6, 25)


# -- followed through what happens -----------------------------------------------------------------------------------
def test_undoing_the_application_withdraws_it(desk: Desk) -> None:
    _, _, entry = desk.paid_short()
    desk.books.reverse(entry)
    case = desk.case()
    assert (case.state, events(case)) == ("withdrawn", ["opened", "withdrawn"])
    assert case.closed_at == NOW


def test_a_bounced_payment_withdraws_it(desk: Desk) -> None:
    _, receipt, _ = desk.paid_short()
    desk.books.reverse(entry_of_receipt(receipt))
    assert desk.case().state == "withdrawn"


def test_money_that_comes_after_all(desk: Desk) -> None:
    item, _, _ = desk.paid_short()
    part = desk.books.receipt(100_00)
    desk.books.apply(part, (item, 100_00))
    assert (desk.case().amount_minor, desk.case().state) == (401_96, "open")
    rest = desk.books.apply(desk.books.receipt(401_96), (item, 401_96))
    case = desk.case()
    assert (case.state, case.settling_entry_id) == ("paid", rest)
    desk.books.reverse(rest)
    assert (desk.case().state, desk.case().settling_entry_id) == ("open", None)
    verify()


def test_accepted_and_written_off(desk: Desk) -> None:
    item, _, _ = desk.paid_short()
    entry = short_payments.accept_short_payment(
        desk.case().pk, Outcome.WRITE_OFF, note="agreed by phone", on=DAY, **desk.by("collector")
    )
    case = desk.case()
    assert (case.state, case.outcome, case.settling_entry_id) == ("accepted", "write_off", entry)
    assert desk.books.open_of(item) == (0, 0)
    assert ShortPaymentEvent.objects.get(case=case, code="accepted").note == "agreed by phone"
    desk.books.reverse(entry or 0)
    assert desk.case().state == "open"
    verify()


def test_accepted_for_a_credit_memo_to_come(desk: Desk) -> None:
    item, _, _ = desk.paid_short()
    accept = short_payments.accept_short_payment
    assert accept(desk.case().pk, Outcome.CREDIT_MEMO, note="bonus of May", on=DAY, **desk.by("collector")) is None
    case = desk.case()
    assert (case.state, case.outcome, case.settling_entry_id) == ("accepted", "credit_memo", None)
    assert desk.books.open_of(item)[0] == 501_96
    credit = desk.books.item(-501_96)
    entry = desk.books.apply_credit(credit, (item, 501_96))
    case = desk.case()
    assert (case.state, case.settling_entry_id) == ("accepted", entry)
    assert events(case)[-1] == "settled"


def test_rejected_goes_back_and_may_still_be_paid_or_accepted(desk: Desk) -> None:
    item, _, _ = desk.paid_short()
    short_payments.reject_short_payment(desk.case().pk, note="the price was agreed", **desk.by("rep"))
    assert (desk.case().state, desk.case().closed_at) == ("rejected", None)
    desk.books.apply(desk.books.receipt(501_96), (item, 501_96))
    assert desk.case().state == "paid"


def test_a_rejected_case_with_a_new_reason_is_open_again(desk: Desk) -> None:
    desk.paid_short()
    short_payments.reject_short_payment(desk.case().pk, note="no", **desk.by("rep"))
    short_payments.change_short_payment(desk.case().pk, reason_code="quality", **desk.by("collector"))
    assert (desk.case().state, desk.case().reason_code, desk.case().owner_id) == ("open", "quality", desk.people["rep"])


def test_owner_and_deadline_are_given_by_hand(desk: Desk) -> None:
    desk.paid_short()
    by = date(2026, 7, 1)
    short_payments.change_short_payment(
        desk.case().pk, owner_id=desk.people["manager"], deadline=by, note="he knows them", **desk.by("collector")
    )
    assert (desk.case().owner_id, desk.case().deadline) == (desk.people["manager"], by)


# -- approvals -------------------------------------------------------------------------------------------------------
def test_a_large_credit_needs_approval(desk: Desk) -> None:
    entity = desk.books.entity_id
    approvals.set_ladder(entity, ApprovalKind.SHORT_PAYMENT, [(Role.CFO, 500_00)], **desk.by("cfo"))
    desk.paid_short()
    with pytest.raises(ApprovalNeeded) as needed:
        short_payments.accept_short_payment(
            desk.case().pk, Outcome.CREDIT_MEMO, note="bonus", on=DAY, **desk.by("collector")
        )
    assert desk.case().state == "open"
    request = approvals.request_approval(needed.value.proposal, **desk.by("collector"))
    approvals.decide_approval(request, True, actor_id=desk.people["cfo"], now=NOW, today=NOW.date())
    assert (desk.case().state, desk.case().outcome) == ("accepted", "credit_memo")


def test_a_large_write_off_needs_approval(desk: Desk) -> None:
    approvals.set_ladder(desk.books.entity_id, ApprovalKind.WRITE_OFF, [(Role.CFO, 500_00)], **desk.by("cfo"))
    item, _, _ = desk.paid_short()
    with pytest.raises(ApprovalNeeded) as needed:
        short_payments.accept_short_payment(
            desk.case().pk, Outcome.WRITE_OFF, note="small", on=DAY, **desk.by("collector")
        )
    request = approvals.request_approval(needed.value.proposal, **desk.by("collector"))
    approvals.decide_approval(request, True, actor_id=desk.people["cfo"], now=NOW, today=NOW.date())
    assert (desk.case().state, desk.books.open_of(item)) == ("accepted", (0, 0))


# -- refusals --------------------------------------------------------------------------------------------------------
Ask = Callable[[Desk, int, int], object]
PRICE = ShortReason("price", Role.SALES_REP, 7)


def reject(case: int, note: str, by: dict[str, Any]) -> None:
    short_payments.reject_short_payment(case, note=note, **by)


def change(case: int, by: dict[str, Any], **more: Any) -> None:
    short_payments.change_short_payment(case, **more, **by)


def new(desk: Desk, item: int, amount: int | None = None) -> None:
    short_payments.open_short_payment(desk.books.entity_id, item, amount, **desk.by("rep"))


def write_off(desk: Desk, case: int, who: str) -> None:
    short_payments.accept_short_payment(case, Outcome.WRITE_OFF, note="x", on=DAY, **desk.by(who))


def reasons(desk: Desk, *given: ShortReason, share: int = 100, who: str = "cfo") -> None:
    short_payments.set_reasons(desk.books.entity_id, given, share, **desk.by(who))


def mine(code: str, days: int = 3, name: str = "") -> ShortReason:
    return ShortReason(code, Role.CFO, days, name)


NOT_HERE = "Your roles do not allow this here: "
REFUSED: list[tuple[str, str, Ask]] = [
    ("short_payment.unknown", "There is no such case.", lambda d, _i, _c: reject(999, "x", d.by("rep"))),
    (
        "short_payment.say_why",
        "Say why, and what the customer was told.",
        lambda d, _i, c: reject(c, " ", d.by("rep")),
    ),
    (
        "short_payment.amount",
        "60000 is not within the 50196 still open on the item",
        lambda d, i, _c: new(d, i, 600_00),
    ),
    ("item.unknown", "there is no item 999 in this entity", lambda d, _i, _c: new(d, 999)),
    (
        "short_payment.unknown_reason",
        "'weather' is no reason of this entity.",
        lambda d, _i, c: change(c, d.by("rep"), reason_code="weather"),
    ),
    (
        "short_payment.unknown_owner",
        "There is no such person who could see to it.",
        lambda d, _i, c: change(c, d.by("rep"), owner_id=999),
    ),
    ("right.missing", NOT_HERE + "adjustment.post.", lambda d, _i, c: write_off(d, c, "rep")),
    (
        "right.missing",
        NOT_HERE + "short_payment.handle.",
        lambda d, _i, c: change(c, d.by("auditor"), reason_code="price"),
    ),
    ("right.missing", NOT_HERE + "policy.manage.", lambda d, _i, _c: reasons(d, *DEFAULT_REASONS, who="rep")),
    (
        "short_payment.unstated_stays",
        "The reason for what nobody has explained yet must stay.",
        lambda d, _i, _c: reasons(d, PRICE),
    ),
    (
        "short_payment.bad_share",
        "The limit is between 0 and 50 %.",
        lambda d, _i, _c: reasons(d, *DEFAULT_REASONS, share=5_001),
    ),
    ("short_payment.code_twice", "Two reasons have the same code.", lambda d, _i, _c: reasons(d, PRICE, PRICE)),
    ("short_payment.no_name", "The reason samples has no name.", lambda d, _i, _c: reasons(d, mine("samples"))),
    (
        "short_payment.bad_code",
        "'Ä' is no code: small letters, digits, _",
        lambda d, _i, _c: reasons(d, mine("Ä", name="Ä")),
    ),
    ("short_payment.bad_days", "A reason has 0 to 120 working days.", lambda d, _i, _c: reasons(d, mine("price", 121))),
    (
        "short_payment.too_many",
        "There are at most 30 reasons.",
        lambda d, _i, _c: reasons(d, *(mine(f"r{n}", name="R") for n in range(31))),
    ),
]


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("code", "message", "ask"), REFUSED, ids=[f"{row[0]}-{n}" for n, row in enumerate(REFUSED)])
def test_refusals(desk: Desk, code: str, message: str, ask: Ask) -> None:
    item, _, _ = desk.paid_short()
    before = (desk.case().state, desk.case().reason_code, ShortPaymentEvent.objects.count())
    with pytest.raises(Refusal) as refused:
        ask(desk, item, desk.case().pk)
    assert (refused.value.code, refused.value.message) == (code, message)
    assert (desk.case().state, desk.case().reason_code, ShortPaymentEvent.objects.count()) == before


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_what_is_decided_is_decided(desk: Desk) -> None:
    desk.paid_short()
    case = desk.case().pk
    accept = short_payments.accept_short_payment
    accept(case, Outcome.WRITE_OFF, note="x", on=DAY, **desk.by("collector"))
    for ask in (
        lambda: accept(case, Outcome.WRITE_OFF, note="x", on=DAY, **desk.by("collector")),
        lambda: short_payments.reject_short_payment(case, note="x", **desk.by("rep")),
        lambda: short_payments.change_short_payment(case, reason_code="price", **desk.by("rep")),
    ):
        with pytest.raises(Refusal) as refused:
            ask()
        assert refused.value.code == "short_payment.closed"


def test_a_rep_sees_to_own_customers_only(desk: Desk) -> None:
    RoleGrant.objects.filter(user_id=desk.people["rep"]).update(reach="own")
    CustomerAccount.objects.update(owner=None)
    desk.paid_short()
    with pytest.raises(Forbidden) as refused:
        short_payments.reject_short_payment(desk.case().pk, note="x", **desk.by("rep"))
    assert refused.value.code == "right.out_of_reach"


def test_imports_are_swept(desk: Desk) -> None:
    """What bulk postings settled is seen by a sweep."""
    item, _, _ = desk.paid_short()
    assert desk.books.settle(EntryKind.OFFSET, item, 1_96)
    assert desk.case().amount_minor == 500_00
    OpenItemBalance.objects.filter(item_id=item).update(open_minor=0)
    sweep_short_payments(desk.books.entity_id, actor_id=None, now=NOW)
    assert desk.case().state == "paid"

"""Bank lines decided about: posted as explained, split, kept, no customer's; taken back to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.core.accounts import LedgerAccount
from huikuan.core.matching import Deed, NotCustomers, Rest
from huikuan.core.refusals import Conflict, Refusal
from huikuan.services.line_asides import (
    answer_question,
    ask_about_line,
    claim_line,
    park_line,
    unpark_line,
)
from huikuan.services.line_decisions import Choice
from huikuan.services.matching import accept_explanation, run_matching
from huikuan.services.matching_policy import Policy, set_policy
from huikuan.services.receipts import park_receipt
from huikuan.services.rights import Forbidden
from huikuan.services.verifying import verify
from huikuan.store.models import (
    AuditEvent,
    BankLineReceipt,
    JournalEntry,
    LineClaim,
    LineDecision,
    LineParked,
    LinePart,
    LineQuestion,
    MatchLearned,
    MatchProposal,
    Posting,
    Receipt,
    RoleGrant,
    ShortPayment,
    User,
)
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, Counter, balances, money_of, open_on
from tests.services.ledger import NOW
from tests.services.test_concurrency import codes
from tests.services.test_idempotency import at_once

pytestmark = pytest.mark.practice("E4")


@pytest.fixture
def desk(ledger_db: LedgerDb) -> Counter:
    return Counter.open()


def clerk(desk: Counter, name: str, role: str = "ar_clerk") -> int:
    user = User.objects.create_user(name, f"{name}@example.com", "x", first_name=name.title())
    RoleGrant.objects.create(user=user, entity_id=desk.books.entity_id, role=role, granted_at=NOW)
    return int(user.pk)


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match="") if not code else _Refused(code)


class _Refused:
    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        assert isinstance(error, Refusal), f"not refused with {self.code}"
        assert error.code == self.code
        return True


def sound() -> None:
    report = verify()
    assert report.ok, report


# -- applying --------------------------------------------------------------------------------------------------------
def test_a_line_pays_two_items_and_a_credit_memo_is_used(desk: Counter) -> None:
    """25,097.98 for 20,000.00 and 5,197.98 less a credit memo of 100.00."""
    first, second = desk.books.item(20_000_00), desk.books.item(5_197_98)
    memo = desk.books.item(-100_00)
    line = desk.line("25097.98", name="Alpha GmbH", text="10023 10024 less CM")
    made = desk.apply(line, desk.leg(first, 20_000_00), desk.leg(second, 5_197_98), desk.leg(memo, -100_00))
    assert (open_on(first), open_on(second), open_on(memo)) == (0, 0, 0)
    assert money_of(line) == (0, 0, 0)
    decision = LineDecision.objects.get(id=made)
    assert (decision.applied_minor, decision.leaves_minor, len(decision.entries)) == (25_097_98, 0, 3)
    sound()


def test_undoing_brings_every_balance_back(desk: Counter) -> None:
    first, second = desk.books.item(600_00), desk.books.item(500_00, discount_date=date(2026, 4, 1), discount_bp=200)
    memo = desk.books.item(-100_00)
    line = desk.line("990.00", name="Alpha GmbH", account="DE02120300000000202051", text="all")
    before = balances()
    legs = (
        desk.leg(first, 600_00),
        desk.leg(second, 490_00, 10_00, "early_payment_discount"),
        desk.leg(memo, -100_00),
    )
    made = desk.apply(line, *legs)
    assert (open_on(first), open_on(second), open_on(memo)) == (0, 0, 0)
    assert MatchLearned.objects.filter(kind="account", count=1).exists()
    desk.undo(made)
    assert balances() == before
    assert not MatchLearned.objects.filter(kind="account", count__gt=0).exists()
    again = desk.apply(line, *legs)
    desk.undo(again)
    assert balances() == before
    sound()


def test_what_the_bank_kept_is_written_off_within_the_policy_and_a_case_above_it(desk: Counter) -> None:
    set_policy(desk.books.entity_id, Policy(charge_minor_max=20_00, charge_bp_max=200), **SYSTEM)
    item, other = desk.books.item(1_000_00), desk.books.item(1_000_00)
    small, large = desk.line("985.00"), desk.line("970.00")
    made = desk.apply(small, desk.leg(item, 985_00, 15_00, "bank_charge"))
    assert open_on(item) == 0
    written_off = Posting.objects.filter(item_id=item, ledger_account=LedgerAccount.BAD_DEBT.value)
    assert [leg.amount_minor for leg in written_off] == [15_00]
    desk.undo(made)
    assert open_on(item) == 1_000_00
    desk.apply(large, desk.leg(other, 970_00, 30_00, "bank_charge"))
    assert open_on(other) == 30_00
    case = ShortPayment.objects.get(item_id=other)
    assert (case.reason_code, case.amount_minor) == ("bank_charge", 30_00)
    sound()


@pytest.mark.practice("E7")
def test_a_short_payment_is_a_case_the_same_day(desk: Counter) -> None:
    item = desk.books.item(1_000_00)
    line = desk.line("950.00")
    made = desk.apply(line, desk.leg(item, 950_00, 50_00, "short_payment"))
    case = ShortPayment.objects.get(item_id=item)
    assert (case.state, case.amount_minor, case.deadline is not None) == ("open", 50_00, True)
    desk.undo(made)
    assert ShortPayment.objects.get(item_id=item).state == "withdrawn"


def test_a_discount_too_late_is_a_case_and_not_granted(desk: Counter) -> None:
    item = desk.books.item(1_000_00, discount_date=date(2026, 3, 9), discount_bp=200)
    line = desk.line("980.00")
    desk.apply(line, desk.leg(item, 980_00, 20_00, "early_payment_discount"))
    assert open_on(item) == 20_00
    assert ShortPayment.objects.get(item_id=item).reason_code == "discount"


def test_money_left_over_stays_unapplied_goes_on_account_or_leaves_the_line_open(desk: Counter) -> None:
    items = [desk.books.item(100_00) for _ in range(4)]
    lines = [desk.line("150.00") for _ in range(3)]
    desk.apply(lines[0], desk.leg(items[0], 100_00))
    assert money_of(lines[0]) == (0, 50_00, 0)
    desk.apply(lines[1], desk.leg(items[1], 100_00), rest=Rest.ON_ACCOUNT)
    assert money_of(lines[1]) == (0, 0, 50_00)
    first = desk.apply(lines[2], desk.leg(items[2], 100_00), rest=Rest.OPEN)
    second = desk.apply(lines[2], desk.leg(items[3], 50_00))
    assert money_of(lines[2]) == (0, 0, 0)
    with refused("match.undo_later"):
        desk.undo(first)
    desk.undo(second)
    desk.undo(first)
    assert money_of(lines[2]) == (150_00, 0, 0)
    sound()


def test_a_line_that_pays_for_two_customers_is_split_and_joined_again(desk: Counter) -> None:
    mine, theirs = desk.books.item(600_00), desk.books.item(400_00, customer="C2")
    line = desk.line("1050.00", name="Holding AG", account="DE02120300000000202051", text="both")
    made = desk.apply(line, desk.leg(mine, 600_00), desk.leg(theirs, 400_00))
    assert (open_on(mine), open_on(theirs)) == (0, 0)
    assert money_of(line) == (0, 50_00, 0)
    parts = Receipt.objects.filter(id__in=LinePart.objects.filter(line_id=line).values("receipt_id"))
    assert sorted(parts.values_list("amount_minor", flat=True)) == [400_00, 650_00]
    assert {party.payer_name for party in (part.party for part in parts)} == {"Holding AG"}
    learned = MatchLearned.objects.filter(kind="account", count=1).values_list("customer", flat=True)
    assert set(learned) == {str(desk.books.accounts["C1"]), str(desk.books.accounts["C2"])}
    desk.undo(made)
    assert (open_on(mine), open_on(theirs), money_of(line)) == (600_00, 400_00, (1_050_00, 0, 0))
    assert not LinePart.objects.exists()
    # Once more, and to one of them only.
    desk.undo(desk.apply(line, desk.leg(mine, 600_00), desk.leg(theirs, 400_00)))
    desk.apply(line, desk.leg(mine, 600_00))
    assert money_of(line) == (0, 450_00, 0)
    bank = Posting.objects.filter(ledger_account=LedgerAccount.BANK.value)
    assert sum(bank.values_list("amount_minor", flat=True)) == 1_050_00
    sound()


def test_money_kept_for_a_customer(desk: Counter) -> None:
    account = desk.books.customer("C1")
    first, second = desk.line("100.00"), desk.line("200.00")
    made = desk.decide(first, Choice(Deed.UNAPPLIED, account_id=account))
    desk.decide(second, Choice(Deed.ON_ACCOUNT, account_id=account))
    assert (money_of(first), money_of(second)) == ((0, 100_00, 0), (0, 0, 200_00))
    desk.undo(made)
    assert money_of(first) == (100_00, 0, 0)
    sound()


def test_money_that_is_no_customers_stays_in_suspense_under_its_class(desk: Counter) -> None:
    line = desk.line("12.34", name="Sparkasse", text="Zinsen Q1")
    made = desk.decide(line, Choice(Deed.NOT_CUSTOMER, detail=NotCustomers.INTEREST.value))
    assert money_of(line) == (12_34, 0, 0)
    assert LineDecision.objects.get(id=made).detail == "interest"
    with refused("match.decided"):
        desk.apply(line, desk.leg(desk.books.item(12_34), 12_34))
    desk.undo(made)


# -- never more than there is ----------------------------------------------------------------------------------------
def test_an_item_paid_meanwhile_is_refused_and_nothing_is_posted(desk: Counter) -> None:
    item = desk.books.item(100_00)
    first, second = desk.line("100.00"), desk.line("100.00")
    desk.apply(first, desk.leg(item, 100_00))
    entries = JournalEntry.objects.count()
    with refused("match.over_item"):
        desk.apply(second, desk.leg(item, 100_00))
    assert JournalEntry.objects.count() == entries
    assert money_of(second) == (100_00, 0, 0)


def test_the_same_request_twice_is_one_decision(desk: Counter) -> None:
    item = desk.books.item(100_00)
    line = desk.line("100.00")
    made = [desk.apply(line, desk.leg(item, 100_00), key="k1") for _ in range(2)]
    assert made[0] == made[1]
    assert LineDecision.objects.count() == 1


def test_what_cannot_be_applied_is_refused(desk: Counter) -> None:
    item, memo = desk.books.item(100_00), desk.books.item(-30_00)
    line = desk.line("50.00")
    account = desk.books.customer("C1")
    for code, choice in (
        ("match.nothing", Choice(Deed.APPLY)),
        ("match.over_line", Choice(Deed.APPLY, legs=(desk.leg(item, 60_00),))),
        ("match.item_twice", Choice(Deed.APPLY, legs=(desk.leg(item, 10_00), desk.leg(item, 20_00)))),
        ("match.over_item", Choice(Deed.APPLY, legs=(desk.leg(item, 100_01),))),
        ("match.credit_unused", Choice(Deed.APPLY, legs=(desk.leg(item, 20_00), desk.leg(memo, -30_00)))),
        ("match.no_customer", Choice(Deed.UNAPPLIED)),
        ("match.bad_class", Choice(Deed.NOT_CUSTOMER, detail="what")),
    ):
        with refused(code):
            desk.decide(line, choice)
    with refused("match.no_line"):
        desk.decide(line + 999, Choice(Deed.UNAPPLIED, account_id=account))
    assert LineDecision.objects.count() == 0
    desk.decide(line, Choice(Deed.UNAPPLIED, account_id=account))
    made = LineDecision.objects.get()
    with refused("match.no_decision"):
        desk.undo(made.pk + 99)
    receipt = BankLineReceipt.objects.get(line_id=line).receipt_id
    park_receipt(desk.books.entity_id, receipt, 50_00, on=date(2026, 3, 10), **SYSTEM)
    with refused("match.used_since"):
        desk.undo(made.pk)


def test_another_currency_is_converted_by_hand(desk: Counter) -> None:
    desk.books.rate("USD", "0.9")
    item = desk.books.item(100_00, "USD")
    line = desk.line("90.00")
    with refused("match.currency"):
        desk.apply(line, desk.leg(item, 90_00))


def test_no_past_day_shows_more_applied_than_there_was(desk: Counter) -> None:
    """Applied, taken back, applied elsewhere: each counts from the value date or later, never before what came"""
    first, second = desk.books.item(100_00), desk.books.item(100_00, on=date(2026, 3, 20))
    line = desk.line("100.00")
    desk.undo(desk.apply(line, desk.leg(first, 100_00)))
    desk.apply(line, desk.leg(second, 100_00))
    entry = JournalEntry.objects.filter(kind="application").latest("id")
    assert (entry.effective_date, entry.posting_date) == (date(2026, 3, 20), date(2026, 3, 20))


def test_money_over_the_items_is_accepted_and_stays_with_the_customer(desk: Counter) -> None:
    item = desk.books.item(100_00, document_number="INV-10023")
    line = desk.line("130.00", name="Alpha GmbH", text="INV-10023")
    run_matching(desk.books.entity_id, **SYSTEM)
    made = MatchProposal.objects.get(line_id=line)
    over = next(one for one in made.explanations if one["kind"] == "overpayment")
    assert over["legs"][0]["deduction_reason"] == "overpayment"
    accept_explanation(desk.books.entity_id, line, over["rank"], token="", **SYSTEM)
    assert (open_on(item), money_of(line)) == (0, (0, 30_00, 0))
    assert not ShortPayment.objects.exists()
    sound()


# -- two clerks ------------------------------------------------------------------------------------------------------
def test_a_line_somebody_has_open_is_theirs_for_ten_minutes(desk: Counter) -> None:
    ann, bob = clerk(desk, "ann"), clerk(desk, "bob")
    entity, item = desk.books.entity_id, desk.books.item(100_00)
    line, other = desk.line("100.00"), desk.line("7.00")
    claim_line(entity, line, actor_id=ann, now=NOW)
    with refused("match.claimed"):
        claim_line(entity, line, actor_id=bob, now=NOW)
    with pytest.raises(Conflict, match=r"Ann has had this line open since 2026-06-15 ..:.. UTC"):
        desk.apply(line, desk.leg(item, 100_00), actor_id=bob)
    claim_line(entity, line, actor_id=bob, now=NOW, take_over=True)
    claim_line(entity, line, actor_id=ann, now=NOW + timedelta(minutes=11))
    claim_line(entity, other, actor_id=ann, now=NOW + timedelta(minutes=12))
    assert list(LineClaim.objects.values_list("line_id", flat=True)) == [other]
    desk.apply(line, desk.leg(item, 100_00), actor_id=bob)
    with pytest.raises(Conflict, match="Bob has decided about this line already"):
        desk.apply(line, desk.leg(item, 100_00), actor_id=ann)


def test_who_may_not_decide(desk: Counter) -> None:
    collector = clerk(desk, "col", "collector")
    item = desk.books.item(100_00)
    line = desk.line("100.00")
    with pytest.raises(Forbidden):
        desk.apply(line, desk.leg(item, 100_00), actor_id=collector)
    with pytest.raises(Forbidden):
        park_line(desk.books.entity_id, line, "x", actor_id=collector, now=NOW)
    with pytest.raises(Forbidden):
        set_policy(desk.books.entity_id, Policy(), actor_id=clerk(desk, "cle"), now=NOW)


# -- put aside, asked ------------------------------------------------------------------------------------------------
def test_put_aside_and_brought_back(desk: Counter) -> None:
    entity, line = desk.books.entity_id, desk.line("100.00")
    with refused("match.reason_missing"):
        park_line(entity, line, " ", **SYSTEM)
    for _ in range(2):  # the same request again changes nothing
        park_line(entity, line, "waits for the advice", **SYSTEM)
    assert AuditEvent.objects.filter(code="match.parked").count() == 1
    assert LineParked.objects.get().reason == "waits for the advice"
    unpark_line(entity, line, **SYSTEM)
    with refused("match.not_parked"):
        unpark_line(entity, line, **SYSTEM)


def test_a_colleague_is_asked_and_answers(desk: Counter) -> None:
    entity, line = desk.books.entity_id, desk.line("100.00")
    rep, ann = clerk(desk, "rep", "sales_rep"), clerk(desk, "ann")
    stranger = User.objects.create_user("stranger", "s@example.com", "x").pk
    with refused("match.question_missing"):
        ask_about_line(entity, line, rep, "", **SYSTEM)
    with refused("match.not_a_colleague"):
        ask_about_line(entity, line, stranger, "Whose?", **SYSTEM)
    asked = ask_about_line(entity, line, rep, "Whose money is this?", actor_id=ann, now=NOW)
    with refused("match.asked_already"):
        ask_about_line(entity, line, rep, "Again?", **SYSTEM)
    with refused("match.no_question"):
        answer_question(asked, "mine", actor_id=ann, now=NOW)
    with refused("match.answer_missing"):
        answer_question(asked, "", actor_id=rep, now=NOW)
    answer_question(asked, "Beta AG, for the fair", actor_id=rep, now=NOW)
    with refused("match.question_closed"):
        answer_question(asked, "again", actor_id=rep, now=NOW)
    assert LineQuestion.objects.get().answer == "Beta AG, for the fair"
    assert set(AuditEvent.objects.values_list("code", flat=True)) >= {"match.asked", "match.answered"}


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        ("match.policy_error", Policy(error_ppm=0)),
        ("match.policy_error", Policy(error_ppm=60_000)),
        ("match.policy_audit", Policy(audit_bp=10)),
        ("match.policy_amount", Policy(amount_minor_max=0)),
        ("match.policy_charge", Policy(charge_minor_max=-1)),
    ],
)
@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_a_policy_has_bounds(desk: Counter, code: str, policy: Policy) -> None:
    with refused(code):
        set_policy(desk.books.entity_id, policy, **SYSTEM)


# -- at once ---------------------------------------------------------------------------------------------------------
def test_two_decide_about_one_line_at_once(desk: Counter) -> None:
    first, second = desk.books.item(100_00), desk.books.item(100_00)
    line = desk.line("100.00")
    answers = at_once(
        lambda: desk.apply(line, desk.leg(first, 100_00)), lambda: desk.apply(line, desk.leg(second, 100_00))
    )
    assert codes(answers) == ["done", "match.decided"]
    assert sorted([open_on(first), open_on(second)]) == [0, 100_00]
    sound()


def test_two_lines_that_want_one_item_at_once(desk: Counter) -> None:
    item = desk.books.item(100_00)
    one, two = desk.line("100.00"), desk.line("100.00")
    answers = at_once(lambda: desk.apply(one, desk.leg(item, 100_00)), lambda: desk.apply(two, desk.leg(item, 100_00)))
    assert codes(answers) == ["done", "match.over_item"]
    assert sorted([money_of(one)[0], money_of(two)[0]]) == [0, 100_00]
    sound()

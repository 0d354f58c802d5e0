"""The matcher on a company's books: proposals, what posts itself, what never does, the audit, what is learned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from huikuan.core.documents import EvidenceType, LinkKind
from huikuan.core.matching import Deed, explanation_of
from huikuan.core.payouts import ShopKind
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import Refusal
from huikuan.core.said import line_text
from huikuan.engines.match import match
from huikuan.engines.match_types import BarReport
from huikuan.jobs.registry import WORK
from huikuan.queries.bank_lines import lines_by_id
from huikuan.queries.matching_tables import customers_table, lines_table, open_items_table
from huikuan.queries.workbench import undecided
from huikuan.queries.workbench_line import pane_of
from huikuan.services import matching, matching_engine
from huikuan.services.documents import add_document
from huikuan.services.line_decisions import Choice
from huikuan.services.mandates import NewMandate, add_mandate, withdraw_mandate
from huikuan.services.matching import run_matching
from huikuan.services.matching_audit import say_outcome
from huikuan.services.matching_learning import forget_learned, knowledge_of
from huikuan.services.matching_policy import Policy, policy_of, set_policy
from huikuan.services.matching_posting import choice_of
from huikuan.services.matching_timer import match_due
from huikuan.services.periods import set_period
from huikuan.services.shops import NewShop, add_shop
from huikuan.services.verifying import verify
from huikuan.store.models import (
    Document,
    LineDecision,
    MatchAudit,
    MatchingModel,
    MatchLearned,
    MatchProposal,
    OpenItem,
    Shop,
    ShortPayment,
)
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, Counter, balances, money_of, open_on
from tests.services.ledger import NOW

pytestmark = pytest.mark.practice("E3")
ALPHA = {"name": "Alpha Maschinenbau GmbH", "account": "DE02120300000000202051"}


@pytest.fixture
def desk(ledger_db: LedgerDb) -> Counter:
    return Counter.open()


def sure(monkeypatch: pytest.MonkeyPatch, threshold: float | None = 0.5) -> None:
    """Everything the matcher explains at ``threshold`` or better counts as above the bar: what is tested here is what
    happens then, not how the bar is found."""
    real = matching_engine.work_out

    def worked(*args: Any, **named: Any) -> Any:
        found = real(*args, **named)
        found.bar = replace(found.bar, threshold=threshold)
        for number, answer in found.answers.items():
            first = answer.explanations[0] if answer.explanations else None
            if first is not None and threshold is not None and first.confidence >= threshold:
                found.answers[number] = replace(answer, decision="auto")
        return found

    monkeypatch.setattr(matching, "work_out", worked)


def run(desk: Counter, **more: Any) -> Any:
    return run_matching(desk.books.entity_id, **{**SYSTEM, **more})


def test_a_proposal_names_items_and_says_why_in_both_languages(desk: Counter) -> None:
    first = desk.books.item(20_000_00, document_number="INV-10023")
    second = desk.books.item(5_097_98, document_number="INV-10024")
    line = desk.line("25097.98", text="INV-10023, INV-10024", **ALPHA)
    report = run(desk)
    assert (report.lines, report.posted, report.proposed) == (1, 0, 1)
    proposal = MatchProposal.objects.get(line_id=line)
    made = explanation_of(proposal.explanations[0])
    assert {leg.item_id: leg.minor for leg in made.legs} == {first: 20_000_00, second: 5_097_98}
    assert {leg.open_minor for leg in made.legs} == {20_000_00, 5_097_98}
    assert made.reason["en"] and made.reason["zh"] and made.reason["en"] != made.reason["zh"]
    text = "INV-10023, INV-10024"
    assert any("10023" in text[span.start : span.stop] for span in made.spans if span.field == "remittance_text")
    desk.decide(line, choice_of(made))
    assert (open_on(first), open_on(second), money_of(line)) == (0, 0, (0, 0, 0))
    assert undecided(desk.books.entity_id) == []


def test_a_discount_in_time_beside_a_late_one_is_accepted_each_for_itself(desk: Counter) -> None:
    """20,000.00 less 2 % in time, and 5,000.00 less 2 % too late: 100.00 stay owed, with a case."""
    terms = {"discount_bp": 200, "due": date(2026, 6, 30)}
    late = desk.books.item(5_000_00, document_number="INV-10023", discount_date=date(2026, 3, 5), **terms)
    timely = desk.books.item(20_000_00, document_number="INV-10024", discount_date=date(2026, 6, 20), **terms)
    line = desk.line("24500.00", text="INV-10023, INV-10024", day="2026-03-20", **ALPHA)
    run(desk)
    made = explanation_of(MatchProposal.objects.get(line_id=line).explanations[0])
    reasons = {leg.item_id: (leg.deduction_minor, leg.deduction_reason) for leg in made.legs}
    assert reasons == {late: (100_00, "short_payment"), timely: (400_00, "early_payment_discount")}
    desk.decide(line, choice_of(made))
    assert (open_on(late), open_on(timely), money_of(line)) == (100_00, 0, (0, 0, 0))
    assert ShortPayment.objects.get().item_id == late
    assert verify().ok


def test_nothing_posts_itself_unless_the_policy_says_so(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch)
    item = desk.books.item(100_00, document_number="INV-10023")
    desk.line("100.00", text="INV-10023", **ALPHA)
    report = run(desk)
    assert (report.posted, report.held_back) == (0, {"off": 1})
    set_policy(desk.books.entity_id, Policy(is_automatic=True), **SYSTEM)
    report = run(desk)
    assert (report.posted, open_on(item)) == (1, 0)
    decision = LineDecision.objects.get()
    assert (decision.is_automatic, decision.actor_id, float(decision.bar or 0), decision.rank) == (True, None, 0.5, 1)
    # What the matcher did by itself teaches nothing until somebody has confirmed it.
    assert not MatchLearned.objects.exists()
    assert run(desk).lines == 0
    assert verify().ok


def test_without_a_bar_nothing_is_above_it(desk: Counter) -> None:
    set_policy(desk.books.entity_id, Policy(is_automatic=True), **SYSTEM)
    desk.books.item(100_00, document_number="INV-10023")
    desk.line("100.00", text="INV-10023", **ALPHA)
    report = run(desk)
    assert (report.posted, report.bar.threshold) == (0, None)
    assert report.bar.reason != ""


def test_what_never_posts_itself(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch, 0.0)
    entity = desk.books.entity_id
    set_policy(entity, Policy(is_automatic=True), **SYSTEM)
    desk.books.item(100_00, document_number="INV-1")
    desk.books.item(100_00, document_number="INV-2")
    desk.line("100.00", text="", name="Customer C1")
    before = balances()
    assert run(desk).posted == 0
    assert balances() == before
    third = desk.books.item(77_00, document_number="INV-77777")
    set_period(entity, date(2026, 3, 1), PeriodState.CLOSED, **SYSTEM)
    desk.line("77.00", text="INV-77777", name="Customer C1", day="2026-03-10")
    assert run(desk, every=False).held_back == {"closed_period": 1}
    assert open_on(third) == 77_00


def test_a_platforms_money_waits_for_its_shop(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch)
    set_policy(desk.books.entity_id, Policy(is_automatic=True), **SYSTEM)
    item = desk.books.item(100_00, document_number="INV-10023")
    account = OpenItem.objects.get(id=item).account_id
    add_shop(desk.books.entity_id, NewShop(account, "Bazaar", ShopKind.MARKETPLACE, "EUR", 2), **SYSTEM)
    desk.line("100.00", text="INV-10023", **ALPHA)
    report = run(desk)
    assert (report.posted, report.held_back, open_on(item)) == (0, {"shop": 1}, 100_00)
    Shop.objects.update(is_active=False)
    assert (run(desk).posted, open_on(item)) == (1, 0)


def test_the_audit_asks_back_undoes_what_was_wrong_and_teaches_what_was_right(
    desk: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure(monkeypatch)
    entity = desk.books.entity_id
    set_policy(entity, Policy(is_automatic=True, audit_bp=10_000), **SYSTEM)
    items = [desk.books.item(100_00 + n, document_number=f"INV-1002{n}") for n in range(3)]
    lines = [desk.line(f"100.0{n}", text=f"INV-1002{n}", **ALPHA) for n in range(3)]
    assert run(desk).posted == 3
    drawn = list(MatchAudit.objects.order_by("decision__line_id").values_list("decision_id", flat=True))
    assert len(drawn) == 3
    say_outcome(entity, drawn[0], right=True, **SYSTEM)
    assert MatchLearned.objects.filter(kind="account", count=1).exists()
    bar = say_outcome(entity, drawn[1], right=False, note="wrong customer", **SYSTEM)
    assert open_on(items[1]) == 100_01
    assert money_of(lines[1]) == (100_01, 0, 0)
    assert bar is not None and (bar.audited, bar.audit_errors) == (2, 1)
    with pytest.raises(Refusal) as refusal:
        say_outcome(entity, drawn[1], right=True, **SYSTEM)
    assert refusal.value.code == "match.audited"
    desk.undo(drawn[2])
    assert MatchAudit.objects.get(decision_id=drawn[2]).outcome == "wrong"
    moved = MatchingModel.objects.get(entity_id=entity).bar
    assert (moved["audited"], moved["audit_errors"]) == (3, 2)
    with pytest.raises(Refusal) as refusal:
        say_outcome(entity, drawn[2] + 99, right=True, **SYSTEM)
    assert refusal.value.code == "match.not_drawn"
    assert verify().ok


@pytest.mark.parametrize(
    ("reason", "terms", "habit"),
    [
        ("early_payment_discount", {}, {"habit_discount", "percent:50000"}),
        (
            "early_payment_discount",
            {"discount_bp": 500, "discount_date": date(2026, 6, 20)},
            {"discount", "percent:50000"},
        ),
        ("short_payment", {}, {"kept:50000"}),
        ("short_payment", {"discount_bp": 500, "discount_date": date(2026, 3, 1)}, set()),
    ],
)
def test_a_share_that_was_left_out_is_learned_at_once(
    desk: Counter, reason: str, terms: dict[str, Any], habit: set[str]
) -> None:
    item = desk.books.item(1_000_00, document_number="INV-10023", due=date(2026, 6, 30), **terms)
    line = desk.line("950.00", text="INV-10023", **ALPHA)
    made = desk.apply(line, desk.leg(item, 950_00, 50_00, reason))
    account = str(desk.books.accounts["C1"])

    def learned() -> set[str]:
        found = MatchLearned.objects.filter(kind="habit", key=account, count__gt=0).values_list("detail", flat=True)
        return set(found) - {"lines", "single"}

    assert learned() == habit
    desk.undo(made)
    assert learned() == set()


def test_decisions_teach_at_once_and_what_was_learned_is_forgotten_on_demand(desk: Counter) -> None:
    entity = desk.books.entity_id
    item = desk.books.item(100_00, document_number="INV-10023")
    line, other = desk.line("100.00", text="INV-10023", **ALPHA), desk.line("40.00", text="hello", **ALPHA)
    run(desk)
    assert not MatchProposal.objects.get(line_id=other).is_stale
    desk.apply(line, desk.leg(item, 100_00))
    assert MatchProposal.objects.get(line_id=other).is_stale
    known = knowledge_of(entity)
    account = str(desk.books.accounts["C1"])
    assert account in str(known.accounts)
    report = run(desk, every=False)
    assert report.lines == 1
    row = MatchLearned.objects.get(kind="account")
    forget_learned(entity, row.pk, **SYSTEM)
    assert not knowledge_of(entity).accounts
    with pytest.raises(Refusal) as refusal:
        forget_learned(entity, row.pk, **SYSTEM)
    assert refusal.value.code == "match.not_learned"
    # Fitting the bar anew does not bring back what was forgotten.
    run(desk, fit=True, now=NOW + timedelta(hours=1))
    assert not knowledge_of(entity).accounts


def test_the_past_that_people_made_sets_the_bar(desk: Counter) -> None:
    """Receipts applied by hand before there was a workbench count: people said what they paid."""
    for number in range(80):
        item = desk.books.item(10_000 + number * 37, document_number=f"INV-{20_000 + number}", on=date(2026, 1, 5))
        receipt = desk.books.receipt(
            10_000 + number * 37,
            on=date(2026, 2, 1) + timedelta(days=number % 25),
            payer_name="Customer C1",
            remittance_text=f"INV-{20_000 + number}",
        )
        desk.books.apply(receipt, (item, 10_000 + number * 37))
    set_policy(desk.books.entity_id, Policy(error_ppm=50_000), **SYSTEM)
    report = run(desk, fit=True)
    assert report.bar.lines >= 60
    assert BarReport.from_json(MatchingModel.objects.get().bar).lines == report.bar.lines


def test_what_stays_open_is_said_of_what_is_open_now(desk: Counter) -> None:
    item = desk.books.item(1_000_00, document_number="INV-10023")
    desk.books.apply(desk.books.receipt(300_00), (item, 300_00))
    line = desk.line("200.00", text="Teilzahlung INV-10023", **ALPHA)
    run(desk)
    made = explanation_of(MatchProposal.objects.get(line_id=line).explanations[0])
    assert [(leg.minor, leg.open_minor) for leg in made.legs] == [(200_00, 700_00)]
    assert "500.00 stays open" in made.reason["en"]
    assert "仍欠 500.00" in made.reason["zh"]


def test_what_a_run_posts_is_seen_by_its_other_explanations(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch)
    entity = desk.books.entity_id
    set_policy(entity, Policy(is_automatic=True), **SYSTEM)
    named = desk.books.item(400_00, document_number="INV-10023")
    other = desk.books.item(1_000_00, document_number="INV-20044")
    desk.line("400.00", text="INV-10023", day="2026-03-10", **ALPHA)
    # Not the matcher's to post: a part of one item, with words that name both.
    waits = desk.line("150.00", text="Teilzahlung", day="2026-03-09", **ALPHA)
    report = run(desk)
    assert (report.lines, report.posted, open_on(named)) == (2, 1, 0)
    proposal = MatchProposal.objects.get(line_id=waits)
    assert not proposal.is_stale
    shown = [explanation_of(one) for one in proposal.explanations]
    assert all(leg.open_minor == open_on(leg.item_id) for one in shown for leg in one.legs)
    assert named not in {leg.item_id for one in shown for leg in one.legs}
    # Whoever posts to an item makes what names it out of date, as the page shows it.
    line = lines_by_id([waits])[waits]
    assert not pane_of(line, user_id=None, now=NOW).is_stale
    desk.books.apply(desk.books.receipt(100_00), (other, 100_00))
    names_it = any(leg.item_id == other for one in shown for leg in one.legs)
    assert pane_of(line, user_id=None, now=NOW).is_stale == names_it


@pytest.mark.practice("E8")
def test_somebody_elses_money_waits_until_a_paper_is_kept(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch)
    entity, account = desk.books.entity_id, desk.books.accounts["C1"]
    set_policy(entity, Policy(is_automatic=True, needs_paper=True), **SYSTEM)
    items = [desk.books.item(100_00 + n, document_number=f"INV-1002{n}") for n in range(4)]
    desk.line("100.00", text="INV-10020", name="CUSTOMER C1")
    desk.line("100.01", text="INV-10021", **ALPHA)
    desk.line("100.02", text="INV-10022", name="李华")
    assert run(desk).held_back == {"third_party": 2}
    assert [open_on(item) for item in items[:3]] == [0, 100_01, 100_02]
    add_document(
        b"signed", "paper.txt", evidence_type=EvidenceType.LETTER, links=[(LinkKind.ACCOUNT, account)], **SYSTEM
    )
    paper = NewMandate(account, ALPHA["name"], date(2026, 1, 1), None, Document.objects.get().pk, ALPHA["account"])
    mandate = add_mandate(paper, **SYSTEM)
    assert add_mandate(paper, **SYSTEM) == mandate
    report = run(desk)
    assert (report.posted, report.held_back, open_on(items[1])) == (1, {"third_party": 1}, 0)
    # Where no papers are wanted a company may pay for another; a person's account is an alert all the same.
    withdraw_mandate(mandate, **SYSTEM)
    set_policy(entity, Policy(is_automatic=True), **SYSTEM)
    desk.line("100.03", text="INV-10023", **ALPHA)
    report = run(desk)
    assert (report.posted, report.held_back, open_on(items[3])) == (1, {"third_party": 1}, 0)


@pytest.mark.practice("K4")
def test_the_schedule_matches_what_nobody_has_explained(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch)
    entity = desk.books.entity_id
    item = desk.books.item(100_00, document_number="INV-10023")
    desk.line("100.00", text="INV-10023", **ALPHA)
    assert line_text(match_due(NOW) or ()) == "E1: 1 lines matched, 0 posted by themselves, 1 for a person"
    assert match_due(NOW) is None
    # Another policy: what waited for it is looked at again, with a bar of its own.
    set_policy(entity, Policy(is_automatic=True, error_ppm=2_000), **SYSTEM)
    assert line_text(match_due(NOW) or ()) == "E1: 1 lines matched, 1 posted by themselves, 0 for a person"
    assert BarReport.from_json(MatchingModel.objects.get().bar).max_error == 0.002
    assert open_on(item) == 0
    fitted_at = MatchingModel.objects.get().fitted_at
    desk.line("40.00", text="hello", **ALPHA)
    assert match_due(NOW + timedelta(days=3)) is not None
    assert MatchingModel.objects.get().fitted_at == fitted_at
    desk.line("41.00", text="hello", **ALPHA)
    assert match_due(NOW + timedelta(days=8)) is not None
    assert MatchingModel.objects.get().fitted_at > fitted_at
    assert "match" in WORK


def test_a_line_alone_is_told_what_all_that_is_known_says(desk: Counter) -> None:
    """From the book kept, with what was learned about its payer and words alone: the same as from everything."""
    items = [desk.books.item(100_00 + 7 * at, document_number=f"INV-{10_020 + at}") for at in range(8)]
    desk.books.item(250_00, customer="C2", document_number="INV-20001")
    strange = {"name": "Zahlstelle Nord", "account": "DE75512108001245126199"}
    for at in range(3):
        line = desk.line(f"{(100_00 + 7 * at - 5_00) / 100:.2f}", text=f"RENT INV-{10_020 + at}", **strange)
        desk.apply(line, desk.leg(items[at], 95_00 + 7 * at, 5_00, "bank_charge"))
    desk.decide(desk.line("3.14", text="INTEREST PAID", name="The bank"), Choice(Deed.NOT_CUSTOMER, detail="interest"))
    desk.line("95.21", text="RENT", **strange)
    desk.line("250.00", text="INTEREST INV-20001", **ALPHA)
    desk.line("2.71", text="INTEREST PAID", name="The bank")
    desk.line("100.28", text="", name="Customer C1")
    entity, today = desk.books.entity_id, NOW.date()
    for one in undecided(entity):
        alone = matching_engine.work_out(entity, [one], today=today)
        model = matching_engine.model_of(entity, knowledge_of(entity))
        tables = lines_table([one]), open_items_table(entity), customers_table(entity, on=today)
        options = matching_engine.options_of(policy_of(entity))
        whole = match(*tables, lang="en", also="zh", as_of=today, options=options, model=model)
        assert alone.answers == matching_engine._answers(whole, whole.other_reasons, [one])
        assert alone.answers[one.line_id].explanations

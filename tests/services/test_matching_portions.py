"""Very many lines are matched a portion at a time, with the answers of one go; who dies is gone on with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import Conflict
from huikuan.core.said import line_text
from huikuan.engines.match import Knowledge, MatchModel, MatchOptions, match_ready
from huikuan.engines.match_book import Book
from huikuan.engines.match_claims import groups_of
from huikuan.engines.match_lines import read_lines
from huikuan.engines.match_payers import Directory
from huikuan.engines.match_prior import prior_calibration
from huikuan.engines.match_run import NO_GROUP
from huikuan.engines.match_types import BarReport
from huikuan.jobs import tasks
from huikuan.queries.matching_work import at_work, matching_folder
from huikuan.services import matching, matching_portions, matching_timer
from huikuan.services.background import enqueue
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.matching import run_matching, start_matching
from huikuan.services.matching_policy import Policy, set_policy
from huikuan.services.matching_portions import Trail, hold_matching
from huikuan.services.matching_timer import match_due
from huikuan.services.resuming import resume_work
from huikuan.store.models import LineDecision, MatchingRun, MatchProposal
from tests.databases import LedgerDb
from tests.engines.matching import customer, item, line, table
from tests.services.desk import SYSTEM, Counter, open_on
from tests.services.ledger import NOW, Ledger
from tests.services.test_matching_runs import sure

pytestmark = pytest.mark.practice("E3")

NAMES = ["Alpha Maschinenbau GmbH", "Beta Logistik AG", "Gamma Handels KG", "宁波宏图贸易有限公司"]
BOOK = Book(
    table(
        "items",
        [
            item(
                f"I{owner}{at}", f"C{owner}", f"{100 * (at % 3 + 1)}", document_number=f"INV-{20_000 + 10 * owner + at}"
            )
            for owner in range(4)
            for at in range(5)
        ],
    ),
    table("customers", [customer(f"C{owner}", name) for owner, name in enumerate(NAMES)]),
)
DIRECTORY = Directory(BOOK)
LINES = st.lists(
    st.tuples(
        st.sampled_from(["100", "200", "300", "500", "150"]),
        st.lists(st.integers(0, 19), max_size=2, unique=True),
        st.sampled_from([*NAMES, "", "Somebody else"]),
        st.integers(0, 2),
    ),
    min_size=2,
    max_size=14,
)


def answer(rows: list[dict[str, Any]]) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Everything said of each line, and what the lines want."""
    model = MatchModel(Knowledge(), prior_calibration(), BarReport())
    made, claims = match_ready(table("lines", rows), BOOK, DIRECTORY, model, options=MatchOptions(processes=1))
    said: dict[str, list[Any]] = {}
    for row in [*made.matches.to_pylist(), *made.explanations.to_pylist()]:
        # Sums over more lines at once end otherwise in the last bit.
        row["confidence"] = round(row["confidence"], 12)
        said.setdefault(row["line_id"], []).append(row)
    return said, claims


@settings(max_examples=60, deadline=None)
@given(LINES, st.integers(1, 4))
def test_portions_say_what_one_go_says(told: list[Any], size: int) -> None:
    rows = {
        at: line(
            str(at),
            amount,
            " ".join(f"INV-{20_000 + 10 * (one // 5) + one % 5}" for one in named),
            payer,
            booking_date=NOW.date() + timedelta(days=day),
        )
        for at, (amount, named, payer, day) in enumerate(told)
    }
    whole, _claims = answer(list(rows.values()))
    groups = groups_of(read_lines(table("lines", list(rows.values()))), DIRECTORY, Knowledge())
    families: dict[Any, list[int]] = {}
    for at, group in enumerate(groups):
        families.setdefault(("alone", at) if group == NO_GROUP else group, []).append(at)
    trail, found, ordered = Trail(), dict[str, list[Any]](), sorted(families.values())
    for start in range(0, len(ordered), size):
        portion = [at for family in ordered[start : start + size] for at in family]
        said, claims = answer([rows[at] for at in portion])
        found |= said
        trail.add({at: groups[at] for at in portion}, dict.fromkeys(portion, True), claims)
    if again := trail.together():
        found |= answer([rows[at] for at in again])[0]
    assert found == whole


@pytest.fixture
def desk(ledger_db: LedgerDb) -> Counter:
    return Counter.open()


def open_lines_of(desk: Counter) -> list[int]:
    """Invoices of four customers and what pays them; one is paid by two, who do not know of each other."""
    lines = []
    for at in range(4):
        desk.books.item(100_00 + at, customer=f"C{at + 1}", document_number=f"INV-1000{at}")
        lines.append(desk.line(f"{(100_00 + at) / 100:.2f}", text=f"INV-1000{at}", name=f"Customer C{at + 1}"))
    lines.append(desk.line("100.01", text="INV-10001", name="Customer C4"))
    return lines


def proposals() -> dict[int, tuple[Any, ...]]:
    rows = MatchProposal.objects.order_by("line_id")
    return {row.line_id: (row.decision, row.kind, row.confidence, row.explanations) for row in rows}


def test_portions_leave_the_proposals_of_one_go(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    open_lines_of(desk)
    run_matching(desk.books.entity_id, **SYSTEM)
    whole = proposals()
    monkeypatch.setattr(matching_portions, "PORTION", 1)
    report = run_matching(desk.books.entity_id, **SYSTEM)
    assert (report.lines, proposals()) == (5, whole)
    assert not list(matching_folder(desk.books.entity_id).glob("run-*"))


def test_a_run_whose_process_died_is_gone_on_with(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked at is not looked at again, and what may post itself is posted: once."""
    sure(monkeypatch)
    monkeypatch.setattr(matching_portions, "PORTION", 1)
    set_policy(desk.books.entity_id, Policy(is_automatic=True), **SYSTEM)
    items = [desk.books.item(100_00 + at, document_number=f"INV-1000{at}", customer=f"C{at}") for at in range(1, 5)]
    for at in range(1, 5):
        desk.line(f"{(100_00 + at) / 100:.2f}", text=f"INV-1000{at}", name=f"Customer C{at}")
    looked: list[int] = []
    real = vars(matching)["work_out"]

    def dies(entity_id: int, lines: Any, **more: Any) -> Any:
        if len(looked) == 2:
            raise KeyboardInterrupt
        looked.extend(one.line_id for one in lines)
        assert at_work(entity_id) is not None
        return real(entity_id, lines, **more)

    monkeypatch.setattr(matching, "work_out", dies)
    with pytest.raises(KeyboardInterrupt):
        run_matching(desk.books.entity_id, **SYSTEM)
    assert (LineDecision.objects.count(), MatchProposal.objects.count()) == (0, 2)
    first, looked_at = MatchingRun.objects.get(), list(looked)
    looked.clear()

    def goes_on(entity_id: int, lines: Any, **more: Any) -> Any:
        looked.extend(one.line_id for one in lines)
        return real(entity_id, lines, **more)

    monkeypatch.setattr(matching, "work_out", goes_on)
    assert at_work(desk.books.entity_id) is None
    report = run_matching(desk.books.entity_id, every=False, **SYSTEM)
    assert (report.run_id, report.lines, report.posted) == (first.pk, 4, 4)
    assert len(looked) == 2 and not set(looked) & set(looked_at)
    assert [open_on(one) for one in items] == [0, 0, 0, 0]
    assert LineDecision.objects.count() == 4


def test_two_do_not_match_the_same_lines_at_once(desk: Counter) -> None:
    open_lines_of(desk)
    with hold_matching(desk.books.entity_id):
        with pytest.raises(Conflict) as refused:
            run_matching(desk.books.entity_id, patience=2, **SYSTEM)
        assert refused.value.code == "match.at_work"
        assert match_due(NOW) is None
    assert run_matching(desk.books.entity_id, **SYSTEM).lines == 5


def test_the_schedule_tells_a_refusal_and_goes_on(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that somebody matches these lines already is nothing to tell."""
    open_lines_of(desk)
    before = Ledger("EUR", code="E0")
    add_account(before.entity_id, NewAccount("Other", "Till", kind="cash"), **SYSTEM)

    def refused(entity_id: int, **named: Any) -> Any:
        if entity_id == before.entity_id:
            raise Conflict("idempotency.in_flight", "the same request is being carried out right now")
        return run_matching(entity_id, **named)

    monkeypatch.setattr(matching_timer, "unmatched_ids", lambda _entity: {1})
    monkeypatch.setattr(matching_timer, "run_matching", refused)
    said = line_text(match_due(NOW) or ())
    assert said.startswith("E0: no lines were matched; idempotency.in_flight: the same request")
    assert "E1: 5 lines matched" in said


def test_many_lines_are_handed_to_the_worker(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    open_lines_of(desk)
    assert not start_matching(desk.books.entity_id, fit=False, actor_id=None)
    monkeypatch.setattr(matching, "MANY", 5)
    DBTaskResult.objects.all().delete()
    assert start_matching(desk.books.entity_id, fit=False, actor_id=None)
    task = DBTaskResult.objects.get()
    assert task.args_kwargs["args"] == [desk.books.entity_id, None, True, False]
    tasks.match_lines.call(*task.args_kwargs["args"])
    assert MatchProposal.objects.count() == 5


def test_a_long_past_is_gone_through_by_the_worker(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    open_lines_of(desk)
    desk.books.apply(desk.books.receipt(50_00), (desk.books.item(50_00), 50_00))
    entity = desk.books.entity_id
    assert not start_matching(entity, fit=True, actor_id=None)
    monkeypatch.setattr(matching, "LONG_PAST", 1)
    assert start_matching(entity, fit=False, actor_id=None), "no bar was ever fitted"
    assert start_matching(entity, fit=True, actor_id=None)
    run_matching(entity, **SYSTEM)
    assert not start_matching(entity, fit=False, actor_id=None)
    assert start_matching(entity, fit=True, actor_id=None)


def test_a_task_whose_worker_died_is_handed_over_again(desk: Counter) -> None:
    DBTaskResult.objects.all().delete()
    enqueue("match.run", desk.books.entity_id, None)
    running = {"status": "RUNNING", "started_at": NOW}
    DBTaskResult.objects.update(**running)
    assert resume_work(NOW + timedelta(seconds=30)) == 0, "it has just begun"
    with hold_matching(desk.books.entity_id):
        assert resume_work(NOW + timedelta(hours=1)) == 0, "somebody works on it"
    assert resume_work(NOW + timedelta(hours=1)) == 1
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["FAILED", "READY"]
    assert resume_work(NOW + timedelta(hours=1)) == 0

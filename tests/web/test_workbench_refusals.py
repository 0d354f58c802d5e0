"""The workbench refuses what it cannot understand, and what may not be done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import grants, workbench
from huikuan.queries.workbench import batch_of
from huikuan.queries.workbench_line import token_of
from huikuan.services import matching
from huikuan.store.models import LineDecision, LineParked, MatchProposal, User
from huikuan.store.public_ids import public_id
from huikuan.web import workbench_day
from tests.api.calling import Program, make_key
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, balances, open_on
from tests.services.ledger import NOW
from tests.web.test_workbench import HX, Bench, text_of
from tests.web.world import signed_in

pytestmark = pytest.mark.practice("E4")


@pytest.fixture
def bench(ledger_db: LedgerDb) -> Bench:
    return Bench()


def test_what_is_not_understood_decides_nothing(bench: Bench) -> None:
    ann, before = signed_in("ann"), balances()
    for given, status in (
        ({"deed": "surprise", "rank": "1"}, 404),
        ({"deed": "accept", "rank": "first"}, 400),
        ({"deed": "accept", "rank": "99"}, 400),
        ({"deed": "unapplied", "rank": "1", "customer": "cus_of_nobody"}, 400),
        ({"deed": "on_account", "rank": "1", "customer": public_id("cus", 999_999)}, 400),
        ({"deed": "not_customer", "class": "surprise"}, 400),
    ):
        answer = ann.post(bench.url(0, "decide/"), {**given, "key": repr(given)[:60]}, headers=HX)
        assert answer.status_code == status, given
    assert ann.post(bench.url(0, "aside/"), {"deed": "surprise", "reason": "why"}, headers=HX).status_code == 404
    assert (balances(), LineDecision.objects.count(), LineParked.objects.count()) == (before, 0, 0)


def test_a_decision_that_is_none_is_not_the_last_one(bench: Bench) -> None:
    ann = signed_in("ann")
    bench.accept(ann, 0)
    before = balances()
    for number in ("²", "x", "999999"):
        assert ann.post("/cash/workbench/undo/", {"decision": number}, headers=HX).status_code == 400, number
    assert balances() == before
    ann.post("/cash/workbench/undo/", {"decision": ""}, headers=HX)
    assert balances() != before, "the last one, where none is named"


def test_many_at_once_leaves_what_was_kept_back_and_what_changed_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    MatchProposal.objects.update(confidence="0.99500000", ambiguous=0, kind="items")
    for at, change in ((1, {"deduction_minor": 1, "deduction_reason": "short_payment"}), (2, {})):
        row = MatchProposal.objects.get(line_id=bench.lines[at])
        first = row.explanations[0]
        row.explanations = [{**first, "legs": [{**first["legs"][0], **change}], "unapplied_minor": at - 1}]
        row.save()
    batch = batch_of(bench.entity, 0.99, now=NOW)
    assert list(batch.tokens) == [bench.lines[0], bench.lines[3]]
    assert batch.sums == {"EUR": 200_03}
    # One of them is worked out anew while the others are being accepted.
    real = matching.accept_explanation

    def accept(entity_id: int, line_id: int, *rest: Any, **named: Any) -> int:
        if line_id == bench.lines[0]:
            MatchProposal.objects.filter(line_id=bench.lines[3]).update(worked_out_at=NOW + timedelta(seconds=1))
        return real(entity_id, line_id, *rest, **named)

    monkeypatch.setattr(matching, "accept_explanation", accept)
    assert matching.accept_batch(bench.entity, 0.99, mark=batch.mark, **SYSTEM) == (1, 1)
    assert [open_on(item) for item in bench.items] == [0, 100_01, 100_02, 100_03]


def test_a_long_past_is_gone_through_behind_the_page_that_shows_how_far_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.accept(signed_in("ann"), 0)
    monkeypatch.setattr(matching, "LONG_PAST", 1)
    answer = signed_in("cfo").post("/cash/workbench/run/", {"fit": "1", "book": "E1"})
    assert answer.status_code == 403, "who sets the policy does not match"
    answer = signed_in("ann").post("/cash/workbench/run/", {"fit": "1", "book": "E1"}, follow=True)
    assert "in the background; this page shows how far it is" in text_of(answer)
    assert answer.request["PATH_INFO"] == "/cash/workbench/"


def test_many_at_once_are_no_more_than_a_person_waits_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbench, "BATCH_MAX", 3)
    monkeypatch.setattr(workbench_day, "BATCH_MAX", 3)
    MatchProposal.objects.update(confidence="0.99500000", ambiguous=0, kind="items")
    ann = signed_in("ann")
    shown = text_of(ann.get("/cash/workbench/many/?least=99"))
    assert "Apply 3 lines" in shown and "At most 3 at a time, the surest first" in shown
    mark = batch_of(bench.entity, 0.99, now=NOW).mark
    ann.post("/cash/workbench/many/", {"least": "99", "mark": mark})
    assert [open_on(item) for item in bench.items] == [0, 0, 0, 100_03]
    rest = text_of(ann.get("/cash/workbench/many/?least=99"))
    assert "At most" not in rest


def test_an_acceptance_sent_again_is_answered_as_then(bench: Bench) -> None:
    """Taken back by somebody else meanwhile, the line explained in another way: it is not applied a second time."""
    token = token_of(bench.lines[0])
    ask = {"token": token, "actor_id": User.objects.get(username="ann").pk, "now": NOW, "key": "k"}
    made = matching.accept_explanation(bench.entity, bench.lines[0], 1, **ask)
    bench.desk.undo(made)
    for explanations in (
        [{**MatchProposal.objects.get(line_id=bench.lines[0]).explanations[0], "confidence": 0.1}],
        [],
    ):
        MatchProposal.objects.filter(line_id=bench.lines[0]).update(explanations=explanations, worked_out_at=NOW)
        assert matching.accept_explanation(bench.entity, bench.lines[0], 1, **ask) == made
    assert open_on(bench.items[0]) == 100_00
    for other in ({"line_id": bench.lines[1]}, {"rank": 2}):
        asked = {"line_id": bench.lines[0], "rank": 1, **other}
        with pytest.raises(Refusal) as refusal:
            matching.accept_explanation(bench.entity, **asked, **ask)
        assert refusal.value.code == "idempotency.other_body"


def test_a_masked_account_is_not_found_digit_by_digit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = signed_in("ann")
    bench.accept(ann, 0)
    program = Program(make_key("ann"))
    asked = ("DE02", "0212030", "DE0212030000000020205", "2051", "DE02120300000000202051", "051", "alpha")

    def found(search: str) -> tuple[bool, bool]:
        page = ann.get("/cash/workbench/learned/", {"q": search}).content.decode()
        rows = program.json(f"matching/E1/learned?search={search}")["rows"]
        return 'class="ledger' in page, bool(rows)

    assert [found(search) for search in asked] == [(False, False)] * 3 + [(True, True)] * 4
    clerk = grants._RIGHTS["ar_clerk"] | {Right.UNMASK}
    monkeypatch.setattr(grants, "_RIGHTS", {**grants._RIGHTS, "ar_clerk": clerk})
    assert [found(search)[0] for search in asked] == [True] * 7

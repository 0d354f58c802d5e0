"""The workbench in a browser's words: lines, explanations, decisions, the next line at once; two clerks; refusals."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huikuan.core.rights import Role
from huikuan.engines.match_types import BarReport
from huikuan.services.matching import run_matching
from huikuan.services.matching_policy import Policy, policy_of, set_policy
from huikuan.services.matching_portions import hold_matching, teller
from huikuan.store.models import (
    BankLine,
    BankLineReceipt,
    LineDecision,
    LineParked,
    LineQuestion,
    MatchingModel,
    MatchLearned,
    MatchProposal,
    OpenItem,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import public_id
from huikuan.web.matching_words import habit_text
from tests.databases import LedgerDb
from tests.services.bank_files import Row
from tests.services.desk import SYSTEM, Counter, balances, money_of, open_on
from tests.services.ledger import NOW
from tests.web.world import signed_in

pytestmark = pytest.mark.practice("E4")
HX = {"HX-Request": "true"}


class Bench:
    """A counter with two clerks, a rep and a CFO, and lines matched."""

    def __init__(self) -> None:
        self.desk = Counter.open()
        self.entity = self.desk.books.entity_id
        for name, role in (
            ("ann", Role.AR_CLERK),
            ("bob", Role.AR_CLERK),
            ("rep", Role.SALES_REP),
            ("cfo", Role.CFO),
        ):
            user = User.objects.create_user(name, f"{name}@example.com", "x", first_name=name.title())
            RoleGrant.objects.create(user=user, entity_id=self.entity, role=role.value, granted_at=NOW)
        self.items = [self.desk.books.item(100_00 + n, document_number=f"INV-1002{n}") for n in range(4)]
        self.lines = self.desk.lines(
            *(
                Row(f"100.0{n}", ref=f"B{n}", name="Alpha GmbH", account="DE02120300000000202051", text=f"INV-1002{n}")
                for n in range(4)
            )
        )
        run_matching(self.entity, **SYSTEM)

    def id(self, number: int) -> str:
        return public_id("bln", self.lines[number])

    def url(self, number: int, what: str = "") -> str:
        return f"/cash/workbench/lines/{self.id(number)}/{what}"

    def accept(self, client: Client, number: int, **more: Any) -> Any:
        token = MatchProposal.objects.get(line_id=self.lines[number]).worked_out_at.isoformat()
        given = {"deed": "accept", "rank": "1", "key": f"k{number}", "token": token}
        return client.post(self.url(number, "decide/"), {**given, **more}, headers=HX)


@pytest.fixture
def bench(ledger_db: LedgerDb) -> Bench:
    return Bench()


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_lines_stand_left_and_explanations_right(bench: Bench) -> None:
    answer = signed_in("ann").get("/cash/workbench/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("data-line=") == 4
    assert '<mark class="r1"' in page
    assert "= 100.0" in text_of(answer)
    assert "4 left" in text_of(answer)
    assert "There is no bar" in text_of(answer)
    assert "尚未建立" in text_of(signed_in("ann", "zh-hans").get("/cash/workbench/"))


def test_pages_say_how_far_the_matching_is(bench: Bench) -> None:
    ann, statement = signed_in("ann"), BankLine.objects.get(id=bench.lines[0]).statement_id
    urls = ["/cash/workbench/", f"/cash/statements/{public_id('bst', statement)}/"]
    for url in urls:
        assert "being matched" not in text_of(ann.get(url, follow=True))
    with hold_matching(bench.entity) as folder:
        teller(folder)("look", 2_000, 12_345)
        for url in urls:
            assert "Lines are being matched 2,000 of 12,345 lines" in text_of(ann.get(url, follow=True))
        part = ann.get("/cash/workbench/?at_work=1", headers=HX)
        assert "<html" not in part.content.decode() and 'value="2000"' in part.content.decode()
        assert "正在匹配" in text_of(signed_in("ann", "zh-hans").get("/cash/workbench/?at_work=1", headers=HX))
        said = text_of(ann.post("/cash/workbench/run/", {}, follow=True))
        assert "These lines are being matched right now." in said
    over = text_of(ann.get("/cash/workbench/?at_work=1", headers=HX))
    assert "The lines are matched." in over


def test_the_past_that_is_not_read_yet_is_said_to_be_read(bench: Bench) -> None:
    ann, said = signed_in("ann"), "What was paid before is still being read"
    assert said not in text_of(ann.get("/cash/workbench/"))
    receipt = bench.desk.books.receipt(50_00)
    bench.desk.books.apply(receipt, (bench.items[3], 50_00))
    assert said not in text_of(ann.get("/cash/workbench/")), "a run has read it"
    MatchingModel.objects.all().delete()
    shown = text_of(ann.get("/cash/workbench/"))
    assert said in shown and "nothing was confirmed yet" not in shown


def test_every_cause_of_no_bar_has_words(bench: Bench) -> None:
    ann = signed_in("ann")
    for reason in ("no_history", "no_settled_items", "too_few", "too_many_errors", "drift", "audit"):
        MatchingModel.objects.filter(entity_id=bench.entity).update(bar=BarReport(reason=reason).to_json())
        assert f"{reason}." not in text_of(ann.get("/cash/workbench/today/"))


def test_only_several_pages_have_a_pager(bench: Bench) -> None:
    ann = signed_in("ann")
    assert 'class="pager"' not in ann.get("/cash/workbench/?size=25").content.decode()
    bench.desk.lines(*(Row(f"7.{n:02}", ref=f"P{n}", name="Alpha GmbH") for n in range(22)))
    assert 'class="pager"' in ann.get("/cash/workbench/?size=25").content.decode()


def test_accepting_brings_the_next_line_at_once(bench: Bench) -> None:
    ann = signed_in("ann")
    answer = bench.accept(ann, 0)
    assert answer.status_code == 200
    said = {"line": bench.id(0), "stays": False, "next": bench.id(1)}
    assert json.loads(answer["HX-Trigger"]) == {"bench-went-on": said}
    assert f'data-pane="{bench.id(1)}"' in answer.content.decode()
    assert "3 left" in text_of(answer)
    assert "Ann 1" in text_of(answer)
    assert (open_on(bench.items[0]), money_of(bench.lines[0])) == (0, (0, 0, 0))
    # Sent again, the same answer; nothing twice.
    assert bench.accept(ann, 0).status_code == 200
    assert LineDecision.objects.count() == 1


def test_undo_opens_the_line_again(bench: Bench) -> None:
    ann, before = signed_in("ann"), balances()
    bench.accept(ann, 0)
    answer = ann.post("/cash/workbench/undo/", {"book": "E1"}, headers=HX)
    assert f'data-pane="{bench.id(0)}"' in answer.content.decode()
    assert balances() == before
    answer = ann.post("/cash/workbench/undo/", {"book": "E1"}, headers=HX)
    assert (answer.status_code, "decided nothing today" in text_of(answer)) == (400, True)


def test_the_last_line_of_a_search_is_taken_back_and_opened(bench: Bench) -> None:
    ann = signed_in("ann")
    bench.accept(ann, 0)
    assert 'id="bench-undo"' in ann.get("/cash/workbench/?q=nothing+like+it").content.decode()
    back = ann.post("/cash/workbench/undo/", {"book": "E1"})
    assert f"line={bench.id(0)}" in back["Location"]
    shown = ann.get(f"{back['Location']}&sort=date").content.decode()
    assert f'data-pane="{bench.id(0)}"' in shown
    # What leads to another list does not take the line along.
    assert re.findall(r'href="[^"]*show=parked[^"]*line=|href="[^"]*line=[^"]*show=parked', shown) == []


def test_two_clerks_on_one_line(bench: Bench) -> None:
    ann, bob = signed_in("ann"), signed_in("bob")
    assert ann.post(bench.url(0, "claim/"), headers=HX).content == b""
    assert "Ann has had this line open" in text_of(bob.post(bench.url(0, "claim/"), headers=HX))
    answer = bench.accept(bob, 0)
    assert (answer.status_code, "Ann has had this line open" in text_of(answer)) == (409, True)
    assert bench.accept(ann, 0).status_code == 200
    answer = bench.accept(bob, 0, key="other")
    assert (answer.status_code, "Ann has decided about this line already" in text_of(answer)) == (409, True)
    bob.post(bench.url(1, "claim/"), headers=HX)
    taken = ann.post(bench.url(1, "claim/"), {"take_over": "y"}, headers=HX)
    assert f'data-pane="{bench.id(1)}"' in taken.content.decode()


def test_what_was_looked_at_must_still_hold(bench: Bench) -> None:
    ann = signed_in("ann")
    answer = bench.accept(ann, 0, token="2020-01-01T00:00:00+00:00")
    assert (answer.status_code, "worked out anew meanwhile" in text_of(answer)) == (409, True)
    receipt = bench.desk.books.receipt(50_00)
    bench.desk.books.apply(receipt, (bench.items[0], 50_00))
    before = balances()
    answer = bench.accept(ann, 0)
    assert (answer.status_code, "still open on an item" in text_of(answer)) == (400, True)
    assert balances() == before
    # The line was worked out anew: the item has only the rest of it open.
    assert MatchProposal.objects.get(line_id=bench.lines[0]).explanations[0] != {}
    assert "50.00" in text_of(answer)


def test_by_hand_over_two_customers(bench: Bench) -> None:
    ann = signed_in("ann")
    other = bench.desk.books.item(60_00, customer="C2", document_number="INV-9")
    form = ann.get(bench.url(0, "edit/"), headers=HX)
    assert "INV-10020" in text_of(form)
    found = ann.get(bench.url(0, "find/"), {"q": "INV-9"}, headers=HX)
    assert "INV-9" in text_of(found)
    ids = {n: public_id("itm", number) for n, number in (("mine", bench.items[0]), ("theirs", other))}
    given = {f"amount-{ids['mine']}": "40.00", f"amount-{ids['theirs']}": "60.00", "rest": "unapplied", "key": "h1"}
    assert "left 0.00 ✓" in text_of(ann.post(bench.url(0, "sum/"), given, headers=HX))
    too_much = ann.post(bench.url(0, "edit/"), {**given, f"amount-{ids['mine']}": "80.00"}, headers=HX)
    assert (too_much.status_code, too_much["HX-Retarget"]) == (400, "#bench-edit")
    assert "more than is left" in text_of(too_much)
    assert ann.post(bench.url(0, "edit/"), given, headers=HX).status_code == 200
    assert (open_on(bench.items[0]), open_on(other)) == (60_00, 0)
    part = {f"amount-{public_id('itm', bench.items[1])}": "40.00", "rest": "open", "key": "h2"}
    assert "40.00 EUR: applied to 1 item" in text_of(ann.post(bench.url(1, "edit/"), part, headers=HX))
    assert "INV-10021 40.00" in text_of(ann.get("/cash/workbench/today/"))


def test_put_aside_asked_and_answered(bench: Bench) -> None:
    ann = signed_in("ann")
    answer = ann.post(bench.url(0, "aside/"), {"deed": "park", "reason": "waits"}, headers=HX)
    assert "Put aside." in text_of(answer) and 'data-key="z"' not in answer.content.decode(), "no decision to take back"
    assert LineParked.objects.get().reason == "waits"
    assert "waits" in text_of(ann.get("/cash/workbench/?show=parked"))
    ann.post(bench.url(0, "aside/"), {"deed": "unpark"})
    assert not LineParked.objects.exists()
    rep = User.objects.get(username="rep")
    ann.post(bench.url(1, "aside/"), {"deed": "ask", "asked": rep.pk, "question": "Whose is it?"}, headers=HX)
    assert "1 asked" in text_of(ann.get("/cash/workbench/"))
    asked = signed_in("rep")
    assert "Whose is it?" in text_of(asked.get("/cash/questions/"))
    question = LineQuestion.objects.get()
    assert asked.post("/cash/questions/", {"question": question.pk, "answer": ""}).status_code == 400
    asked.post("/cash/questions/", {"question": question.pk, "answer": "The fair's"})
    assert "The fair" in text_of(ann.get("/cash/workbench/"))


def test_kept_for_the_customer_and_not_a_customers(bench: Bench) -> None:
    ann = signed_in("ann")
    ann.post(bench.url(0, "decide/"), {"deed": "unapplied", "rank": "1", "key": "a"}, headers=HX)
    assert money_of(bench.lines[0]) == (0, 100_00, 0)
    ann.post(bench.url(1, "decide/"), {"deed": "on_account", "rank": "1", "key": "b"}, headers=HX)
    assert money_of(bench.lines[1]) == (0, 0, 100_01)
    ann.post(bench.url(2, "decide/"), {"deed": "not_customer", "class": "interest", "key": "c"}, headers=HX)
    assert money_of(bench.lines[2]) == (100_02, 0, 0)
    assert "Interest from the bank" in text_of(ann.get("/cash/workbench/today/"))


def test_an_accepted_explanation_says_what_it_came_to(bench: Bench) -> None:
    proposal = MatchProposal.objects.get(line_id=bench.lines[0])
    nobody = {**proposal.explanations[0], "kind": "not_customer", "account_id": None, "legs": []}
    MatchProposal.objects.filter(pk=proposal.pk).update(kind="not_customer", explanations=[nobody])
    said = bench.accept(signed_in("ann"), 0)
    assert "100.00 EUR set aside as no customer" in text_of(said)


def test_many_at_once_says_count_and_sum_first(bench: Bench) -> None:
    ann = signed_in("ann")
    MatchProposal.objects.filter(line_id__in=bench.lines[:2]).update(confidence="0.99500000", ambiguous=0, kind="items")
    MatchProposal.objects.filter(line_id__in=bench.lines[2:]).update(confidence="0.60000000")
    shown = text_of(ann.get("/cash/workbench/many/?least=99"))
    assert "Apply 2 lines" in shown
    assert "200.01" in shown
    answer = ann.post("/cash/workbench/many/", {"least": "99", "mark": "another"}, follow=True)
    assert "look at the figures again" in text_of(answer)
    mark = re.search(r'name="mark" value="(\w+)"', answer.content.decode())
    assert mark is not None
    answer = ann.post("/cash/workbench/many/", {"least": "99", "mark": mark[1]}, follow=True)
    assert "2 lines applied" in text_of(answer)
    assert [open_on(number) for number in bench.items] == [0, 0, 100_02, 100_03]


def test_what_was_learned_is_shown_and_forgotten(bench: Bench) -> None:
    ann = signed_in("ann")
    assert "Nothing learned yet" in text_of(ann.get("/cash/workbench/learned/"))
    bench.accept(ann, 0)
    shown = text_of(ann.get("/cash/workbench/learned/"))
    assert "•••• 2051" in shown and "DE02120300000000202051" not in shown
    assert "one document" in shown, "habits are said in words"
    said = [habit_text(habit) for habit in ("charge:152500", "percent:20000", "kept:50000")]
    assert said == ["bank charge 15.25", "2 % taken off", "5 % kept back, still owed"]
    row = MatchLearned.objects.get(kind="account")
    ann.post("/cash/workbench/learned/forget/", {"learned": row.pk, "book": "E1"})
    assert "•••• 2051" not in text_of(ann.get("/cash/workbench/learned/"))


def test_the_policy_is_the_cfos(bench: Bench) -> None:
    given = {"one_in": "500", "audit": "5", "charge_max": "20.00", "charge_share": "2", "is_automatic": "yes"}
    assert signed_in("ann").post("/settings/matching/", given).status_code == 403
    cfo = signed_in("cfo")
    assert cfo.post("/settings/matching/", given).status_code == 302
    held = policy_of(bench.entity)
    assert (held.is_automatic, held.error_ppm, held.audit_bp, held.charge_minor_max) == (True, 2_000, 500, 20_00)
    for bad in ({"one_in": "0"}, {"audit": "x"}, {"amount_max": "-5"}, {"charge_share": "50"}):
        assert cfo.post("/settings/matching/", {**given, **bad}).status_code == 400
    assert signed_in("ann").post("/cash/workbench/run/", {"book": "E1", "fit": "1"}).status_code == 302
    assert MatchingModel.objects.exists()


def test_past_payments_the_matcher_would_have_got_wrong_are_shown(bench: Bench) -> None:
    cfo = signed_in("cfo")
    heading = "Sure, and not as the books have it"
    assert heading not in text_of(cfo.get("/settings/matching/"))
    item, other = OpenItem.objects.filter(id__in=bench.items[:2]).order_by("id")
    receipt = BankLineReceipt.objects.get(line_id=bench.lines[0]).receipt_id
    said = {"said_customer_id": str(item.account_id), "said_items": [str(item.pk)], "said_reason": None}
    books = {"customer_id": str(other.account_id), "items": [str(other.pk)]}
    wrong = [
        {"line_id": f"r{receipt}", **books, **said, "confidence": 0.9991},
        {"line_id": f"l{bench.lines[1]}", "customer_id": None, "items": [], **said, "confidence": 0.98},
        {"line_id": "r999999", **books, **said, "confidence": 0.95},
    ]
    bar = BarReport(reason="too_many_errors", surest_wrong=wrong).to_json()
    MatchingModel.objects.filter(entity_id=bench.entity).update(bar=bar)
    shown = text_of(cfo.get("/settings/matching/"))
    assert heading in shown and "99.9 %" in shown and "98.0 %" in shown and "95.0 %" not in shown
    assert item.document_number in shown and other.document_number in shown
    assert "not a customer's money" in shown


def test_what_the_past_lets_through_is_told(bench: Bench) -> None:
    bar = BarReport(threshold=0.95, reason="", vouched={"part.named": 0.97, "names_paid": 0.961}).to_json()
    MatchingModel.objects.filter(entity_id=bench.entity).update(bar=bar)
    shown = text_of(signed_in("cfo").get("/settings/matching/"))
    assert "names something that is paid already: from 96.1%" in shown
    assert "paid in part" not in shown, "a part payment waits for a person whatever the past says"


def test_a_line_over_the_bar_says_why_it_waits(bench: Bench) -> None:
    ann, waits = signed_in("ann"), "Over the bar, yet not posted by itself"
    assert waits not in text_of(ann.get(bench.url(0), headers=HX)), "there is no bar yet"
    bar = BarReport(threshold=0.5, max_error=0.001).to_json()
    MatchingModel.objects.filter(entity_id=bench.entity).update(bar=bar)
    MatchProposal.objects.filter(line_id=bench.lines[0]).update(confidence="0.99000000")
    proposal = MatchProposal.objects.get(line_id=bench.lines[0])
    sure = {**proposal.explanations[0], "confidence": 0.99, "ambiguous": 0}
    for change, why in ({}, "automatic posting is switched off"), ({"kind": "part"}, "not plainly items paid in full"):
        proposal.explanations = [{**sure, **change}, *proposal.explanations[1:]]
        proposal.save()
        assert f"{waits} : {why}" in text_of(ann.get(bench.url(0), headers=HX)).replace("itself:", "itself :")
        set_policy(bench.entity, Policy(is_automatic=True), **SYSTEM)
    proposal.explanations = [{**sure, "confidence": 0.4}, *proposal.explanations[1:]]
    proposal.save()
    assert waits not in text_of(ann.get(bench.url(0), headers=HX))
    # What is more doubtful has a bar of its own.
    higher = BarReport(threshold=0.5, threshold_others=0.995, max_error=0.001).to_json()
    MatchingModel.objects.filter(entity_id=bench.entity).update(bar=higher)
    for back in (0, 1):
        proposal.explanations = [{**sure, "kind": "part", "back": back}, *proposal.explanations[1:]]
        proposal.save()
        assert (waits in text_of(ann.get(bench.url(0), headers=HX))) == (back == 0)


def test_without_scripts_the_forms_lead_on(bench: Bench) -> None:
    ann = signed_in("ann")
    given = {"deed": "accept", "rank": "1", "key": "plain"}
    answer = ann.post(bench.url(0, "decide/"), given, follow=True)
    assert "applied to 1 item" in text_of(answer)
    assert f'data-pane="{bench.id(1)}"' in answer.content.decode()


def test_the_page_asks_no_more_for_more_lines(bench: Bench) -> None:
    ann = signed_in("ann")
    counts = {}
    line = BankLine.objects.get(id=bench.lines[0])
    pages = {
        "/cash/workbench/": 60,
        bench.url(1): 50,
        "/cash/workbench/today/": 40,
        "/cash/workbench/learned/": 24,
        "/cash/statements/": 24,
        "/cash/statements/new/": 20,
        "/cash/statements/lines/": 24,
        f"/cash/statements/lines/{bench.id(0)}/": 36,
        f"/cash/statements/{public_id('bst', line.statement_id)}/": 30,
    }
    for path in pages:
        ann.get(path, headers=HX)
        with CaptureQueriesContext(connection) as caught:
            assert ann.get(path, headers=HX).status_code == 200
        counts[path] = len(caught)
    assert {path: count for path, count in counts.items() if count > pages[path]} == {}, counts
    bench.desk.lines(*(Row(f"{n}.50", ref=f"C{n}", name=f"Payer {n}", text="x") for n in range(1, 9)))
    run_matching(bench.entity, **SYSTEM)
    for path, count in counts.items():
        ann.get(path, headers=HX)
        with CaptureQueriesContext(connection) as caught:
            ann.get(path, headers=HX)
        assert len(caught) <= count + 3, path

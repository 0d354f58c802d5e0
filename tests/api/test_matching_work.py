"""Around the workbench, by a program and in the shell: policy, runs, many at once, learned, audit, questions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from huikuan.cli.workbench_rules import workbench
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.services import matching
from huikuan.services.matching_policy import Policy, policy_of, set_policy
from huikuan.store.models import CustomerAccount, LineDecision, LineQuestion, MatchAudit, MatchLearned, MatchProposal
from huikuan.store.public_ids import public_id
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM, balances, money_of, open_on
from tests.services.test_matching_runs import sure
from tests.web.test_workbench import Bench

pytestmark = pytest.mark.practice("E3", "E4", "K2")
NAMED = {"kind": "items", "ambiguous": 0, "is_stale": False}


@pytest.fixture
def bench(ledger_db: LedgerDb) -> Bench:
    return Bench()


@pytest.fixture
def shell(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("huikuan.cli.workbench.setup_database", lambda: None)

    def ask(*words: str, user: str = "") -> str:
        who = ("--as", user) if user else ()
        result = CliRunner().invoke(workbench, ["--entity", "E1", *who, *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return ask


def ok(program: Program, method: str, address: str, body: Any) -> Any:
    response = program.send(method, address, body)
    assert response.status_code in (200, 201), response.content.decode()
    return json.loads(response.content)


def test_the_policy_and_where_the_bar_stands(bench: Bench) -> None:
    cfo, ann = Program(make_key("cfo")), Program(make_key("ann"))
    before = cfo.json("matching/E1")
    assert (before["policy"]["automatic"], before["bar"]["threshold"], before["last_run"]["lines"]) == (False, None, 4)
    assert (before["bar"]["reason"], before["at_work"]) == ("no_history", None)
    wanted = {
        "automatic": True,
        "max_error": 0.002,
        "amount_max": "5000.00",
        "audit_share": 0.05,
        "charge_max": "20.00",
        "charge_share_max": 0.02,
        "needs_paper": True,
    }
    assert ok(cfo, "PUT", "matching/E1/policy", wanted) == wanted
    held = policy_of(bench.entity)
    assert (held.error_ppm, held.amount_minor_max, held.audit_bp, held.charge_bp_max) == (2_000, 5_000_00, 500, 200)
    assert problem_of(ann.send("PUT", "matching/E1/policy", wanted))["code"] == "right.missing"
    for bad in ({"max_error": 0.2}, {"audit_share": 0}, {"amount_max": "x"}, {"amount_max": "0"}, {"surprise": 1}):
        assert cfo.send("PUT", "matching/E1/policy", {**wanted, **bad}).status_code == 422, bad
    assert policy_of(bench.entity) == held
    assert cfo.get("matching/NONE").status_code == 404
    blind = Program(make_key("cfo", [Right.EDIT_RATES.value]))
    assert blind.get("matching/E1").status_code == 404


def test_the_policy_in_the_shell(bench: Bench, shell: Any) -> None:
    assert "switched off" in shell("policy")
    said = shell("policy", "--automatic", "--max-error", "0.002", "--amount-max", "5000", "--charge-max", "20")
    assert "sure enough posts itself" in said and "lines up to: 5000.00" in said and "0.2000%" in said
    assert "any amount" in shell("policy", "--amount-max", "none", "--paper")
    told = json.loads(shell("policy", "--json"))
    assert (told["policy"]["needs_paper"], told["policy"]["charge_max"]) == (True, "20.00")
    assert told["bar"]["threshold"] is None
    with pytest.raises(Refusal):
        shell("policy", "--by-hand", user="ann")
    assert policy_of(bench.entity).is_automatic


def test_a_run_on_demand_and_in_the_background(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Program(make_key("ann"))
    made = ok(ann, "POST", "matching/E1/runs", {})
    assert (made["in_background"], made["lines"], made["posted"], made["proposed"]) == (False, 4, 0, 4)
    assert ok(ann, "POST", "matching/E1/runs", {"fit": True})["lines"] == 4
    assert problem_of(Program(make_key("ann", ["ledger.see"])).post("matching/E1/runs", {}))["code"] == "right.missing"
    monkeypatch.setattr(matching, "MANY", 2)
    queued = ann.post("matching/E1/runs", {})
    assert (queued.status_code, json.loads(queued.content)["in_background"]) == (202, True)


def test_many_lines_at_once_are_those_that_were_shown(bench: Bench, shell: Any) -> None:
    ann = Program(make_key("ann"))
    MatchProposal.objects.update(confidence=0.995, **NAMED)
    seen = ann.json("matching/E1/batch?least=0.99")
    assert (seen["lines"], seen["sums"]) == (4, [{"currency": "EUR", "amount": "400.06"}])
    assert ann.get("matching/E1/batch?least=0.2").status_code == 422
    ann.posted(f"bank-lines/{bench.id(3)}/park", {"reason": "later"})
    again = ann.post("matching/E1/batch", {"least": 0.99, "mark": seen["mark"]})
    assert problem_of(again)["code"] == "match.other_lines"
    with pytest.raises(Refusal, match="other lines"):
        shell("accept-many", "--mark", seen["mark"])
    mark = json.loads(shell("accept-many", "--json"))["mark"]
    assert "3 lines, 300.03 EUR" in shell("accept-many")
    assert ok(ann, "POST", "matching/E1/batch", {"mark": mark}) == {"applied": 3, "left": 0}
    assert [open_on(item) for item in bench.items] == [0, 0, 0, 100_03]
    ann.posted(f"bank-lines/{bench.id(3)}/unpark", {})
    MatchProposal.objects.update(confidence=0.995, **NAMED)
    assert "1 applied, 0 left" in shell("accept-many", "--mark", json.loads(shell("accept-many", "--json"))["mark"])


def test_what_was_learned_is_read_and_forgotten(bench: Bench, shell: Any) -> None:
    ann = Program(make_key("ann"))
    told = ann.json(f"bank-lines/{bench.id(0)}/proposals")
    ann.posted(f"bank-lines/{bench.id(0)}/decisions", {"deed": "accept", "token": told["token"]})
    rows = ann.all_rows("matching/E1/learned", limit=1)
    account = next(row for row in rows if row["kind"] == "account")
    assert (account["key"], account["lines"], account["customer"][:4]) == ("2051", 1, "cus_")
    assert {row["kind"] for row in ann.json("matching/E1/learned?kind=alias")["rows"]} == {"alias"}
    assert "DE02120300000000202051" in shell("learned", "--kind", "account")
    assert ok(ann, "POST", f"matching/E1/learned/{account['id']}/forget", {}) == {"forgotten": account["id"]}
    again = ann.post(f"matching/E1/learned/{account['id']}/forget", {})
    assert problem_of(again)["code"] == "match.not_learned"
    listed = json.loads(shell("learned", "--json"))
    assert listed["total"] == len(listed["learned"]) == len(rows) - 1
    alias = next(row["id"] for row in listed["learned"] if row["kind"] == "alias")
    assert "forgotten" in shell("forget", str(alias))
    assert not MatchLearned.objects.filter(kind="alias", count__gt=0).exists()


def test_postings_are_asked_back(bench: Bench, shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sure(monkeypatch)
    set_policy(bench.entity, Policy(is_automatic=True, audit_bp=10_000), **SYSTEM)
    matching.run_matching(bench.entity, **SYSTEM)
    cfo = Program(make_key("cfo"))
    rows = cfo.all_rows("matching/E1/audit", limit=3)
    assert len(rows) == MatchAudit.objects.count() == 4
    assert (rows[0]["amount"], rows[0]["applied"], rows[0]["documents"]) == ("100.00", "100.00", ["INV-10020"])
    said = cfo.posted(f"matching/E1/audit/{rows[0]['decision']}", {"outcome": "right"}, key="a")
    assert said["audit"] == {"said": 1, "wrong": 0, "waiting": 3}
    assert cfo.posted(f"matching/E1/audit/{rows[0]['decision']}", {"outcome": "right"}, key="a") == said
    again = cfo.post(f"matching/E1/audit/{rows[0]['decision']}", {"outcome": "wrong"})
    assert problem_of(again)["code"] == "match.audited"
    assert cfo.post("matching/E1/audit/dec_0000000000000", {"outcome": "right"}).status_code in (404, 422)
    listed = json.loads(shell("audit", "--json"))
    assert (listed["said"], listed["waiting"]) == (1, 3)
    assert "INV-10021" in shell("audit")
    assert "taken back" in shell("say", rows[1]["decision"], "wrong", "--note", "not theirs")
    assert (open_on(bench.items[1]), money_of(bench.lines[1])) == (100_01, (100_01, 0, 0))
    assert "3 said" not in shell("audit") and "2 wait; 2 said so far, 1 wrong" in shell("audit")
    ann = Program(make_key("rep"))
    assert ann.get("matching/E1/audit").status_code in (403, 404)


def test_a_colleague_is_asked_and_answers(bench: Bench, shell: Any) -> None:
    ann, rep = Program(make_key("ann")), Program(make_key("rep"))
    address = f"bank-lines/{bench.id(0)}/question"
    asked = ann.posted(address, {"colleague": "rep", "question": "Is this Alpha's?"}, key="q")
    assert ann.posted(address, {"colleague": "rep", "question": "Is this Alpha's?"}, key="q") == asked
    assert problem_of(ann.post(address, {"colleague": "rep", "question": "Again?"}))["code"] == "match.asked_already"
    other = f"bank-lines/{bench.id(1)}/question"
    assert problem_of(ann.post(other, {"colleague": "nobody", "question": "?"}))["code"] == "user.unknown"
    assert ann.post(other, {"colleague": "rep", "question": "  "}).status_code == 422
    (waiting,) = rep.json("line-questions")["rows"]
    assert (waiting["text"], waiting["amount"], waiting["asked_by"]) == ("Is this Alpha's?", "100.00", "Ann")
    assert ann.json("line-questions")["rows"] == []
    number = waiting["question"]
    assert problem_of(ann.post(f"line-questions/{number}/answer", {"answer": "no"}))["code"] == "match.no_question"
    blind = Program(make_key("rep", [Right.EDIT_RATES.value]))
    assert problem_of(blind.post(f"line-questions/{number}/answer", {"answer": "no"}))["code"] == "right.missing"
    assert ok(rep, "POST", f"line-questions/{number}/answer", {"answer": "yes"}) == {"question": number}
    shut = rep.post(f"line-questions/{number}/answer", {"answer": "no"})
    assert problem_of(shut)["code"] == "match.question_closed"
    assert LineQuestion.objects.get().answer == "yes"
    assert "asked" in shell("ask", bench.id(1), "rep", "And this?", user="ann")
    listed = shell("questions", user="rep")
    assert "And this?" in listed and "100.01" in listed
    assert "answered" in shell("answer", listed.split()[0], "theirs too", user="rep")
    assert "say who answers" in shell("questions")


def test_lines_by_hand_in_the_shell(bench: Bench, shell: Any) -> None:
    before = balances()
    told = shell("show", bench.id(0))
    assert "100.00 EUR open" in told and "1. " in told and "INV-10020" in told
    assert json.loads(shell("show", bench.id(0), "--lang", "zh", "--json"))["explanations"][0]["reason"]
    kept = ("--kept", "INV-10021", "5.00", "bank_charge")
    done = shell("apply", bench.id(0), "--item", "INV-10021", "60.00", *kept, "--rest", "on_account").split()[-1]
    assert (open_on(bench.items[1]), money_of(bench.lines[0])) == (40_01, (0, 0, 40_00))
    assert "decided about already" in shell("show", bench.id(0))
    shell("undo", done)
    assert balances() == before
    for words, what in (
        (("--item", "INV-9", "1"), "item"),
        (("--item", "INV-10021", "60.00", "--kept", "INV-10020", "1", "bank_charge"), ""),
        (("--item", "INV-10021", "60.00", "--kept", "INV-10021", "1", "whim"), ""),
        (("--item", "INV-10021", "60.00", "--kept", "INV-10021", "-1", "bank_charge"), "more than nothing"),
        (("--item", "INV-10021", "160.00"), "more"),
    ):
        if what:
            with pytest.raises(Refusal, match=what):
                shell("apply", bench.id(0), *words)
        else:
            assert "Invalid value" in shell("apply", bench.id(0), *words)
    assert balances() == before
    customer = public_id("cus", CustomerAccount.objects.get(entity_id=bench.entity).customer_id)
    shell("keep", bench.id(1), customer, "--on-account")
    assert money_of(bench.lines[1]) == (0, 0, 100_01)
    shell("not-customer", bench.id(2), "interest")
    assert LineDecision.objects.latest("id").detail == "interest"

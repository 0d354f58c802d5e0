"""Questions about bank lines: only who sees the entity's customers now is shown what was asked, and answers."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from huikuan.cli.workbench_rules import workbench
from huikuan.core.refusals import Refusal
from huikuan.services.customers import add_entity
from huikuan.services.line_asides import answer_question, ask_about_line
from huikuan.store.models import LineQuestion, RoleGrant, User
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.services.desk import SYSTEM
from tests.services.ledger import NOW
from tests.web.test_workbench import Bench, text_of
from tests.web.world import signed_in

pytestmark = pytest.mark.practice("E4", "K1")


@pytest.fixture
def bench(ledger_db: LedgerDb) -> Bench:
    return Bench()


def ask_rep(bench: Bench) -> tuple[int, int]:
    """The question's and the person's number."""
    rep = User.objects.get(username="rep").pk
    return ask_about_line(bench.entity, bench.lines[0], rep, "Whose is it?", **SYSTEM), rep


def test_who_lost_the_right_sees_no_question_and_answers_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    question, rep = ask_rep(bench)
    client = signed_in("rep")
    assert "Whose is it?" in text_of(client.get("/cash/questions/"))
    assert "/cash/questions/" in client.get("/").content.decode()
    RoleGrant.objects.filter(user_id=rep).delete()
    elsewhere = add_entity("E9", "Elsewhere", "EUR", actor_id=None, now=NOW)
    RoleGrant.objects.create(user_id=rep, entity_id=elsewhere, role="sales_rep", granted_at=NOW)
    shown = text_of(client.get("/cash/questions/"))
    assert "Whose is it?" not in shown and "Alpha" not in shown
    assert "/cash/questions/" not in client.get("/").content.decode()
    assert client.post("/cash/questions/", {"question": question, "answer": "Ours"}).status_code == 400
    program = Program(make_key("rep"))
    assert program.json("line-questions")["rows"] == []
    assert program.post(f"line-questions/{question}/answer", {"answer": "Ours"}).status_code in (403, 404)
    with pytest.raises(Refusal) as refusal:
        answer_question(question, "Ours", actor_id=rep, now=NOW)
    assert refusal.value.code == "match.no_question"
    monkeypatch.setattr("huikuan.cli.workbench.setup_database", lambda: None)
    assert "Whose" not in CliRunner().invoke(workbench, ["--entity", "E1", "--as", "rep", "questions"]).output
    assert LineQuestion.objects.get().answer == ""


def test_a_key_for_another_entity_sees_no_question(bench: Bench) -> None:
    question, rep = ask_rep(bench)
    elsewhere = add_entity("E9", "Elsewhere", "EUR", actor_id=None, now=NOW)
    RoleGrant.objects.create(user_id=rep, entity_id=elsewhere, role="sales_rep", granted_at=NOW)
    program = Program(make_key("rep", entity_ids=[elsewhere]))
    assert program.json("line-questions")["rows"] == []
    refused = program.post(f"line-questions/{question}/answer", {"answer": "Ours"})
    assert problem_of(refused)["code"] == "right.missing"
    assert LineQuestion.objects.get().answer == ""
    whole = Program(make_key("rep"))
    assert [row["question"] for row in whole.json("line-questions")["rows"]] == [question]

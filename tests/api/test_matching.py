"""Bank lines decided about by a program, and on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from huikuan.cli.workbench import workbench
from huikuan.core.refusals import Refusal
from huikuan.store.models import ApiKey, AuditEvent, LineDecision, LineParked, MatchProposal
from huikuan.store.public_ids import public_id
from tests.api.calling import Program, make_key, problem_of
from tests.databases import LedgerDb
from tests.services.desk import money_of, open_on
from tests.web.test_workbench import Bench

pytestmark = pytest.mark.practice("E4", "K2")


@pytest.fixture
def bench(sqlite_db: LedgerDb) -> Bench:
    return Bench()


def test_a_program_reads_decides_and_takes_back(bench: Bench) -> None:
    ann = Program(make_key("ann"))
    base = f"bank-lines/{bench.id(0)}"
    told = ann.json(f"{base}/proposals")
    assert (told["is_open"], told["open_amount"], told["explanations"][0]["items"][0]["amount"]) == (
        True,
        "100.00",
        "100.00",
    )
    assert told["explanations"][0]["reason_zh"]
    stale = {"deed": "accept", "rank": 1, "token": "2020-01-01T00:00:00+00:00"}
    assert problem_of(ann.post(f"{base}/decisions", stale))["code"] == "match.proposal_changed"
    body = {"deed": "accept", "rank": 1, "token": told["token"]}
    made = ann.posted(f"{base}/decisions", body, key="k1")
    assert ann.posted(f"{base}/decisions", body, key="k1") == made
    assert len(made["entries"]) == 2
    assert open_on(bench.items[0]) == 0
    ann.posted(f"{base}/decisions/{made['decision']}/undo", {"note": "mine"})
    assert (open_on(bench.items[0]), money_of(bench.lines[0])) == (100_00, (100_00, 0, 0))
    assert ann.post(f"bank-lines/{bench.id(1)}/decisions/{made['decision']}/undo", {}).status_code == 404


def test_amounts_by_hand_and_what_is_refused(bench: Bench) -> None:
    ann = Program(make_key("ann"))
    item = public_id("itm", bench.items[1])
    named: dict[str, Any] = {"deed": "apply", "items": [{"item": item, "amount": "60.00"}], "rest": "on_account"}
    ann.posted(f"bank-lines/{bench.id(0)}/decisions", named)
    assert (open_on(bench.items[1]), money_of(bench.lines[0])) == (40_01, (0, 0, 40_00))
    wrong = {"deed": "apply", "items": [{"item": "itm_0000000000000", "amount": "1.00"}]}
    assert ann.post(f"bank-lines/{bench.id(1)}/decisions", wrong).status_code == 422
    kept = {"deed": "apply", "items": [{"item": item, "amount": "30.00", "kept_back": "-5.00"}]}
    assert problem_of(ann.post(f"bank-lines/{bench.id(1)}/decisions", kept))["code"] == "form.not_positive"
    over = {"deed": "apply", "items": [{"item": item, "amount": "60.00"}]}
    assert problem_of(ann.post(f"bank-lines/{bench.id(1)}/decisions", over))["code"] == "match.over_item"
    rep = Program(make_key("rep"))
    assert rep.get(f"bank-lines/{bench.id(1)}/proposals").status_code in (403, 404)


def test_a_program_puts_lines_aside_and_the_trail_says_through_which_key(bench: Bench) -> None:
    key = make_key("ann", ["match.decide", "cash.post", "entry.reverse", "ledger.see"])
    ann, line = Program(key), f"bank-lines/{bench.id(0)}"
    assert ann.posted(f"{line}/park", {"reason": "waits for the ERP"}, key="p")["parked"] == "waits for the ERP"
    assert ann.posted(f"{line}/park", {"reason": "waits for the ERP"}, key="p")["parked"] == "waits for the ERP"
    assert LineParked.objects.count() == 1
    assert ann.posted(f"{line}/unpark", {})["parked"] == ""
    assert problem_of(ann.post(f"{line}/unpark", {}))["code"] == "match.not_parked"
    told = ann.json(f"{line}/proposals")
    made = ann.posted(f"{line}/decisions", {"deed": "accept", "rank": 1, "token": told["token"]})
    ann.posted(f"{line}/decisions/{made['decision']}/undo", {})
    trail = AuditEvent.objects.filter(subject=f"line:{bench.lines[0]}").order_by("id")
    assert [event.code for event in trail] == ["match.parked", "match.unparked", "match.apply", "match.undo"]
    assert {event.data["api_key"] for event in trail} == {ApiKey.objects.get(name="test").prefix}
    # A key may do less than its person.
    reads = Program(make_key("ann", ["ledger.see"]))
    for deed, body in (("park", {"reason": "x"}), ("unpark", {}), ("decisions", {"deed": "accept"})):
        assert problem_of(reads.post(f"{line}/{deed}", body))["code"] == "right.missing"


def test_the_command_line(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huikuan.cli.workbench.setup_database", lambda: None)

    def ask(*words: str) -> str:
        result = CliRunner().invoke(workbench, ["--entity", "E1", *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    # What a command does is told without saying for whom.
    assert "every open line" in CliRunner().invoke(workbench, ["match", "--help"]).output
    unsaid = CliRunner().invoke(workbench, ["match"])
    assert unsaid.exit_code == 2 and "Missing option '--entity'" in unsaid.output
    MatchProposal.objects.all().delete()
    assert ask("list").count("(not looked at yet)") == 4
    told = ask("match")
    assert "4 lines: 0 posted" in told
    assert "Nothing posts itself" in told
    assert "put aside" in ask("park", bench.id(1), "--reason", "waits for the ERP")
    assert json.loads(ask("list", "--show", "parked", "--json"))["total"] == 1
    assert "to do again" in ask("unpark", bench.id(1))
    assert json.loads(ask("list", "--json"))["total"] == 4
    assert "Alpha GmbH" in ask("list")
    done = ask("accept", bench.id(0)).split()[-1]
    assert open_on(bench.items[0]) == 0
    assert "open again" in ask("undo", done)
    assert LineDecision.objects.count() == 2
    for words in (("accept", "bln_0000000000000"), ("undo", "dec_0000000000000"), ("undo", "x")):
        with pytest.raises(Refusal):
            ask(*words)
    assert "posted" in json.loads(ask("match", "--json"))

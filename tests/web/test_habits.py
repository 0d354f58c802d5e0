"""How a customer pays on its page, as a person reads it and enters it; and the same for programs and the shell."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from click.testing import CliRunner
from django.test import Client
from django.utils import translation

from huikuan.core.habits_days import Pattern
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.items import NewItem, post_items
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.store.models import CustomerAccount, PaymentHabit, PaymentHabitStep
from huikuan.store.public_ids import public_id
from huikuan.web.habit_words import days_phrase, pattern_evidence
from tests.api.calling import Program, make_key
from tests.databases import LedgerDb
from tests.web.world import START, World, build_world, signed_in, visitor

pytestmark = [pytest.mark.practice("A3")]
WHO = {"actor_id": None, "now": START}
THEN = "2026-03-10"
"""A day on which what was paid is still recent."""


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    """Acme has paid ten invoices on Thursdays, eight days late each."""
    world = build_world()
    acme = CustomerAccount.objects.get(customer__name__contains="Acme")
    days = [date(2025, 10, 2) + timedelta(days=14 * n) for n in range(10)]
    items = post_items(
        world.cn,
        [
            NewItem(acme.id, f"A-{n}", day - timedelta(days=30), day - timedelta(days=8), "CNY", 50_00)
            for n, day in enumerate(days)
        ],
        **WHO,
    )
    receipts = post_receipts(
        world.cn,
        [NewReceipt(f"P-{n}", day, "CNY", 50_00, acme.id, payer_name="Beta Holding") for n, day in enumerate(days)],
        **WHO,
    )
    for n, day in enumerate(days):
        apply_receipt(world.cn, receipts[n], [Named(items[n], 50_00)], on=day, **WHO)
    return world


def acme() -> str:
    return public_id("cus", CustomerAccount.objects.get(customer__name__contains="Acme").customer_id)


def hualian() -> str:
    return public_id("cus", CustomerAccount.objects.get(customer__name__contains="华联").customer_id)


def read(client: Client, address: str, status: int = 200, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode()


def test_the_panel_and_the_evidence(world: World) -> None:
    page = read(signed_in("clerk"), f"/customers/{acme()}/")
    assert f'hx-get="/customers/{acme()}/habits/"' in page
    address = f"/customers/{acme()}/habits/?as_of={THEN}"
    panel = read(signed_in("clerk"), address, **{"HX-Target": "habits", "HX-Request": "true"})
    assert "Pays on Thursdays, usually 8 days late" in panel
    assert "Beta Holding has paid for it as well (10 of 10 payments)." in panel
    assert "<html" not in panel
    whole = read(signed_in("clerk"), address)
    assert "10 of 10 payment days. By chance that happens once in" in whole
    assert "another name" in whole
    assert "10 paid documents; half of them between 8 and 8 days; 1 more is past due" in whole
    chinese = read(signed_in("clerk", "zh-hans"), address)
    assert "每周四付款，通常晚 8 天" in chinese


def test_a_past_day(world: World) -> None:
    """On 6 November there were three payments: too few to say."""
    then = read(signed_in("clerk"), f"/customers/{acme()}/habits/?as_of=2025-11-06")
    assert "Only 3 payment days: too few to say." in then
    assert "Ask by" not in then


def test_nothing_known(world: World) -> None:
    panel = read(signed_in("clerk"), f"/customers/{hualian()}/habits/", **{"HX-Target": "habits"})
    assert "Too few payments to say how it pays." in panel
    whole = read(signed_in("auditor"), f"/customers/{hualian()}/habits/", 404)
    assert "华联" not in whole


def test_what_people_know(world: World) -> None:
    clerk = signed_in("clerk")
    address = f"/customers/{hualian()}/habits/edit/"
    assert "Approval steps, in their order" in read(clerk, address)
    form = {
        "run_days": "25日",
        "closing_day": "18",
        "weekday": ["thu"],
        "transfer_days": "1",
        "budget_needed": "yes",
        "invoice_needs": "PO number",
        "step_name": ["部门经理", "财务 | 总监", ""],
        "step_days": ["1", "2", "0"],
        "step_contact": ["", "con_0000000000000", ""],
        **{f"was-{name}": "" for name in ("run_days", "closing_day", "run_weekdays", "steps", "run_moves")},
    }
    response = clerk.post(address, form)
    assert response.status_code == 302, response.content.decode()[:2000]
    habit = PaymentHabit.objects.get()
    assert (habit.run_days, habit.closing_day, habit.run_weekdays, habit.budget_needed) == ("25", 18, "3", True)
    steps = PaymentHabitStep.objects.order_by("number").values_list("name", "working_days")
    assert list(steps) == [("部门经理", 1), ("财务 总监", 2)]
    panel = read(clerk, f"/customers/{hualian()}/habits/", **{"HX-Target": "habits"})
    assert "Pays on the 25th of the month and on Thursdays" in panel
    assert "Its approval takes 3 working days (部门经理 1 and 财务 总监 2)." in panel
    assert "How it pays changed" in read(clerk, f"/customers/{hualian()}/?events=file")
    # Somebody else's form, opened before.
    late = clerk.post(address, {**form, "run_days": "10"})
    assert late.status_code == 409
    assert "Somebody else has changed this meanwhile" in late.content.decode()


def test_what_is_wrong_is_said_and_nothing_retyped(world: World) -> None:
    client = signed_in("clerk", "zh-hans")
    address = f"/customers/{hualian()}/habits/edit/"
    response = client.post(
        address, {"run_days": "33", "invoice_needs": "订单号", "step_name": ["x"], "step_days": ["2"]}
    )
    text = response.content.decode()
    assert response.status_code == 400
    assert "不是日期" in text
    assert 'value="订单号"' in text
    assert not PaymentHabit.objects.exists()
    assert visitor().get(address).status_code == 302


def test_programs_read_and_put(world: World) -> None:
    program = Program(make_key("clerk"))
    found = program.json(f"customers/{acme()}/payment-habits?as_of={THEN}")
    assert found["weekdays"]["weekdays"] == [{"weekday": "thu", "hits": 10}]
    assert (found["lateness"]["median"], found["payers"][0]["relation"]) == (8, "other")
    body = {"run_days": [25, 10], "transfer_days": 1, "steps": [{"name": "CFO", "working_days": 2}]}
    answer = program.send("PUT", f"customers/{acme()}/payment-habits", body)
    assert answer.status_code == 200, answer.content.decode()
    facts = json.loads(answer.content)["facts"]
    assert (facts["run_days"], facts["steps"]) == ([10, 25], [{"name": "CFO", "working_days": 2, "contact": None}])
    assert json.loads(answer.content)["asking"]["source"] == "entered"
    wrong = {"steps": [{"name": "CFO", "working_days": 2, "contact": "con_0000000000000"}]}
    assert program.send("PUT", f"customers/{acme()}/payment-habits", wrong).status_code == 422
    assert program.send("PUT", f"customers/{acme()}/payment-habits", {"run_days": [32]}).status_code == 422
    reader = Program(make_key("clerk", ["ledger.see"]))
    assert reader.send("PUT", f"customers/{acme()}/payment-habits", {}).status_code == 403
    then = program.json(f"customers/{acme()}/payment-habits?as_of=2025-11-06")
    assert (then["payments"], then["weekdays"]["few"]) == (3, True)


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_the_shell(world: World) -> None:
    from huikuan.cli.habits import habits

    said = CliRunner().invoke(habits, ["Acme", "--as-of", THEN])
    assert said.exit_code == 0, said.output
    assert "Thu (10 of 10" in said.output
    assert "8 days (half between 8 and 8; 10 paid, 1 past due)" in said.output
    machine = json.loads(CliRunner().invoke(habits, [acme(), "--as-of", THEN, "--json"]).output)
    assert machine["learned"]["lateness"]["median"] == 8
    unclear = CliRunner().invoke(habits, ["nobody at all"])
    assert unclear.exit_code == 1
    assert getattr(unclear.exception, "code", "") == "customer.unclear"


def test_days_about_which_it_pays_are_said_so() -> None:
    assert days_phrase([], [], [10, 25]) == "about the 10th and 25th of the month"
    with translation.override("zh-hans"):
        assert days_phrase([], [], [10, 25]) == "每月10日、25日前后"


def test_what_cannot_be_told_from_chance_is_said_to_be_that() -> None:
    """Somebody who pays on the 10th and the 25th and of whom little is known pays on no day that stands out: not on
    none."""
    said = pattern_evidence(Pattern(days=6))
    assert said == "None that stands out: 6 payment days are too few or too scattered to tell a habit from chance."
    with translation.override("zh-hans"):
        assert pattern_evidence(Pattern(days=6)).startswith("没有明显的规律")

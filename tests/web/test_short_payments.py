"""Short payments on the pages, for programs and in the shell: who sees what, who may decide, nothing retyped."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner
from django.test import Client

from huikuan.core.approvals import ApprovalKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Role
from huikuan.services.applications import Named, apply_receipt
from huikuan.services.approvals import set_ladder
from huikuan.services.items import NewItem, post_items
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.store.models import (
    CustomerAccount,
    OpenItem,
    RoleGrant,
    ShortPayment,
    ShortPaymentPolicy,
    ShortPaymentReason,
    User,
)
from huikuan.store.public_ids import public_id
from tests.api.calling import Program, make_key
from tests.databases import LedgerDb
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("E7")
WHO = {"actor_id": None, "now": START}


@pytest.fixture
def world(ledger_db: LedgerDb) -> World:
    """Hualian paid 980.00 of 1,000.00; Acme owns its own case of 5.00. A rep looks after Hualian alone."""
    world = build_world()
    rep = User.objects.create_user("rep", password="x" * 12, first_name="Lu")
    RoleGrant.objects.create(user=rep, entity_id=world.cn, role="sales_rep", reach="own", granted_at=START)
    hualian, acme = CustomerAccount.objects.filter(entity_id=world.cn).order_by("id")
    hualian.owner, hualian.collector = rep, User.objects.get(username="clerk")
    hualian.save()
    day = date(2026, 3, 2)
    for account, number, paid in ((hualian, "SH-1", 980_00), (acme, "SH-2", 995_00)):
        (item,) = post_items(world.cn, [NewItem(account.id, number, day, day, "CNY", 1_000_00)], **WHO)
        (receipt,) = post_receipts(world.cn, [NewReceipt(number, day, "CNY", paid, account.id)], **WHO)
        apply_receipt(world.cn, receipt, [Named(item, paid)], on=day, **WHO)
    return world


def case(number: str = "SH-1") -> ShortPayment:
    return ShortPayment.objects.get(item__document_number=number)


def of(number: str = "SH-1") -> str:
    return f"/cash/short-payments/{public_id('shp', case(number).pk)}/"


def read(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode()


def send(client: Client, address: str, status: int = 302, **form: object) -> str:
    response = client.post(address, form)
    assert response.status_code == status, response.content.decode()[:1500]
    return response.content.decode()


def test_the_list_and_one_case(world: World) -> None:
    clerk = signed_in("clerk")
    page = read(clerk, "/cash/short-payments/")
    assert "SH-1" in page
    assert "SH-2" in page
    assert "Not explained yet" in page
    assert "days late" in page
    assert "SH-2" not in read(clerk, f"/cash/short-payments/?customer={public_id('cus', case().account.customer_id)}")
    assert "SH-2" not in read(clerk, "/cash/short-payments/?q=SH-1")
    assert "No case matches" in read(clerk, "/cash/short-payments/?which=paid")
    one = read(clerk, of())
    assert "20.00" in one
    assert "1,000.00" in one
    assert "Opened" in one
    assert "尚未说明" in read(signed_in("clerk", "zh-hans"), of())
    everything = clerk.get("/tables/shortpayments/export.csv?which=all").getvalue().decode("utf-8-sig")
    assert everything.count("\n") == 3


def test_who_sees_what(world: World) -> None:
    """A rep sees the cases of customers of his own, and what falls to him on his first page."""
    rep = signed_in("rep")
    page = read(rep, "/cash/short-payments/")
    assert "SH-1" in page
    assert "SH-2" not in page
    read(rep, of("SH-2"), 404)
    assert "wait for you" not in read(rep, "/")
    send(rep, of() + "change/", reason="price", owner="", deadline=case().deadline.isoformat())
    assert case().owner == User.objects.get(username="rep")
    assert "1 short payment waits for you" in read(rep, "/")
    assert "SH-1" in read(rep, "/cash/short-payments/?owner=rep")
    read(rep, of() + "accept/", 403)
    read(signed_in("auditor"), of(), 404)


def test_rejecting_asks_why(world: World) -> None:
    clerk = signed_in("clerk")
    assert "Say why, and what the customer was told." in send(clerk, of() + "reject/", 400, note="")
    send(clerk, of() + "reject/", note="the price of the contract stands")
    assert case().state == "rejected"
    assert "the price of the contract stands" in read(clerk, of())
    assert "SH-1" in read(clerk, "/cash/short-payments/?which=rejected")


def test_accepting_writes_off(world: World) -> None:
    clerk = signed_in("clerk")
    assert "A write-off is posted at once" in read(clerk, of() + "accept/")
    send(clerk, of() + "accept/", outcome="write_off", on="2026-03-05", note="small", key="k1")
    assert (case().state, case().outcome) == ("accepted", "write_off")
    page = read(clerk, of())
    assert "Accepted, written off" in page
    assert "Settled by" in page
    send(clerk, of() + "accept/", 409, outcome="write_off", on="2026-03-05", note="again", key="k2")


def test_a_large_one_is_sent_for_approval(world: World) -> None:
    set_ladder(world.cn, ApprovalKind.SHORT_PAYMENT, [(Role.SALES_MANAGER, 10_00)], **WHO)
    clerk = signed_in("clerk")
    form = {"outcome": "credit_memo", "on": "2026-03-05", "note": "bonus", "key": "k1"}
    assert "Send for approval" in send(clerk, of() + "accept/", 409, **form)
    send(clerk, of() + "accept/", **form, ask="1")
    page = read(clerk, of())
    assert "A request for approval waits for its decision" in page
    assert case().state == "open"
    assert "Credit for a short payment" in read(clerk, "/settings/approvals/")


def test_on_the_items_and_the_customers_page(world: World) -> None:
    clerk = signed_in("clerk")
    item = OpenItem.objects.get(document_number="INV-2")
    address = f"/receivables/items/{public_id('itm', item.id)}/"
    assert f"{address}short/" in read(clerk, address)
    assert "is not within" in send(clerk, address + "short/", 400, amount="9999999", reason="quality")
    send(clerk, address + "short/", amount="50", reason="quality", note="two boxes wet")
    made = case("INV-2")
    assert (made.amount_minor, made.reason_code) == (50_00, "quality")
    page = read(clerk, address)
    assert "Quality, damage" in page
    assert f"{address}short/" not in page
    assert "INV-2" in read(clerk, f"/customers/{public_id('cus', made.account.customer_id)}/")


def test_reasons_of_the_house(world: World) -> None:
    clerk = signed_in("clerk")
    assert "Retention money" in read(clerk, "/settings/short-payments/")
    form = {
        "book": "CN01",
        "share": "1.5",
        "code": ["unstated", "price", ""],
        "name": ["Not explained yet", "Preisabweichung", "Samples"],
        "role": ["collector", "sales_rep", "cfo"],
        "days": ["2", "5", "9"],
        "active": ["0", "1", "2"],
    }
    response = clerk.post("/settings/short-payments/", form)
    assert response.status_code == 302, response.content.decode()[:1000]
    rows = list(ShortPaymentReason.objects.order_by("position").values_list("code", "name", "days", "owner_role"))
    assert rows == [
        ("unstated", "", 2, "collector"),
        ("price", "Preisabweichung", 5, "sales_rep"),
        ("own_1", "Samples", 9, "cfo"),
    ]
    assert ShortPaymentPolicy.objects.get().share_bp == 150
    send(clerk, of() + "change/", reason="own_1", owner=str(case().owner_id), deadline=case().deadline.isoformat())
    assert "Samples" in read(clerk, of())
    wrong = clerk.post("/settings/short-payments/", form | {"share": "99"})
    assert wrong.status_code == 400
    assert "The limit is between 0 and 50 %." in wrong.content.decode()
    assert 'value="Preisabweichung"' in wrong.content.decode()
    read(signed_in("rep"), "/settings/short-payments/", 403)


def test_programs(world: World) -> None:
    program = Program(make_key("clerk"))
    first, second = program.json("short-payments?limit=1"), program.json("short-payments?state=open")
    assert (first["more"], len(second["rows"])) == (True, 2)
    row = second["rows"][0]
    assert (row["amount"], row["item_amount"], row["reason"], row["document_number"]) == (
        "20.00",
        "1000.00",
        "unstated",
        "SH-1",
    )
    rejected = program.post(f"short-payments/{row['id']}/decision", {"decision": "reject", "note": "no"})
    assert rejected.status_code == 200, rejected.content.decode()
    assert [one["what"] for one in json.loads(rejected.content)["events"]] == ["opened", "rejected"]
    decision = {"decision": "accept", "outcome": "write_off", "note": "after all", "on": "2026-03-05"}
    accepted = program.post(f"short-payments/{row['id']}/decision", decision, "k1")
    assert json.loads(accepted.content)["state"] == "accepted"
    assert program.post(f"short-payments/{row['id']}/decision", decision, "k1").content == accepted.content
    assert program.post(f"short-payments/{row['id']}/decision", decision, "k2").status_code == 409
    item = public_id("itm", OpenItem.objects.get(document_number="INV-2").id)
    made = program.posted("short-payments", {"item": item, "amount": "7.50", "reason": "freight"})
    assert (made["amount"], made["reason"], made["state"]) == ("7.50", "freight", "open")
    assert program.post("short-payments", {"item": item, "reason": "weather"}).status_code in (409, 422)
    reader = Program(make_key("clerk", ["ledger.see"]))
    assert reader.post("short-payments", {"item": item}).status_code == 403
    assert program.get("short-payments/shp_0000000000000").status_code == 404


@pytest.mark.parametrize("ledger_db", ["sqlite"], indirect=True)
def test_the_shell(world: World) -> None:
    from huikuan.cli.short_payments import short_payments

    said = CliRunner().invoke(short_payments, ["--json"])
    assert said.exit_code == 0, said.output
    rows = json.loads(said.output)["short_payments"]
    assert [(row["document_number"], row["amount"]) for row in rows] == [("SH-1", "20.00"), ("SH-2", "5.00")]
    assert "2 open" in CliRunner().invoke(short_payments, []).output

    def run(*words: str) -> str:
        result = CliRunner().invoke(short_payments, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output.strip()

    first, second = rows[0]["id"], rows[1]["id"]
    assert run("open", "SH-1", "--amount", "12.00", "--reason", "freight", "--note", "told us") == first
    assert (case().amount_minor, case().reason_code) == (12_00, "freight")
    assert run("reject", first, "--note", "freight was agreed") == "rejected"
    assert run("accept", second, "--note", "too small", "--on", "2026-03-03") == "accepted"
    assert case("SH-2").state == "accepted"
    for words in (("accept", second, "--note", "again", "--on", "2026-03-03"), ("reject", "shp_0", "--note", "x")):
        with pytest.raises(Refusal):
            run(*words)
    assert "0 open" in run() and "1 rejected" in run("--state", "rejected")

"""Bank statements in the browser: handed in, imported at once, decided about where a person must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.reversals import reverse_entry
from huikuan.store.models import (
    AuditEvent,
    BankAccount,
    BankLine,
    BankLineReceipt,
    BankStatement,
    BankUpload,
    Receipt,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.bank_files import Row, camt053
from tests.web.test_cash import field
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in
from tests.worker import work_off

pytestmark = pytest.mark.practice("E2")
LIST, NEW, ACCOUNTS = "/cash/statements/", "/cash/statements/new/", "/settings/bank-accounts/"
NUMBER = "6222000012345678"
ROWS = [
    Row("600.00", day="2026-03-11", ref="P1", name="华联 <b>", text="INV-2 part"),
    Row("-5.00", day="2026-03-11", ref="P2", code="PMNT/MCOP/CHRG", text="fee"),
]


def file_of(rows: list[Row], **more: Any) -> bytes:
    return camt053(rows, **{"iban": NUMBER, "currency": "CNY", "first": "2026-03-11", "last": "2026-03-11"} | more)


def hand_in(client: Client, *files: bytes) -> str:
    uploads = [SimpleUploadedFile(f"{number}.xml", data) for number, data in enumerate(files, start=1)]
    return str(client.post(NEW, {"files": uploads})["Location"])


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    return build_world()


@pytest.fixture
def account(world: World) -> int:
    return add_account(world.cn, NewAccount("ICBC", NUMBER), actor_id=None, now=START)


def test_from_an_empty_page_to_a_statement_with_its_lines(world: World) -> None:
    client = signed_in("clerk")
    assert "No bank statement yet" in text_of(client.get(LIST))
    assert "No bank account is set up yet" in text_of(client.get(NEW))
    address = hand_in(client, file_of(ROWS))
    asked = text_of(client.get(address))
    assert "Which account?" in asked and NUMBER in asked
    assert "A statement waits for a decision" in text_of(client.get(LIST))
    form = {"file": "0", "place": "0", "account": "new", "name": "ICBC", "entity_code": "CN01", "kind": "bank"}
    assert "Say whose account" in text_of(client.post(f"{address}account/", form | {"entity_code": ""}))
    done = text_of(client.post(f"{address}account/", form, follow=True))
    assert "2 new lines" in done and "1 receipt posted" in done
    statement = BankStatement.objects.get()
    assert (statement.account.name, statement.account.number) == ("ICBC", NUMBER)
    listed = text_of(client.get(LIST))
    assert "ICBC" in listed and "1,000.00" in listed and "1,595.00" in listed
    page = f"{LIST}{public_id('bst', statement.pk)}/"
    shown = text_of(client.get(page))
    assert "华联 <b>" in shown and "600.00" in shown and "Bank fee" in shown
    assert "华联 <b>" not in client.get(page).content.decode(), "what a bank says is escaped"
    assert client.get(f"{page}file").getvalue() == file_of(ROWS)
    assert "INV-2" not in text_of(client.get(f"{page}?state=todo&q=nothing"))
    assert "600.00" in text_of(client.get(f"{LIST}lines/?q=600"))


def test_many_statements_of_one_account_ask_for_it_once_and_stand_in_one_table(world: World) -> None:
    client = signed_in("clerk")
    days = [f"2026-03-{day:02d}" for day in range(11, 16)]
    rows = {day: [Row("600.00", day=day, ref=f"P{day}")] if day == days[0] else [] for day in days}
    files = [
        file_of(rows[day], first=day, last=day, opening="1000.00" if day == days[0] else "1600.00", number=day[-2:])
        for day in days
    ]
    address = hand_in(client, *files)
    asked = client.get(address).content.decode()
    assert asked.count('name="account"') == 1 and asked.count("one answer serves both") == 4
    assert '<option value="CN01" selected>' in asked, "the books kept in the statement's currency are proposed"
    form = {"file": "0", "place": "0", "account": "new", "name": "ICBC", "entity_code": "CN01", "kind": "bank"}
    done = client.post(f"{address}account/", form, follow=True)
    assert "5 statements · Imported 5" in text_of(done)
    assert (
        done.content.decode().count('<tr><th scope="row"><a href') == 5 and "outcome-head" not in done.content.decode()
    )


def test_the_same_file_is_told_to_be_known(account: int) -> None:
    client = signed_in("clerk")
    hand_in(client, file_of(ROWS))
    again = text_of(client.get(hand_in(client, file_of(ROWS))))
    assert "known already" in again and "Nothing new in it" in again
    assert Receipt.objects.filter(source__code="bank").count() == 1


def test_a_statement_that_does_not_tie_is_taken_by_who_may_for_a_reason(world: World, account: int) -> None:
    User.objects.create_user("chief", password="x" * 12)
    User.objects.create_user("books", password="x" * 12)
    for name, role in (("chief", "cfo"), ("books", "ar_clerk")):
        user = User.objects.get(username=name)
        RoleGrant.objects.create(user=user, entity_id=world.cn, role=role, granted_at=START)
    clerk = signed_in("books")
    address = hand_in(clerk, file_of(ROWS, closing="1600.00"))
    told = text_of(clerk.get(address))
    assert "Does not tie" in told and "1,595.00" in told
    assert "→ 1,600.00 " in told
    assert "Take it all the same" not in told
    form = {"file": "0", "place": "0", "reason": "The bank has promised a corrected one"}
    assert clerk.post(f"{address}take/", form).status_code == 403
    chief = signed_in("chief")
    assert "Say why" in text_of(chief.post(f"{address}take/", form | {"reason": " "}))
    assert "the reason is kept" in text_of(chief.post(f"{address}take/", form, follow=True))
    statement = BankStatement.objects.get()
    assert "promised" in text_of(chief.get(f"{LIST}{public_id('bst', statement.pk)}/"))
    event = AuditEvent.objects.get(code="bank_statement.overridden")
    assert event.actor == User.objects.get(username="chief")
    assert chief.post(f"{address}take/", {"file": "x", "place": "0"}).status_code == 404


def test_balances_are_written_as_amounts_are_in_the_readers_language(account: int) -> None:
    rows = [Row("-1700.50", day="2026-03-11", ref="P9", code="PMNT/ICDT/DMCT", text="rent")]
    page = hand_in(signed_in("boss"), file_of(rows, opening="500.5", iban="6222999900001111"))
    assert "500.50 → (1,200.00) CNY" in text_of(signed_in("boss").get(page))
    assert "500.50 → -1,200.00 CNY" in text_of(signed_in("boss", "zh-hans").get(page))


def test_a_line_that_was_recorded_before_is_linked(account: int) -> None:
    client = signed_in("clerk")
    known = {"entity_code": "CN01", "amount": "600.00", "currency": "CNY", "value_date": "2026-03-11", "key": "k1"}
    client.post("/cash/new/", known | {"reference": "typed"})
    typed = Receipt.objects.get(reference="typed")
    told = text_of(client.get(hand_in(client, file_of(ROWS))))
    assert "1 may have been recorded before" in told
    line = BankLine.objects.get(bank_reference="P1")
    page = f"{LIST}lines/{public_id('bln', line.pk)}/"
    assert "Was it recorded before?" in text_of(client.get(page))
    assert client.post(f"{page}link/", {"receipt": "rcp_0000000000000"}).status_code == 404
    client.post(f"{page}link/", {"receipt": public_id("rcp", typed.pk)})
    assert BankLineReceipt.objects.get(line=line).receipt == typed
    assert "linked by hand" in text_of(client.get(page))
    client.post(f"{page}unlink/")
    assert "Posted as a receipt" in text_of(client.post(f"{page}post/", follow=True))
    assert "decided on this line already" in text_of(client.post(f"{page}post/"))


def test_a_payment_taken_back_is_reversed_with_one_click(account: int) -> None:
    client = signed_in("clerk")
    back = Row("-600.00", day="2026-03-12", ref="P9", e2e="", text="return", returned="AC04", code="PMNT/ICDT/RRTN")
    second = file_of([back], opening="1595.00", first="2026-03-12", last="2026-03-12", number="2")
    hand_in(client, file_of(ROWS), second)
    line = BankLine.objects.get(bank_reference="P9")
    page = f"{LIST}lines/{public_id('bln', line.pk)}/"
    assert "Which payment was taken back?" in text_of(client.get(page))
    receipt = Receipt.objects.get(source__code="bank")
    done = client.post(f"{page}bounce/", {"receipt": public_id("rcp", receipt.pk)}, follow=True)
    assert "taken back" in text_of(done)
    assert receipt.entry.reversed_by is not None
    shown = client.get(page)
    assert "AC04" in text_of(shown) and "It was not this payment" in text_of(shown)
    form = client.get(f"/receivables/receipts/{public_id('rcp', receipt.pk)}/reinstate/")
    given = {"key": field(form, "key"), "memo": "another one"}
    assert client.post(form.request["PATH_INFO"], given).status_code == 302
    assert "Which payment was taken back?" in text_of(client.get(page))
    assert Receipt.objects.filter(source__code="bank", entry__reversed_by=None).get().amount_minor == 600_00


def test_money_reversed_by_mistake_is_posted_anew(world: World, account: int) -> None:
    client = signed_in("clerk")
    hand_in(client, file_of(ROWS))
    line = BankLine.objects.get(bank_reference="P1")
    page = f"{LIST}lines/{public_id('bln', line.pk)}/"
    assert "post it anew" not in text_of(client.get(page))
    receipt = Receipt.objects.get(bank_lines__line=line)
    reverse_entry(world.cn, receipt.entry_id, on=receipt.effective_date, actor_id=None, now=START)
    assert "post it anew" in text_of(client.get(page))
    done = text_of(client.post(f"{page}post/", follow=True))
    assert "Posted as a receipt" in done and "post it anew" not in done


def test_a_gap_between_statements_is_shown(account: int) -> None:
    client = signed_in("clerk")
    later = file_of([Row("1.00", day="2026-03-13", ref="X1")], opening="2000.00", first="2026-03-13", last="2026-03-13")
    hand_in(client, file_of(ROWS), later)
    assert "405.00" in text_of(client.get(f"{LIST}?state=gaps"))
    statement = BankStatement.objects.order_by("-id")[0]
    assert "one in between is missing" in text_of(client.get(f"{LIST}{public_id('bst', statement.pk)}/"))


def test_a_table_without_account_and_currency_asks_for_the_account(account: int) -> None:
    client = signed_in("clerk")
    text = "Date,Description,Amount,Balance\n2026-03-14,from A,10.00,110.00\n2026-03-15,from B,5.50,115.50\n"
    address = hand_in(client, text.encode())
    assert "does not name its account" in text_of(client.get(address))
    form = {"file": "0", "place": "0", "account": public_id("bac", account)}
    assert "Choose the account" in text_of(client.post(f"{address}account/", form | {"account": ""}))
    assert "2 receipts posted" in text_of(client.post(f"{address}account/", form, follow=True))
    statement = BankStatement.objects.get()
    assert (statement.opening_minor, statement.closing_minor) == (100_00, 115_50)


def test_days_that_could_be_months_are_asked_for(account: int) -> None:
    client = signed_in("clerk")
    text = "Date,Description,Amount,Currency\n03/04/2026,from A,10.00,CNY\n05/06/2026,from B,5.50,CNY\n"
    address = hand_in(client, text.encode())
    assert "Days or months first?" in text_of(client.get(address))
    assert "days or months come first" in text_of(client.post(f"{address}order/", {"file": "0", "place": "0"}))
    client.post(f"{address}order/", {"file": "0", "place": "0", "order": "dmy"})
    form = {"file": "0", "place": "0", "account": public_id("bac", account)}
    client.post(f"{address}account/", form)
    assert [line.booking_date.month for line in BankLine.objects.order_by("id")] == [4, 6]


def test_what_is_no_statement_is_refused_with_its_reason(account: int) -> None:
    client = signed_in("clerk")
    told = text_of(client.get(hand_in(client, b"%PDF-1.4 nothing", file_of(ROWS))))
    assert "PDF document" in told and "2 new lines" in told
    assert "Choose a file first" in text_of(client.post(NEW, {}))
    address = hand_in(client, b"%PDF-1.4 nothing")
    assert "PDF document" in text_of(client.post(f"{address}again/", follow=True))


def test_accounts_are_kept_in_settings(world: World) -> None:
    client = signed_in("clerk")
    assert "No bank account yet" in text_of(client.get(ACCOUNTS))
    form = {"name": "House bank", "kind": "bank", "number": "DE89 3704 0044 0532 0130 00", "entity_code": "CN01"}
    assert "is there" in text_of(client.post(ACCOUNTS, form | {"currency": "eur"}, follow=True))
    assert "with this number" in text_of(client.post(ACCOUNTS, form | {"currency": "EUR"}))
    row = BankAccount.objects.get()
    assert (row.number, row.currency) == ("DE89370400440532013000", "EUR")
    page = f"{ACCOUNTS}{public_id('bac', row.pk)}/"
    assert "DE89 3704 0044 0532 0130 00" in client.get(page).content.decode()
    client.post(page, {"name": "Other", "number": row.number, "bank": "B"})
    client.post(page, {"active": "no"})
    assert "shut" in text_of(client.get(ACCOUNTS))
    assert "Give the account a name" in text_of(client.post(page, {"name": "", "number": "1"}))


@pytest.fixture
def large(ledger_db: LedgerDb) -> Iterator[World]:
    with override_settings(HUIKUAN_BACKGROUND_BYTES=0):
        yield build_world()


@pytest.mark.practice("K4")
def test_a_large_file_is_the_workers(large: World) -> None:
    add_account(large.cn, NewAccount("ICBC", NUMBER), actor_id=None, now=START)
    client = signed_in("clerk")
    address = hand_in(client, file_of(ROWS))
    waiting = client.get(address)
    assert "Waiting for the worker" in text_of(waiting) and "every 1s" in waiting.content.decode()
    asked = {"HX-Request": "true", "HX-Target": "work"}
    assert "HX-Refresh" not in client.get(address, headers=asked)
    work_off()
    assert client.get(address, headers=asked)["HX-Refresh"] == "true"
    shown = client.get(address)
    assert "1 receipt posted" in text_of(shown)
    assert "every 1s" not in shown.content.decode()


@pytest.mark.practice("K4")
def test_who_answered_is_not_asked_again_while_the_worker_posts(large: World) -> None:
    account = add_account(large.cn, NewAccount("ICBC", NUMBER), actor_id=None, now=START)
    client = signed_in("clerk")
    address = hand_in(client, b"Date,Description,Amount,Currency\n2026-03-14,from A,10.00,CNY\n")
    work_off()
    assert "Leave the rest out" in text_of(client.get(address))
    form = {"file": "0", "place": "0", "account": public_id("bac", account)}
    shown = client.post(f"{address}account/", form, follow=True)
    assert "Waiting for the worker" in text_of(shown) and "Leave the rest out" not in text_of(shown)
    assert f'action="{address}account/"' not in shown.content.decode()
    work_off()
    assert "1 receipt posted" in text_of(client.get(address))


def test_remarks_are_in_the_readers_language(account: int) -> None:
    client = signed_in("clerk")
    text = f"账号：{NUMBER}\n交易日期,收入金额,支出金额,摘要\n2026-03-14,10.00,,货款\n"
    address = hand_in(client, text.encode())
    told = "the file names no currency; its headings are Chinese, so CNY is taken"
    assert told in text_of(client.get(address))
    in_chinese = text_of(signed_in("clerk", "zh-hans").get(address))
    assert "文件没有写明币种" in in_chinese and told not in in_chinese
    upload = BankUpload.objects.get()
    upload.outcomes[0]["notes"] = ["kept before remarks had fields"]
    upload.save()
    assert "kept before remarks had fields" in text_of(client.get(address))


def test_nobody_sees_what_others_handed_in(world: World) -> None:
    address = hand_in(signed_in("clerk"), file_of(ROWS))
    assert signed_in("auditor").get(address).status_code == 404

"""Layouts of bank files: told once beside a file, chosen again on the page."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from huikuan.core.refusals import Refusal
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload
from huikuan.store.models import BankLine, BankUpload
from tests.databases import LedgerDb
from tests.web.test_bank import NEW, NUMBER
from tests.web.test_pages import text_of
from tests.web.world import START, build_world, signed_in

pytestmark = pytest.mark.practice("E2")
LAYOUT = f"""currency = "CNY"
account = "{NUMBER}"
date_order = "dmy"
[columns]
Wann = "booking_date"
Wieviel = "amount"
Wer = "payer_name"
"""


def table(amount: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("x.csv", f"Wann;Wieviel;Wer\n11/03/2026;{amount};Jan\n".encode())


def test_a_layout_is_told_once_and_chosen_again(ledger_db: LedgerDb) -> None:
    add_account(build_world().cn, NewAccount("ICBC", NUMBER), actor_id=None, now=START)
    clerk = signed_in("clerk")
    assert "Find out from the file" not in text_of(clerk.get(NEW))
    clerk.post(NEW, {"files": [table("1,50")]})
    assert not BankLine.objects.exists()
    told = SimpleUploadedFile("my-bank.toml", LAYOUT.encode())
    clerk.post(NEW, {"files": [table("1,50"), told]})
    assert list(BankLine.objects.values_list("amount_minor", flat=True)) == [1_50]
    page = text_of(clerk.get(NEW))
    assert ("Find out from the file" in page, page.count("my-bank.toml")) == (True, 1)
    before = BankUpload.objects.get(said__has_key="layout").pk
    clerk.post(NEW, {"files": [table("2,50")], "layout": str(before)})
    assert list(BankLine.objects.order_by("id").values_list("amount_minor", flat=True)) == [1_50, 2_50]
    bad = SimpleUploadedFile("my-bank.toml", b"columns = 1")
    assert "profile cannot be used" in text_of(clerk.post(NEW, {"files": [table("3,50"), bad]}))
    # One that was never offered is nobody's.
    assert clerk.post(NEW, {"files": [table("3,50")], "layout": "999"}).status_code == 302


def test_what_is_refused(sqlite_db: LedgerDb) -> None:
    def code(*files: BankFile, like: int | None = None) -> str:
        with pytest.raises(Refusal) as refusal:
            keep_upload(files, actor_id=None, now=START, like=like)
        return refusal.value.code

    good, file = BankFile("a.toml", LAYOUT.encode()), BankFile("x.csv", b"a")
    assert code(good) == "bank_upload.no_file"
    assert code(file, good, good) == "bank_upload.layouts"
    assert code(file, like=99) == "bank_upload.no_layout"
    assert code(file, BankFile("a.toml", b"\xff\xfe")) == "bank.profile"
    assert code(file, BankFile("a.toml", b"#" * 70_000)) == "bank.profile"

"""Bank files that do not fit the memory: lines, keys and refusals as of small ones; work goes on after a kill."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import override_settings
from django_tasks_db.models import DBTaskResult

from huikuan.bank.identity import fingerprints
from huikuan.bank.reading import read_statements
from huikuan.core.refusals import Refusal
from huikuan.queries.bank_uploads import upload_detail, upload_folder
from huikuan.services import bank_fitting, bank_import, bank_reading, bank_spool
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_spool import SpoolFile
from huikuan.services.bank_uploads import keep_upload, start_upload, work_upload
from huikuan.services.resuming import resume_work
from huikuan.services.verifying import verify
from huikuan.store.batch_locks import hold_folder
from huikuan.store.batch_work import Progress, write_progress
from huikuan.store.files import path_of
from huikuan.store.models import BankLine, BankStatement, Receipt
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.ledger import NOW
from tests.services.test_bank_import import SYSTEM, Bank
from tests.worker import work_off

pytestmark = pytest.mark.practice("E2")


@pytest.fixture
def bank(ledger_db: LedgerDb, monkeypatch: pytest.MonkeyPatch) -> Bank:
    """Books whose machine can hold seven lines."""
    monkeypatch.setattr(bank_spool, "HELD", 7)
    for module in (bank_spool, bank_reading, bank_fitting):
        monkeypatch.setattr(module, "BLOCK", 3)
    monkeypatch.setattr(bank_fitting, "GROUP", 10)
    monkeypatch.setattr(bank_import, "CHUNK", 4)
    return Bank()


def rows_of(count: int) -> list[Row]:
    """Payments of twelve days in no order of them; every fifth without a reference, and told thrice alike."""
    lots = random.Random(7)
    rows = []
    for number in range(count):
        is_plain = number % 5 == 0
        day = f"2026-03-{1 + (number % 3 if is_plain else lots.randrange(12)):02d}"
        told = {"text": "daily takings"} if is_plain else {"ref": f"B{number}", "text": f"INV {number}"}
        rows.append(Row("40.00" if is_plain else f"{number + 1}.50", day, name=f"Payer {number % 9}", **told))
    return rows


def file_of(rows: list[Row], number: str = "1") -> bytes:
    return camt053(rows, first="2026-03-01", last="2026-03-12", number=number)


def test_many_lines_become_what_few_would(bank: Bank) -> None:
    data = file_of(rows_of(60))
    _, (outcome,) = bank.bring(data)
    assert (outcome.state, outcome.lines_new, outcome.posted) == ("imported", 60, 60)
    (told,) = read_statements(data, "1.xml")
    stored = dict(BankLine.objects.values_list("ordinal", "fingerprint"))
    assert stored == {line.ordinal: key for line, key in zip(told.booked, fingerprints(told.booked, IBAN), strict=True)}
    statement = BankStatement.objects.get()
    assert statement.in_minor == int(sum(line.amount for line in told.booked) * 100)
    assert (statement.lines_total, statement.opening_minor) == (60, 100_000)
    assert all(check.ok for check in verify().checks)


def test_nothing_of_it_is_taken_twice(bank: Bank) -> None:
    rows = rows_of(60)
    bank.bring(file_of(rows[:25]))
    _, (more,) = bank.bring(file_of(rows, "2"))
    assert (more.state, more.lines_new, more.lines_known) == ("imported", 35, 25)
    _, (same,) = bank.bring(file_of(rows, "2"))
    assert (same.state, same.lines_known, same.statement_id) == ("known", 60, more.statement_id)
    _, (other,) = bank.bring(file_of(rows, "2") + b"\n")
    assert (other.state, other.lines_known, other.statement_id) == ("known", 60, more.statement_id)
    assert (BankLine.objects.count(), Receipt.objects.count()) == (60, 60)


def test_a_break_and_a_day_ahead_are_told_with_their_place(bank: Bank) -> None:
    rows = rows_of(40)
    broken = camt053(rows, first="2026-03-01", last="2026-03-12", closing="1.00")
    _, (untied,) = bank.bring(broken)
    assert (untied.state, untied.faults[0]["column"]) == ("not_tied", "closing balance")
    late = [*rows[:30], Row("5.00", f"{NOW.date() + timedelta(days=90)}", ref="X"), *rows[30:]]
    _, (ahead,) = bank.bring(file_of(late))
    assert [fault["code"] for fault in ahead.faults] == ["bank.day_ahead"]
    cut = file_of(rows)[:-60]
    _, (damaged,) = bank.bring(cut)
    assert (damaged.state, damaged.faults[0]["code"]) == ("refused", "xml.broken")
    assert not BankLine.objects.exists()


def test_a_file_on_disk_is_kept_without_being_held(bank: Bank, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(file_of(rows_of(12)))
    told: list[tuple[str, int, int | None]] = []
    upload = keep_upload([BankFile("a.xml", path=path)], **SYSTEM)
    (outcome,) = work_upload(upload, progress=lambda *one: told.append(one), **SYSTEM)
    assert outcome.lines_new == 12
    assert {("read", 12, None), ("compare", 12, 12), ("post", 12, 12)} <= set(told)
    kept = path_of(BankStatement.objects.get().file_sha256)
    assert kept.read_bytes() == path.read_bytes()
    assert not [one for one in kept.parents[1].iterdir() if one.is_file()], "no draft stays"
    with pytest.raises(Refusal) as refusal:
        keep_upload([BankFile("none.xml", path=tmp_path / "none.xml")], **SYSTEM)
    assert refusal.value.code == "import.unreadable"


def test_work_whose_worker_died_goes_on(bank: Bank) -> None:
    with override_settings(HUIKUAN_BACKGROUND_BYTES=0):
        upload = keep_upload([BankFile("a.xml", file_of(rows_of(12)))], **SYSTEM)
        assert not start_upload(upload, **SYSTEM)
    task = DBTaskResult.objects.get(task_path__endswith="import_bank_files")
    assert resume_work(NOW) == 0, "it waits"
    task.status = "RUNNING"
    task.save()
    folder = upload_folder(upload)
    folder.mkdir(parents=True)
    write_progress(folder, Progress(str(task.id), "post", 4, 12))
    with hold_folder(folder):
        assert resume_work(NOW) == 0, "somebody works on it"
        detail = upload_detail(upload)
        assert detail is not None and (detail.is_stopped, detail.percent) == (False, 33)
    detail = upload_detail(upload)
    assert detail is not None and detail.is_stopped
    assert resume_work(NOW) == 1
    assert resume_work(NOW) == 0
    work_off()
    assert BankLine.objects.count() == 12
    detail = upload_detail(upload)
    assert detail is not None and (detail.state, detail.count("imported")) == ("done", 1)


def test_rows_are_read_as_often_as_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_spool, "HELD", 5)
    with SpoolFile(tmp_path / "new") as room:
        one, other = room.spool(), room.spool()
        for number in range(23):
            (one if number % 3 else other).append(Decimal(number))
        assert list(one) == list(one) == [Decimal(number) for number in range(23) if number % 3]
        assert (len(one), len(other), Decimal(9) in other, 9 in one) == (15, 8, True, False)
        room.forget(other)
        assert list(other) == []
    assert not list((tmp_path / "new").iterdir()), "the file has no name"

"""Imports beside other writers: nobody is refused, nothing is posted twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.db import connection

from huikuan.config.environment import SQLITE_WAIT
from huikuan.core.refusals import Refusal
from huikuan.services import imports
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.services.items import NewItem, post_items
from huikuan.services.verifying import verify
from huikuan.store.models import JournalEntry, OpenItem, User
from tests.databases import LedgerDb

DAY = date(2026, 1, 5)
HEAD = "item_id,customer_id,document_date,due_date,currency,amount\n"


def together(*calls: Callable[[], None]) -> list[BaseException]:
    """Runs calls in threads of their own that start at once; gives what they raised."""
    start, raised = threading.Barrier(len(calls)), []

    def run(call: Callable[[], None]) -> None:
        start.wait()
        try:
            call()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def file_of(count: int) -> bytes:
    return (HEAD + "".join(f"I{n},C{n % 9},2026-01-05,2026-02-05,CNY,{n + 1}.00\n" for n in range(count))).encode()


def preview(now: datetime, data: bytes, kind: str = "items") -> int:
    found = imports.preview_upload(actor_id=None, now=now, file_name="f.csv", data=data, kind=kind)
    assert not found.errors_total, [str(error) for error in found.errors]
    return found.batch_id


@pytest.mark.practice("K7", "D9")
def test_people_post_while_a_file_comes_in(ledger_db: LedgerDb, now: datetime) -> None:
    entity_id = add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    account = add_customers(entity_id, [NewCustomer("P", "P")], source="manual", actor_id=None, now=now)["P"]
    batch_id = preview(now, file_of(3000))

    def publish() -> None:
        assert imports.publish(batch_id=batch_id, actor_id=None, now=now).rows == 3000

    def post(letter: str) -> None:
        for number in range(15):
            new = [NewItem(account, f"{letter}{number}", DAY, DAY, "CNY", 100)]
            post_items(entity_id, new, actor_id=None, now=now)

    assert together(publish, lambda: post("x"), lambda: post("y")) == []
    assert OpenItem.objects.count() == 3030
    report = verify()
    assert report.ok, [(check.name, check.detail) for check in report.checks if not check.ok]


@pytest.mark.practice("K7", "D9")
def test_others_wait_for_a_long_publish_and_are_never_refused(sqlite_db: LedgerDb, now: datetime) -> None:
    """SQLite has one writer at a time: services and plain saves alike get their turn, however long it takes."""
    entity_id = add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    account = add_customers(entity_id, [NewCustomer("P", "P")], source="manual", actor_id=None, now=now)["P"]
    person = User.objects.create_user("ann", "ann@example.com", "correct horse 12")
    batch_id = preview(now, file_of(50_000))
    done, began = threading.Event(), threading.Event()
    waits: list[float] = []

    def publish() -> None:
        try:
            result = imports.publish(batch_id=batch_id, actor_id=None, now=now, progress=lambda *_: began.set())
            assert result.rows == 50_000
        finally:
            done.set()
            began.set()

    def write(save: Callable[[int], object]) -> None:
        assert began.wait(600)
        number = 0
        while not done.is_set() or not number:
            begin = time.monotonic()
            save(number)
            waits.append(time.monotonic() - begin)
            number += 1
            time.sleep(0.05)

    def post(number: int) -> None:
        post_items(entity_id, [NewItem(account, f"x{number}", DAY, DAY, "CNY", 100)], actor_id=None, now=now)

    def save(_number: int) -> None:
        User.objects.filter(id=person.pk).update(last_login=now)

    assert together(publish, lambda: write(post), lambda: write(save)) == []
    assert max(waits) > 0.1, "somebody had to wait, or nothing was shown"
    assert max(waits) < SQLITE_WAIT
    posted = OpenItem.objects.filter(external_id__startswith="x").count()
    assert posted and OpenItem.objects.count() == 50_000 + posted


def test_the_same_file_handed_in_twice_at_once_is_posted_once(ledger_db: LedgerDb, now: datetime) -> None:
    add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    data = file_of(500)
    first, second = preview(now, data), preview(now, data)
    rows: list[int] = []

    def publish(batch_id: int) -> None:
        rows.append(imports.publish(batch_id=batch_id, actor_id=None, now=now).rows)

    assert together(lambda: publish(first), lambda: publish(second)) == []
    assert sorted(rows) == [0, 500] and OpenItem.objects.count() == 500
    money = b"application_id,item_id,amount,currency,effective_date\nA1,I9,4.00,CNY,2026-01-09\n"
    first, second = preview(now, money, "applications"), preview(now, money, "applications")
    assert together(lambda: publish(first), lambda: publish(second)) == []
    assert JournalEntry.objects.filter(external_id="A1").count() == 1


def test_one_batch_is_published_by_one_person_at_a_time(ledger_db: LedgerDb, now: datetime) -> None:
    add_entity("E1", "E1", "CNY", actor_id=None, now=now)
    batch_id = preview(now, file_of(2000))

    def publish() -> None:
        imports.publish(batch_id=batch_id, actor_id=None, now=now)

    [refused] = together(publish, publish)
    assert isinstance(refused, Refusal) and refused.code in {"import.in_progress", "import.not_staged"}
    assert OpenItem.objects.count() == 2000

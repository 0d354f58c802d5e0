"""Large files: checked and posted by the worker, watched from a page that may be left and opened again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django_tasks_db.models import DBTaskResult

from huikuan.services import imports, imports_publish
from huikuan.services.imports_background import run_publish, teller
from huikuan.services.imports_batches import get_batch, hold
from huikuan.store.models import ImportBatch, OpenItem
from tests.databases import LedgerDb
from tests.web.test_imports import BAD, GOOD, HEAD, hand_in
from tests.web.test_pages import text_of
from tests.web.world import World, build_world, signed_in
from tests.worker import work_off

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
pytestmark = pytest.mark.practice("K4")


@pytest.fixture
def world(ledger_db: LedgerDb) -> Any:
    with override_settings(HUIKUAN_BACKGROUND_BYTES=0):
        yield build_world()


def checked(client: Client, text: str = HEAD + GOOD) -> tuple[str, int]:
    """The address and the number of a file that the worker has checked."""
    address = hand_in(client, text)["Location"]
    work_off()
    return address, int(address.strip("/").split("/")[-1])


def test_a_large_file_is_checked_and_posted_by_the_worker(world: World) -> None:
    client = signed_in("clerk")
    address = hand_in(client, HEAD + GOOD)["Location"]
    waiting = text_of(client.get(address))
    assert "Waiting for the worker" in waiting
    assert "Post 2 rows" not in waiting
    assert 'hx-trigger="every 1s"' in client.get(address).content.decode()
    work_off()
    assert "Post 2 rows" in text_of(client.get(address))
    client.post(f"{address}post/")
    assert "Waiting for the worker" in text_of(client.get(address))
    assert "To be posted" in text_of(client.get("/receivables/imports/"))
    work_off()
    shown = client.get(address)
    assert "Posted" in text_of(shown)
    assert "every 1s" not in shown.content.decode()
    assert OpenItem.objects.filter(external_id__startswith="A-").count() == 2


def test_two_clicks_post_once(world: World) -> None:
    client = signed_in("clerk")
    address, batch_id = checked(client)
    for _ in range(2):
        assert client.post(f"{address}post/").status_code == 302
    assert DBTaskResult.objects.filter(task_path__endswith="publish_import").count() == 1
    work_off()
    client.post(f"{address}post/")
    work_off()
    assert OpenItem.objects.filter(external_id__startswith="A-").count() == 2
    assert ImportBatch.objects.get(id=batch_id).state == "published"


def test_faults_are_told_and_the_good_rows_posted_when_asked(world: World) -> None:
    client = signed_in("clerk", "zh-hans")
    address, _ = checked(client, HEAD + GOOD + BAD)
    assert "不是金额" in text_of(client.get(address))
    client.post(f"{address}post/")
    work_off()
    assert "一行也没有过账" in text_of(client.get(address))
    client.post(f"{address}post/", {"good_rows_only": "yes"})
    work_off()
    assert OpenItem.objects.filter(external_id__startswith="A-").count() == 2


def test_the_page_shows_how_far_it_is(world: World) -> None:
    client = signed_in("clerk")
    address, batch_id = checked(client)
    client.post(f"{address}post/")
    batch = ImportBatch.objects.get(id=batch_id)
    DBTaskResult.objects.filter(id=batch.task_id).update(status="RUNNING")
    with hold(batch):
        tell = teller(Path(settings.HUIKUAN_HOME) / batch.folder, str(batch.task_id))
        tell("post", 600, 1200)
        shown = client.get(address)
        assert "Posting 600 of 1,200 rows" in text_of(shown)
        assert 'value="50"' in shown.content.decode()


def kill_worker(batch_id: int) -> None:
    """The worker took the task, said so, and died."""
    batch = ImportBatch.objects.get(id=batch_id)
    DBTaskResult.objects.filter(id=batch.task_id).update(status="RUNNING")
    teller(Path(settings.HUIKUAN_HOME) / batch.folder, str(batch.task_id))


def test_what_a_killed_worker_was_posting_can_be_posted_again(world: World) -> None:
    client = signed_in("clerk")
    address, batch_id = checked(client)
    client.post(f"{address}post/")
    kill_worker(batch_id)
    ImportBatch.objects.filter(id=batch_id).update(state="publishing")
    assert "Post 2 rows" in text_of(client.get(address))
    client.post(f"{address}post/")
    work_off()
    assert OpenItem.objects.filter(external_id__startswith="A-").count() == 2


def test_a_check_that_died_is_tried_again_or_given_up(world: World) -> None:
    client = signed_in("clerk")
    address = hand_in(client, HEAD + GOOD)["Location"]
    batch_id = int(address.strip("/").split("/")[-1])
    kill_worker(batch_id)
    assert "The check was interrupted" in text_of(client.get(address))
    assert client.post(f"{address}retry/").status_code == 302
    work_off()
    assert "Post 2 rows" in text_of(client.get(address))
    client.post(f"{address}discard/")
    assert get_batch(batch_id).state == "discarded"


def test_a_fault_of_the_program_is_told_and_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in("clerk")
    address, batch_id = checked(client)
    client.post(f"{address}post/")
    with monkeypatch.context() as patch:

        def fail(*_: Any, **__: Any) -> None:
            raise OSError("the disk is full")

        patch.setattr(imports_publish, "_publish", fail)
        work_off()
    assert "It stopped by a fault of the program" in text_of(client.get(address))
    assert "Post 2 rows" in text_of(client.get(address))
    client.post(f"{address}post/")
    work_off()
    assert "It stopped" not in text_of(client.get(address))
    assert get_batch(batch_id).state == "published"


def test_a_stale_task_posts_nothing(world: World) -> None:
    client = signed_in("clerk")
    address, batch_id = checked(client)
    client.post(f"{address}post/")
    run_publish(batch_id=batch_id, actor_id=None, good_rows_only=False, task_id="another", now=NOW)
    assert get_batch(batch_id).state == "queued"
    client.post(f"{address}discard/")
    work_off()
    assert not OpenItem.objects.filter(external_id__startswith="A-").exists()
    assert imports.sweep(NOW) >= 0


def test_other_columns_are_tried_by_the_worker(world: World) -> None:
    client = signed_in("clerk")
    address, _ = checked(client)
    fields = dict(zip((f"field-{n}" for n in range(6)), HEAD.strip().split(","), strict=True))
    again = client.post(f"{address}check/", fields)["Location"]
    assert again != address
    assert "Waiting for the worker" in text_of(client.get(again))
    work_off()
    assert "Post 2 rows" in text_of(client.get(again))

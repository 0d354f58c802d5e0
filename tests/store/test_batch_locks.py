"""Locks on folders that come and go: whoever looks finds somebody at work or nobody, and never a fault."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from huikuan.services.archives import home_files
from huikuan.store import batch_locks
from huikuan.store.batch_locks import hold_folder, is_held

pytestmark = pytest.mark.practice("K4")
ROUNDS = 200


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Does this again and again in another thread while the block runs; what went wrong there fails the test."""
    over, failed = threading.Event(), []

    def again() -> None:
        try:
            while not over.is_set():
                work()
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=again)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failed


def test_who_looks_is_nobody_at_work(tmp_path: Path) -> None:
    with hold_folder(tmp_path / "one") as mine:
        assert mine
        assert is_held(tmp_path / "one")
        with hold_folder(tmp_path / "one", tries=1) as too:
            assert not too
    assert not is_held(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    with beside(lambda: is_held(tmp_path / "one")):
        assert not any(is_held(tmp_path / "one") for _ in range(ROUNDS))


def test_a_folder_removed_by_whoever_is_done_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "uploads" / "one"

    def work() -> None:
        with hold_folder(folder):
            shutil.rmtree(folder, ignore_errors=True)

    with beside(work):
        for _ in range(ROUNDS):
            is_held(folder)
            with hold_folder(folder):
                pass


def test_who_waited_for_a_folder_that_was_removed_holds_the_one_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock on what was removed would let a third one in beside."""
    folder, opened, found = tmp_path / "one", threading.Event(), []
    real = batch_locks._open_lock

    def open_lock(where: Path) -> int:
        descriptor = real(where)
        opened.set()
        return descriptor

    def wait() -> None:
        with hold_folder(folder, tries=2_000) as mine:
            found.append(mine)
            with hold_folder(folder, tries=1) as third:
                found.append(third)

    waiter = threading.Thread(target=wait)
    with hold_folder(folder):
        monkeypatch.setattr(batch_locks, "_open_lock", open_lock)
        waiter.start()
        assert opened.wait(60)
        shutil.rmtree(folder)
    waiter.join(60)
    assert found == [True, False]


def test_a_backup_walks_past_folders_swept_away(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"kept")

    def come_and_go() -> None:
        (tmp_path / "imports" / "one" / "deep").mkdir(parents=True)
        shutil.rmtree(tmp_path / "imports")

    with beside(come_and_go):
        for _ in range(ROUNDS):
            assert list(home_files(tmp_path, None)) == [("home/kept", tmp_path / "kept")]

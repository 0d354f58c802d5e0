"""The one sealer: gives committed entries their gapless number and the hash that ties each to all before it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from huikuan.core.refusals import Refusal
from huikuan.core.sealing import GENESIS, chain
from huikuan.mirror.digests import digest_tables
from huikuan.mirror.pending import read_pending
from huikuan.mirror.reader import database_snapshot
from huikuan.mirror.segments import write_segments
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import SealHead, SealRun
from huikuan.store.rows import insert_rows

BATCH = 25_000
"""Entries a transaction: on SQLite the write lock is held only while this many seals are written."""


@dataclass(frozen=True, slots=True)
class SealResult:
    sealed: int
    last_seq: int
    head_hash: str


def seal(*, now: datetime, batch: int = BATCH, mirror: bool = True) -> SealResult:
    """Seals every committed entry, a batch a transaction, then brings the mirror up to date where it pays.

    Any number of processes may call it: entries are read and hashed without a lock, and written under the lock of the
    head's row only if the head is still where it was. So posting hardly notices.
    """
    sealed = 0
    while True:
        head = SealHead.objects.filter(id=1).first() or run_in_transaction(lock_head)
        pending = _read(head, batch)
        if run_in_transaction(partial(_write, head, pending, now)):
            sealed += len(pending.entry_ids)
            if len(pending.entry_ids) < batch:
                break
    if mirror:
        write_segments(now=now)
    head = SealHead.objects.get(id=1)
    return SealResult(sealed, head.last_seq, bytes(head.last_hash).hex())


@dataclass(frozen=True, slots=True)
class Pending:
    entry_ids: list[int]
    digests: list[str]
    horizon: int


def _read(head: SealHead, limit: int) -> Pending:
    with database_snapshot():
        batch = read_pending(head, limit)
    if not batch.entry_ids:
        return Pending([], [], batch.horizon)
    digests = digest_tables(batch.journal, batch.items, batch.receipts)
    by_entry = dict(zip(digests["entry_id"].to_pylist(), digests["digest"].to_pylist(), strict=True))
    return Pending(batch.entry_ids, [by_entry[entry_id] for entry_id in batch.entry_ids], batch.horizon)


def _write(seen: SealHead, pending: Pending, now: datetime) -> bool:
    """False when another sealer was faster; nothing is written then."""
    head = lock_head()
    if (head.epoch, head.last_seq, head.horizon) != (seen.epoch, seen.last_seq, seen.horizon):
        return False
    # Strictly after the last one, so that "known on K" never changes once a run at or after K is committed.
    sealed_at = now if head.last_sealed_at is None else max(now, head.last_sealed_at + timedelta(microseconds=1))
    if pending.entry_ids:
        hashes = chain(bytes(head.last_hash), pending.digests)
        first = head.last_seq + 1
        insert_rows(
            "store_seal",
            ("ledger_seq", "entry_id", "hash"),
            [(first + n, entry_id, hashes[n]) for n, entry_id in enumerate(pending.entry_ids)],
        )
        head.last_seq += len(pending.entry_ids)
        head.last_hash = hashes[-1]
        SealRun.objects.create(last_seq=head.last_seq, sealed_at=sealed_at, head_hash=hashes[-1])
    head.horizon = pending.horizon
    head.last_sealed_at = sealed_at
    head.save(update_fields=["last_seq", "last_hash", "horizon", "last_sealed_at"])
    return True


def lock_head() -> SealHead:
    """The head's row, locked; made on first use."""
    head = SealHead.objects.select_for_update().filter(id=1).first()
    if head is None:
        SealHead.objects.get_or_create(id=1, defaults={"epoch": uuid4().hex, "last_hash": GENESIS})
        head = SealHead.objects.select_for_update().get(id=1)
    return head


def heads_folder() -> Path:
    """Where heads are exported to by default and looked for by ``verify``; better a place other people keep."""
    return Path(settings.HEADS_DIR)


def export_head(folder: Path, *, now: datetime) -> Path:
    """Writes the chain's head to a dated file outside the database, where a chain rewritten as a whole would show.

    Refuses ``seal.nothing`` while nothing is sealed.
    """
    head = SealHead.objects.filter(id=1).first()
    if head is None or not head.last_seq:
        raise Refusal("seal.nothing", "nothing is sealed yet")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"head-{now:%Y-%m-%d}.txt"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(
        f"epoch {head.epoch}\nledger_seq {head.last_seq}\nhash {bytes(head.last_hash).hex()}\n"
        f"exported_at {now.isoformat()}\n"
    )
    draft.replace(path)
    return path

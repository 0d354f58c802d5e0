"""The one sealer: gives committed entries their gapless number and the hash that ties each to all before it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from huikuan.core.refusals import Refusal
from huikuan.core.sealing import GENESIS, chain
from huikuan.mirror.digests import digest_tables
from huikuan.mirror.pending import read_pending
from huikuan.mirror.segments import write_segments
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import SealHead, SealRun
from huikuan.store.rows import insert_rows

BATCH = 100_000


@dataclass(frozen=True, slots=True)
class SealResult:
    sealed: int
    last_seq: int
    head_hash: str


def seal(*, now: datetime, batch: int = BATCH, mirror: bool = True) -> SealResult:
    """Seals every committed entry, a batch a transaction, then brings the mirror up to date where it pays.

    Any number of processes may call it; they take turns on the head's row. Posting never waits for it (on SQLite, for
    the moment a batch takes to be written).
    """
    sealed = 0
    while True:
        count = run_in_transaction(lambda: _seal_batch(now, batch))
        sealed += count
        if count < batch:
            break
    if mirror:
        write_segments(now=now)
    head = SealHead.objects.get(id=1)
    return SealResult(sealed, head.last_seq, bytes(head.last_hash).hex())


def _seal_batch(now: datetime, limit: int) -> int:
    head = lock_head()
    # Strictly after the last one, so that "known on K" never changes once a run at or after K is committed.
    sealed_at = now if head.last_sealed_at is None else max(now, head.last_sealed_at + timedelta(microseconds=1))
    batch = read_pending(head, limit)
    if batch.entry_ids:
        digests = digest_tables(batch.journal, batch.items, batch.receipts)
        by_entry = dict(zip(digests["entry_id"].to_pylist(), digests["digest"].to_pylist(), strict=True))
        hashes = chain(bytes(head.last_hash), (by_entry[entry_id] for entry_id in batch.entry_ids))
        first = head.last_seq + 1
        insert_rows(
            "store_seal",
            ("ledger_seq", "entry_id", "hash"),
            [(first + n, entry_id, hashes[n]) for n, entry_id in enumerate(batch.entry_ids)],
        )
        head.last_seq += len(batch.entry_ids)
        head.last_hash = hashes[-1]
        SealRun.objects.create(last_seq=head.last_seq, sealed_at=sealed_at, head_hash=hashes[-1])
    head.horizon = batch.horizon
    head.last_sealed_at = sealed_at
    head.save()
    return len(batch.entry_ids)


def lock_head() -> SealHead:
    """The head's row, locked; made on first use."""
    head = SealHead.objects.select_for_update().filter(id=1).first()
    if head is None:
        SealHead.objects.get_or_create(id=1, defaults={"epoch": uuid4().hex, "last_hash": GENESIS})
        head = SealHead.objects.select_for_update().get(id=1)
    return head


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



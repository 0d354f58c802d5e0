"""Proving the chain and the segments: every hash computed again from the database, every file against its manifest."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection
from django.db.models import Max, Min

from huikuan.core.sealing import GENESIS, chain
from huikuan.mirror.checks import Check
from huikuan.mirror.digests import digest_tables
from huikuan.mirror.pending import unsealed_condition
from huikuan.mirror.segments import fetch_sealed, file_digest, live_segments, mirror_folder
from huikuan.mirror.tables import TABLES
from huikuan.store.models import Seal, SealHead, SealRun

STEP = 250_000


def check_chain() -> Check:
    """Recomputes the chain from the first entry; names the first that does not fit, and what changed where it can."""
    head = SealHead.objects.filter(id=1).first()
    if head is None:
        sealed = Seal.objects.count()
        return Check("chain", sealed == 0, "the chain's head is missing" if sealed else "")
    fault = _check_gapless(head)
    previous = GENESIS
    for first in range(1, head.last_seq + 1, STEP):
        if fault:
            break
        last = min(first + STEP - 1, head.last_seq)
        fault, previous = _check_range(first, last, previous)
    return Check("chain", not fault, fault or "", head.last_seq)


def _check_gapless(head: SealHead) -> str:
    found = Seal.objects.aggregate(first=Min("ledger_seq"), last=Max("ledger_seq"))
    count = Seal.objects.count()
    if (count, found["first"] or 1, found["last"] or 0) != (head.last_seq, 1, head.last_seq):
        return f"{count} seals from {found['first']} to {found['last']}, the head says {head.last_seq}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM store_journalentry e"
            " WHERE NOT EXISTS (SELECT 1 FROM store_seal s WHERE s.entry_id = e.id)"
            f" AND NOT ({unsealed_condition(head)}) ORDER BY e.id LIMIT 1"
        )
        row = cursor.fetchone()
    return f"entry {row[0]} is not sealed and the sealer would miss it" if row else ""


def _check_range(first: int, last: int, previous: bytes) -> tuple[str, bytes]:
    tables = [fetch_sealed(table, first, last) for table in TABLES]
    digests = digest_tables(*tables)
    by_seq = dict(zip(digests["ledger_seq"].to_pylist(), digests["digest"].to_pylist(), strict=True))
    seals = Seal.objects.filter(ledger_seq__gte=first, ledger_seq__lte=last).order_by("ledger_seq")
    runs = {
        run.last_seq: bytes(run.head_hash) for run in SealRun.objects.filter(last_seq__gte=first, last_seq__lte=last)
    }
    for seq, entry_id, stored in seals.values_list("ledger_seq", "entry_id", "hash").iterator(chunk_size=50_000):
        digest = by_seq.get(seq)
        if digest is None:
            return f"ledger_seq {seq}: entry {entry_id} or its postings are gone", previous
        (previous,) = chain(previous, [digest])
        if previous != bytes(stored) or runs.get(seq, previous) != previous:
            return f"ledger_seq {seq}, entry {entry_id}: {_explain(seq, entry_id)}", previous
    head = SealHead.objects.get(id=1)
    if last == head.last_seq and bytes(head.last_hash) != previous:
        return f"ledger_seq {last}: the head's hash differs from the last seal's", previous
    return "", previous


def _explain(seq: int, entry_id: int) -> str:
    """What differs between the database and the segment that was written when the entry was sealed."""
    for table in TABLES:
        now = [row for row in fetch_sealed(table, seq, seq).to_pylist() if row["entry_id"] == entry_id]
        then = _rows_then(table.name, table.schema, seq)
        if then is None:
            return "it is not what was sealed"
        for index in range(max(len(now), len(then))):
            old = then[index] if index < len(then) else None
            new = now[index] if index < len(now) else None
            if old is None or new is None:
                return f"a row of {table.name} was {'added' if old is None else 'removed'}"
            for name in table.schema.names:
                if old[name] != new[name]:
                    return f"{table.name} {name} was {old[name]} when sealed, is {new[name]}"
    return "the seal itself was changed"


def _rows_then(kind: str, schema: pa.Schema, seq: int) -> list[dict[str, object]] | None:
    for segment in live_segments(kind):
        if segment.first_seq <= seq <= segment.last_seq:
            path = mirror_folder() / segment.file_name
            if not path.is_file() or file_digest(path) != segment.sha256:
                return None
            return list(pq.read_table(path, schema=schema, filters=[("ledger_seq", "=", seq)]).to_pylist())
    return None


def check_segments() -> Check:
    """Files present and unchanged, and covering the sealed entries without gap or overlap."""
    head = SealHead.objects.filter(id=1).first()
    mirrored = 0 if head is None else head.mirrored_seq
    count = 0
    for table in TABLES:
        expected = 1
        for segment in live_segments(table.name):
            path = mirror_folder() / segment.file_name
            if segment.first_seq != expected:
                return Check("segments", False, f"{segment.file_name} starts at {segment.first_seq}, not {expected}")
            if not path.is_file():
                return Check("segments", False, f"{segment.file_name} is missing")
            if file_digest(path) != segment.sha256:
                return Check("segments", False, f"{segment.file_name} is not the file that was written")
            expected = segment.last_seq + 1
            count += 1
        if expected != mirrored + 1:
            return Check("segments", False, f"{table.name} is covered to {expected - 1}, the head says {mirrored}")
    return Check("segments", True, "", count)


def check_exported_heads(folder: Path) -> Check:
    """Heads written to files in the past against the chain of today: whoever rewrites the whole chain leaves these."""
    head = SealHead.objects.filter(id=1).first()
    count = 0
    for path in sorted(folder.glob("head-*.txt")):
        told = dict(line.split(" ", 1) for line in path.read_text().splitlines() if " " in line)
        if head is None or told.get("epoch") != head.epoch:
            continue  # another ledger's, or from before this one was restored
        count += 1
        seq = told.get("ledger_seq", "")
        stored = Seal.objects.filter(ledger_seq=int(seq)).first() if seq.isdigit() else None
        if stored is None or bytes(stored.hash).hex() != told.get("hash"):
            return Check("exported_heads", False, f"{path.name}: ledger_seq {seq} had another hash", count)
    return Check("exported_heads", True, "", count)

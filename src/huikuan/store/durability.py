"""How soon an accepted write outlives a power cut. At once, except where the work can simply be done again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def relaxed_durability() -> Iterator[None]:
    """Inside, a commit does not wait for the disk: a power cut may take the last transactions with it, whole ones only.

    For work that finds out itself where to go on. Everything is on disk once the first
    transaction after the block is.
    """
    relax, strict = (
        ("PRAGMA synchronous=NORMAL", ("PRAGMA synchronous=FULL", "PRAGMA wal_checkpoint(TRUNCATE)"))
        if connection.vendor == "sqlite"
        # The next transaction waits for the disk again, and with that for all before it.
        else ("SET synchronous_commit = off", ("RESET synchronous_commit",))
    )
    _run(relax)
    try:
        yield
    finally:
        for statement in strict:
            _run(statement)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

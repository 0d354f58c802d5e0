"""A worker that imports a file: ``python -m tests.faults.importer FILE SOURCE``; says when it is posted."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.harness import READY, acknowledge

NOW = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)


def main(file: str, source: str) -> None:
    import django

    django.setup()
    from huikuan.services import imports

    os.write(1, f"{READY}\n".encode())
    path = Path(file)
    found = imports.preview_upload(actor_id=None, now=NOW, file_name=path.name, path=path, kind="items", source=source)
    acknowledge("staged", found.batch_id)
    result = imports.publish(batch_id=found.batch_id, actor_id=None, now=NOW)
    acknowledge("posted", result.batch_id, result.rows)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The files that statements and advices came in, as they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huikuan.core.refusals import Refusal
from huikuan.mirror.checks import Check
from huikuan.store.files import file_fault, path_of, put_file, put_path
from huikuan.store.models import BankStatement, RemittanceAdvice


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file as it was handed in: its bytes, or where it lies, which it need not fit the memory."""

    name: str
    data: bytes = b""
    path: Path | None = None

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data) if self.path is None else self.path.stat().st_size

    def read(self) -> bytes:
        """All of it."""
        return self.data if self.path is None else self.path.read_bytes()


def keep_bank_file(file: BankFile) -> dict[str, Any]:
    """Keeps the file; gives its name, SHA-256 and size, as an upload remembers them. Refuses ``import.unreadable``."""
    try:
        sha256 = put_file(file.data) if file.path is None else put_path(file.path)
    except OSError as error:
        raise Refusal("import.unreadable", "{name}: {problem}", name=file.name, problem=error.strerror) from None
    return {"name": file.name[:200], "sha256": sha256, "size": path_of(sha256).stat().st_size}


def statement_file(sha256: str, name: str) -> Path:
    """Where the file lies. Refuses ``document.lost`` where it is missing or not what it was."""
    path = path_of(sha256)
    if file_fault(sha256, path.stat().st_size if path.is_file() else 0):
        raise Refusal("document.lost", "The file of {name} is missing or altered.", name=name)
    return path


def check_bank_files() -> Check:
    """For ``verify``: the files of statements and advices are there and are what they were."""
    count = 0
    for what, sha256, size in _files():
        count += 1
        if fault := file_fault(sha256, size):
            return Check("bank files", False, f"{what}: its file {sha256[:2]}/{sha256} is {fault}", count)
    return Check("bank files", True, "", count)


def _files() -> Iterator[tuple[str, str, int]]:
    seen: set[str] = set()
    for what, rows in (
        ("bank statement", BankStatement.objects.order_by("id").values_list("id", "file_sha256", "file_bytes")),
        ("remittance advice", RemittanceAdvice.objects.order_by("id").values_list("id", "file_sha256", "file_bytes")),
    ):
        for number, sha256, size in rows.iterator(chunk_size=1_000):
            if sha256 not in seen:
                seen.add(sha256)
                yield f"{what} {number}", sha256, size

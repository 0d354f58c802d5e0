"""Bytes kept by their own hash below the data folder: ``files/<first two>/<sha256>``. Written once, never changed."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

PIECE = 1 << 20


def files_folder() -> Path:
    return Path(settings.HUIKUAN_HOME) / "files"


def path_of(sha256: str) -> Path:
    return files_folder() / sha256[:2] / sha256


def put_file(data: bytes) -> str:
    """Keeps the bytes, once however often they come; gives their SHA-256. On disk before this returns."""
    digest = hashlib.sha256(data).hexdigest()
    path = path_of(digest)
    if path.is_file() and path.stat().st_size == len(data):
        return digest
    return _keep([data])


def put_path(path: Path) -> str:
    """``put_file`` of a file on disk that need not fit the memory: hashed while it is copied. Raises ``OSError``."""
    with open(path, "rb") as file:
        return _keep(iter(lambda: file.read(PIECE), b""))


def _keep(pieces: Iterable[bytes]) -> str:
    files_folder().mkdir(parents=True, exist_ok=True)
    draft = files_folder() / f".{os.getpid()}.{secrets.token_hex(8)}.part"  # which no backup takes
    digest = hashlib.sha256()
    try:
        with open(draft, "xb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        path = path_of(digest.hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest.hexdigest()


def read_file(sha256: str) -> bytes | None:
    """The bytes, or ``None`` where they are missing or are not what they were."""
    try:
        data = path_of(sha256).read_bytes()
    except FileNotFoundError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def file_fault(sha256: str, size_bytes: int) -> str:
    """``missing``, ``altered`` or nothing. Read in pieces: a document need not fit the memory."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(path_of(sha256), "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError:
        return "missing"
    return "" if size == size_bytes and digest.hexdigest() == sha256 else "altered"

"""How large a file may be, and archives opened within those limits."""

from __future__ import annotations

import io
import zipfile
import zlib

from huikuan.core.refusals import Refusal

FILE_MAX = 20 * 1024 * 1024
"""Bytes of one file handed in, and of one part inside it."""
UNPACKED_MAX = 200 * 1024 * 1024
PARTS_MAX = 2_000
RATIO_MAX = 300


def too_large(name: str) -> Refusal:
    return Refusal(
        "invoice.too_large", "{name} is larger than {size} MB", name=name, size=str(FILE_MAX // (1024 * 1024))
    )


def broken(name: str, why: str) -> Refusal:
    return Refusal("invoice.broken", "{name} cannot be read: {why}", name=name, why=why[:120])


def encrypted(name: str) -> Refusal:
    return Refusal("invoice.encrypted", "{name} is encrypted: hand it in without a password", name=name)


def check_size(data: bytes, name: str) -> None:
    """Refuses ``invoice.too_large`` and ``invoice.empty``."""
    if not data:
        raise Refusal("invoice.empty", "{name} is empty", name=name)
    if len(data) > FILE_MAX:
        raise too_large(name)


def open_archive(data: bytes, name: str) -> dict[str, bytes]:
    """Every part of a zip file by its path. Refuses ``invoice.broken``, ``invoice.encrypted`` and
    ``invoice.bomb``."""
    parts: dict[str, bytes] = {}
    room = UNPACKED_MAX
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = [part for part in archive.infolist() if not part.filename.endswith("/")]
            unpacked = sum(part.file_size for part in listed)
            if len(listed) > PARTS_MAX or unpacked > UNPACKED_MAX or unpacked > RATIO_MAX * len(data) + FILE_MAX:
                raise bomb(name)
            for part in listed:
                if part.flag_bits & 1:
                    raise encrypted(name)
                with archive.open(part) as stream:
                    content = stream.read(room + 1)
                room -= len(content)
                if room < 0:
                    raise bomb(name)
                parts[part.filename.lstrip("/")] = content
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise broken(name, str(error)) from None
    return parts


def bomb(name: str) -> Refusal:
    return Refusal("invoice.bomb", "{name} unpacks to far more than its size: refused for safety", name=name)

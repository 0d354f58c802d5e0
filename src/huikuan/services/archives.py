"""The file of a backup: a zip with the tables, the files of the home folder, and last a manifest with the size and
SHA-256 of each. Knows no database, so that a file can be looked at before there is one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from huikuan.core.refusals import Refusal

FORMAT = 1
MANIFEST = "manifest.json"
TABLES, HOME = "tables/", "home/"
_BLOCK = 1 << 20
_PACKED = frozenset({".zip", ".xlsx", ".pdf", ".png", ".jpg", ".jpeg", ".parquet", ".ofd", ".gz", ".docx"})
_NOT_KEPT = frozenset({"mirror", "static", "static.stamp", "backups", "metrics", ".restoring"})
"""Made again from the rest, or other backups."""


@dataclass(frozen=True, slots=True)
class Member:
    bytes: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """``tables``: name → columns (name and kind) and rows. ``head``: epoch, ledger_seq and hash of the chain.
    ``key``: a fingerprint of the secret key that encrypted what is encrypted."""

    version: str
    created_at: str
    vendor: str
    key: str
    format: int = FORMAT
    migrations: list[list[str]] = field(default_factory=list)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)


class ArchiveWriter:
    """Writes an archive beside its place; ``finish`` puts it there, whole and synced; until then nothing is there."""

    def __init__(self, target: Path, manifest: Manifest) -> None:
        if target.exists():
            raise Refusal("backup.exists", "{file} exists already", file=str(target))
        self.target, self.manifest = target, manifest
        target.parent.mkdir(parents=True, exist_ok=True)
        self.draft = target.with_name(f".{target.name}.{os.getpid()}.part")
        descriptor = os.open(self.draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self.file = os.fdopen(descriptor, "w+b")
        self.zip = zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=2)

    def add(self, name: str, blocks: Iterable[bytes]) -> int:
        """One member; gives how many lines it has."""
        info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        info.external_attr = 0o600 << 16
        info.compress_type = zipfile.ZIP_STORED if Path(name).suffix.lower() in _PACKED else zipfile.ZIP_DEFLATED
        digest, size, lines = hashlib.sha256(), 0, 0
        with self.zip.open(info, "w", force_zip64=True) as out:
            for block in blocks:
                out.write(block)
                digest.update(block)
                size += len(block)
                lines += block.count(b"\n")
        self.manifest.members[name] = Member(size, digest.hexdigest())
        return lines

    def finish(self) -> None:
        data = json.dumps(asdict(self.manifest), ensure_ascii=False, indent=1).encode()
        self.zip.writestr(MANIFEST, data)
        self.zip.close()
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        try:
            # Refused where somebody has put a file of that name there meanwhile.
            os.link(self.draft, self.target)
        except FileExistsError:
            raise Refusal("backup.exists", "{file} exists already", file=str(self.target)) from None
        finally:
            self.draft.unlink()
        folder = os.open(self.target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def abandon(self) -> None:
        with contextlib.suppress(Exception):
            self.zip.close()
        self.file.close()
        self.draft.unlink(missing_ok=True)


class ArchiveReader:
    """An archive that is whole and unaltered as far as its manifest says. Refuses ``backup.damaged`` and
    ``backup.newer``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.zip = zipfile.ZipFile(path)
            data = json.loads(self.zip.read(MANIFEST))
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, NotImplementedError) as error:
            raise damaged(path, "it is no backup, or not all of one") from error
        if data.get("format", 0) > FORMAT:
            raise Refusal("backup.newer", "the backup was made by a newer version ({version})", version=data["version"])
        members = {name: Member(**told) for name, told in data.pop("members").items()}
        self.manifest = Manifest(**data, members=members)

    def check(self) -> None:
        """Reads everything once and compares it with the manifest. Refuses ``backup.damaged``."""
        if {*self.zip.namelist()} != {*self.manifest.members, MANIFEST}:
            raise damaged(self.path, "its list of contents is not what is in it")
        for name in self.manifest.members:
            for _ in self.read(name):
                pass

    def read(self, name: str) -> Iterator[bytes]:
        """A member's bytes; refuses ``backup.damaged`` at their end when they are not what was written."""
        told = self.manifest.members[name]
        digest, size = hashlib.sha256(), 0
        try:
            with self.zip.open(name) as file:
                for block in _blocks(file):
                    digest.update(block)
                    size += len(block)
                    yield block
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            KeyError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise damaged(self.path, f"{name} cannot be read") from error
        if (size, digest.hexdigest()) != (told.bytes, told.sha256):
            raise damaged(self.path, f"{name} is not what was written")

    def extract_home(self, folder: Path) -> int:
        """The files of the home folder into another one; gives how many. Nothing lands outside of it."""
        count = 0
        for name in self.manifest.members:
            if not name.startswith(HOME):
                continue
            way = PurePosixPath(name.removeprefix(HOME))
            if way.is_absolute() or ".." in way.parts or not way.parts:
                raise damaged(self.path, f"{name} would land elsewhere")
            target = folder.joinpath(*way.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                for block in self.read(name):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            count += 1
        return count


def damaged(path: Path, why: str) -> Refusal:
    return Refusal("backup.damaged", "{file} cannot be trusted: {why}", file=path.name, why=why)


def fingerprint(secret_key: str) -> str:
    """Tells two keys apart without giving either away."""
    return hashlib.sha256(b"huikuan:fingerprint:" + secret_key.encode()).hexdigest()[:16]


def home_files(home: Path, database: Path | None) -> Iterator[tuple[str, Path]]:
    """What a backup keeps of a home folder: name and path. Not the database itself, nor what is made again."""
    beside = {database.name + ending for ending in ("", "-wal", "-shm", "-journal")} if database else set()
    # A walk passes over folders that are swept away while it is under way.
    for path in sorted(Path(folder, name) for folder, _, names in os.walk(home) for name in names):
        way = path.relative_to(home)
        top = way.parts[0]
        if top in _NOT_KEPT or top in beside or path.is_symlink() or not path.is_file():
            continue
        if path.name == "lock" or path.name.endswith((".part", ".tmp", ".log")) or "spill" in way.parts:
            continue
        yield HOME + way.as_posix(), path


def file_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _blocks(file)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block

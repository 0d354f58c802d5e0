"""One door for every bank and wallet file: the bytes say what they are, not the file's name."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from huikuan.bank.bai2 import looks_like_bai2, read_bai2
from huikuan.bank.camt import is_camt, read_camt
from huikuan.bank.camt029 import is_camt029, read_camt029
from huikuan.bank.mt940 import looks_like_mt940, read_mt940
from huikuan.bank.ofx import looks_like_ofx, read_ofx
from huikuan.bank.pain002 import is_pain002, read_pain002
from huikuan.bank.source import MIB, Entry, Event, Faults, Options, Source, gather
from huikuan.bank.statement import BadStatement, Line, Statement
from huikuan.bank.table import read_table
from huikuan.bank.xml import local, walk
from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import DataError

_MEMBERS_MAX = 500
_UNPACKED_MAX = 1024 * MIB
_RATIO_MAX = 300
_WRONG = (
    (b"%PDF", "a PDF document: ask the bank for camt, MT940 or CSV"),
    (b"\x1f\x8b", "a compressed (gzip) file: unpack it first"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"Rar!", "a compressed (rar) file: unpack it first"),
    (b"7z\xbc\xaf", "a compressed (7z) file: unpack it first"),
    (b"{\\rtf", "a rich text document"),
)
Reader = Callable[[Source, Faults, Options], Iterator[Event]]


def read_statements(
    data: bytes, name: str, *, currency: str = "", account: str = "", date_order: str = ""
) -> list[Statement]:
    """The statements of a file, whatever its format: camt.052/053/054, camt.029, pain.002, MT940/942, BAI2, OFX/QFX,
    CSV, Excel or HTML of any bank, Alipay and WeChat Pay bills, or a zip of them.

    ``currency`` and ``account`` are for files that do not name them, ``date_order`` (``dmy``, ``mdy``) for files whose
    days cannot be told apart from months. Raises ``BadStatement`` with every fault. Whether balances tie is not asked
    here: see ``check_balances``.
    """
    options = Options(currency, account, date_order)
    statements: list[Statement] = []
    errors: list[DataError] = []
    for source in sources_of(Source(name, data=data)):
        try:
            statements += gather(stream_events(source, options))
        except BadStatement as bad:
            errors += bad.errors
    if errors:
        raise BadStatement(errors)
    return statements


def sources_of(source: Source) -> Iterator[Source]:
    """The file itself; of a zip archive that is no workbook, every file in it. Refuses archives that are bombs."""
    source.check_size()
    if not source.head(4).startswith(b"PK\x03\x04"):
        yield source
        return
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            parts = [part for part in archive.infolist() if not part.filename.endswith("/")]
            names = {part.filename.lstrip("/") for part in parts}
            if "[Content_Types].xml" in names and any(one.startswith("xl/") for one in names):
                yield source
                return
            yield from _members(source, archive, parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise source.bad("file.broken", f"the archive cannot be read ({str(error)[:80]})") from None


def _members(source: Source, archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Iterator[Source]:
    wanted = [one for one in parts if not re.search(r"(^|/)(__MACOSX/|\.)", one.filename)]
    if not wanted:
        raise source.bad("bank.not_recognised", "the archive holds no files")
    unpacked = sum(one.file_size for one in wanted)
    packed = sum(one.compress_size for one in wanted)
    too_dense = unpacked > 20 * MIB and unpacked > _RATIO_MAX * max(packed, 1)
    if len(wanted) > _MEMBERS_MAX or unpacked > _UNPACKED_MAX or packed > source.size or too_dense:
        raise source.bad("file.zip_bomb", "the archive unpacks to far more than its size, or holds too many files")
    for one in wanted:
        if one.flag_bits & 1:
            raise source.bad("file.encrypted", "the archive is encrypted: unpack it first")
        with archive.open(one) as member:
            data = member.read(_UNPACKED_MAX + 1)
        yield Source(f"{source.name}/{one.filename}", data=data)


def stream_events(source: Source, options: Options | None = None) -> Iterator[Event]:
    """One file as a stream of statements opened, lines and statements closed, in bounded memory (Excel excepted, which
    is read whole). At the end ``BadStatement`` is raised if anything was wrong: nothing may be kept before."""
    source.check_size()
    faults = Faults(source.name)
    reader = _reader_of(source)
    known = options or Options()
    for event in reader(source, faults, known):
        yield Entry(event.number, _checked(event.line, faults, known)) if isinstance(event, Entry) else event
    faults.raise_if_any()


def _checked(line: Line, faults: Faults, options: Options) -> Line:
    """The line with a currency that exists and an amount with that currency's decimals, no more."""
    currency = line.currency or options.currency
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        if currency:
            faults.add("bank.currency", f"{currency[:10]!r} is not a currency", line.row, line.element or None)
        elif not any(error.code == "bank.no_currency" for error in faults.errors):
            reason = "the file names no currency: say --currency"
            faults.add("bank.no_currency", reason, line.row, line.element or None)
        return line
    told = line.amount.as_tuple().exponent
    if told == -exponent and currency is line.currency:
        return line
    settled = line.amount.quantize(Decimal(1).scaleb(-exponent))
    if settled != line.amount:
        reason = f"{line.amount:f} has more decimal places than {currency} has"
        faults.add("bank.too_precise", reason, line.row, line.element or None)
    return replace(line, amount=settled, currency=currency)


def _reader_of(source: Source) -> Reader:
    head = source.head()
    for magic, what in _WRONG:
        if head.startswith(magic):
            raise source.bad("bank.not_recognised", f"this is {what}")
    text = _as_text(head)
    if looks_like_ofx(text):
        return read_ofx
    bare = text.lstrip("\ufeff \r\n\t")
    if bare.startswith("<"):
        message = _message(source, bare)
        if is_camt(message):
            return read_camt
        if is_pain002(message):
            return read_pain002
        if is_camt029(message):
            return read_camt029
        if message not in {"", "html", "Workbook", "table"} and "<table" not in bare.lower():
            raise source.bad("bank.not_recognised", f"this XML ({message}) is no bank statement that is known")
        return read_table
    if looks_like_bai2(bare):
        return read_bai2
    if looks_like_mt940(bare):
        return read_mt940
    return read_table


def _as_text(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return head.decode("utf-8", "replace")


def _message(source: Source, start: str) -> str:
    """The name of the message below ``Document``, else of the root; empty where this is no XML at all."""
    if re.match(r"<(!doctype )?(html|table|head|meta|body)", start, re.IGNORECASE):
        return ""
    root = ""
    for seen, (_, element) in enumerate(walk(source)):
        name = local(element)
        if is_camt(name) or is_pain002(name) or is_camt029(name):
            return name
        root = root or name
        if root == "Workbook" or seen > 200:
            break
    return root

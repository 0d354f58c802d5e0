"""What the readers of Chinese e-invoices share: amounts, days, rates and remarks as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from huikuan.invoices.document import (
    ZERO,
    Fault,
    InvoiceDocument,
    Line,
    Party,
    Preceding,
    SourceFormat,
    TaxLine,
    Totals,
)
from huikuan.invoices.trees import FAULTS_MAX, read_decimal, unreadable_amount, unreadable_day

PROFILE = "数电票"

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[\sT]+\d{1,2}:\d{2}(:\d{2})?(\.\d+)?)?")
_PRECEDING = re.compile(
    r"(?:被红冲蓝字(?:数电)?(?:发票|票)?号码|对应(?:正数|蓝字)(?:数电)?(?:发票|票)?号码?)\s*[:：]?\s*([0-9]{8,20})"
)
_KIND = re.compile(r"^(?:数电发票|电子发票|全电发票)\s*[(（](.*)[)）]$")
_NO_RATE = {"免税": "E", "不征税": "O", "出口零税": "Z", "零税率": "Z"}
_STARS = re.compile(r"[*＊]+")


@dataclass(slots=True)
class Reading:
    """Reads values as text and collects what cannot be read."""

    faults: list[Fault] = field(default_factory=list)

    def amount(self, text: str, path: str) -> Decimal | None:
        """``¥1,234.50`` → 1234.50; stars and dashes (no tax) → 0; empty → ``None``."""
        plain = re.sub(r"[\s¥￥,，]", "", text).replace("（", "(").replace("－", "-")
        if not plain:
            return None
        if _STARS.fullmatch(plain) or plain in ("-", "--"):
            return ZERO
        value = read_decimal(plain)
        if value is None and len(self.faults) < FAULTS_MAX:
            self.faults.append(unreadable_amount(path, text))
        return value

    def day(self, text: str, path: str) -> date | None:
        if not text.strip():
            return None
        found = _DAY.fullmatch(text.strip())
        parts = found.groups()[:3] if found else None
        if parts is None and re.fullmatch(r"\d{8}", text.strip()):
            parts = (text[:4], text[4:6], text[6:8])
        try:
            if parts is not None:
                day = date(int(parts[0]), int(parts[1]), int(parts[2]))
                if 1900 <= day.year <= 2199:
                    return day
        except ValueError:
            pass
        self.faults.append(unreadable_day(path, text))
        return None


def read_rate(text: str) -> tuple[str, Decimal | None]:
    """A tax rate (``13%``, ``0.13``, 免税, 不征税) → category and percent; category ``?`` where it cannot be read."""
    plain = text.strip().replace("％", "%")
    if plain in _NO_RATE:
        return _NO_RATE[plain], None
    if _STARS.fullmatch(plain):
        return "E", None
    value = read_decimal(plain.rstrip("%"))
    if value is None or value < 0 or value > 100:
        return "?", None
    percent = value if plain.endswith("%") or value >= 1 else value * 100
    percent = percent.normalize() if percent else ZERO
    return ("S" if percent else "Z"), percent


def preceding_in(remark: str, path: str) -> tuple[Preceding, ...]:
    """The invoice a red-letter invoice's remark says it takes back."""
    return tuple(Preceding(number, path=path) for number in dict.fromkeys(_PRECEDING.findall(remark)))


def tax_lines_of(lines: Iterable[Line], totals: Totals, path: str) -> tuple[TaxLine, ...]:
    """Net and tax per rate, from the lines; of the whole invoice where the lines do not say them."""
    sums: dict[tuple[str, Decimal | None], list[Decimal]] = {}
    for line in lines:
        if line.net is None or line.tax is None or line.category == "?":
            sums.clear()
            break
        parts = sums.setdefault((line.category, line.rate), [ZERO, ZERO])
        parts[0] += line.net
        parts[1] += line.tax
    if not sums:
        return (TaxLine("", None, totals.net, totals.tax, path=path),)
    return tuple(TaxLine(category, rate, net, tax, path=path) for (category, rate), (net, tax) in sums.items())


def build(
    file_name: str,
    source_format: SourceFormat,
    *,
    number: str,
    issue_date: date | None,
    seller: Party,
    buyer: Party,
    totals: Totals,
    lines: tuple[Line, ...],
    remark: str,
    is_red: bool,
    preceding: tuple[Preceding, ...],
    kind: str,
    paths: Mapping[str, str],
    faults: Iterable[Fault],
) -> InvoiceDocument:
    """An invoice in yuan; what is due is the total with tax. ``kind``: special or ordinary, as the invoice says it."""
    found = preceding or preceding_in(remark, paths.get("note", ""))
    red = is_red or (totals.gross is not None and totals.gross < 0)
    name = _KIND.sub(r"\1", kind)
    known = replace(totals, lines_net=totals.net, payable=totals.gross)
    return InvoiceDocument(
        file_name=file_name,
        source_format=source_format,
        profile=f"{PROFILE} {name}".strip(),
        number=number,
        type_code="red" if red else "blue",
        issue_date=issue_date,
        currency="CNY",
        seller=seller,
        buyer=buyer,
        lines=lines,
        tax_lines=tax_lines_of(lines, known, paths.get("net", "")),
        totals=known,
        preceding=found,
        note=remark,
        paths=paths,
        reading=tuple(faults),
    )

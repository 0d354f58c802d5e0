"""The tax platform's Excel of fully digital e-invoices: columns known by their headings, several rows per invoice.

Two kinds of sheet: one row per invoice (发票基础信息), and one row per line (信息汇总表, 明细). With both, the first
gives the totals and the second the lines; with lines only, the totals are added up.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from huikuan.core.refusals import Refusal
from huikuan.invoices.china import Reading, build
from huikuan.invoices.china_xml import read_line
from huikuan.invoices.document import ZERO, Fault, InvoiceDocument, Line, Party, SourceFormat, Totals
from huikuan.invoices.limits import broken

ROWS_MAX = 50_000
HEADING_ROWS = 20
CELLS_MAX = 5_000_000

HEADINGS: dict[str, tuple[str, ...]] = {
    "number": ("数电发票号码", "全电发票号码", "数电票号码", "数电票发票号码", "电子发票号码", "发票号码"),
    "issue_date": ("开票日期", "开具日期", "开票时间"),
    "seller_id": ("销方识别号", "销售方识别号", "销方纳税人识别号", "销售方纳税人识别号", "销方税号", "销售方税号"),
    "seller_name": ("销方名称", "销售方名称", "销货单位名称"),
    "buyer_id": ("购方识别号", "购买方识别号", "购方纳税人识别号", "购买方纳税人识别号", "购方税号", "购买方税号"),
    "buyer_name": ("购买方名称", "购方名称", "购货单位名称"),
    "net": ("金额", "不含税金额", "合计金额", "金额(不含税)"),
    "tax": ("税额", "合计税额"),
    "gross": ("价税合计", "含税金额", "价税合计金额"),
    "rate": ("税率", "税率/征收率", "征收率"),
    "name": ("货物或应税劳务名称", "货物或应税劳务、服务名称", "货物、应税劳务及服务", "项目名称", "商品名称"),
    "unit": ("单位",),
    "quantity": ("数量",),
    "price": ("单价",),
    "kind": ("发票票种", "发票种类", "票种"),
    "state": ("发票状态",),
    "positive": ("是否正数发票",),
    "note": ("备注",),
}
_FIELD_OF = {title: (name, rank) for name, titles in HEADINGS.items() for rank, title in enumerate(titles)}
_FIFTEEN = Context(prec=15)


@dataclass(slots=True)
class Row:
    """A row by meaning; ``path`` is ``sheet!row``."""

    path: str
    texts: dict[str, str]
    number_lost_digits: bool = False


@dataclass(slots=True)
class Bundle:
    """What the sheets say of one invoice. ``twins``: further rows of the same number that say something else."""

    base: Row | None = None
    lines: list[Row] = field(default_factory=list)
    twins: list[Row] = field(default_factory=list)


def read_workbook(data: bytes, parts: dict[str, bytes], file_name: str) -> list[InvoiceDocument]:
    """Every invoice listed, in the order of the sheets. Refuses ``invoice.no_headings``, ``invoice.too_many_rows``."""
    if any(re.search(rb"<!\s*(DOCTYPE|ENTITY)", body[:65_536], re.IGNORECASE) for body in parts.values()):
        sentence = "{name} holds a document type or entities, which are not accepted"
        raise Refusal("invoice.entities", sentence, name=file_name)
    bundles: dict[str, Bundle] = {}
    known = 0
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for title in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(title)
            height, width = (sheet.total_height or 0, sheet.total_width or 0)
            if height > ROWS_MAX + HEADING_ROWS or height * width > CELLS_MAX:
                raise Refusal(
                    "invoice.too_many_rows", "{name} has more than {count} rows", name=file_name, count=ROWS_MAX
                )
            known += _read_sheet(title, sheet.to_python(skip_empty_area=False), bundles)
    except (CalamineError, OSError, ValueError, TypeError) as error:
        raise broken(file_name, str(error)) from None
    if not known:
        sentence = "{name} has no sheet with the headings of the tax platform (数电发票号码, 开票日期, 金额, 税额)"
        raise Refusal("invoice.no_headings", sentence, name=file_name)
    return [_document(file_name, number, bundle) for number, bundle in bundles.items()]


def _read_sheet(title: str, rows: Sequence[Sequence[Any]], bundles: dict[str, Bundle]) -> bool:
    """Adds a sheet's rows to the invoices they belong to; says whether it was one of the platform's sheets."""
    start, columns = _headings(rows)
    if columns is None:
        return False
    is_lines = "name" in columns or "rate" in columns
    for offset, cells in enumerate(rows[start + 1 :], start=start + 2):
        row = _row(f"{title}!{offset}", cells, columns)
        if not any(row.texts.get(name) for name in ("number", "net", "gross")):
            continue
        if row.texts.get("number") in ("合计", "小计") or (
            not row.texts.get("number") and not row.texts.get("buyer_name")
        ):
            continue  # a total below the list
        bundle = bundles.setdefault(row.texts.get("number", "") or row.path, Bundle())
        if is_lines:
            bundle.lines.append(row)
        elif bundle.base is None:
            bundle.base = row
        elif bundle.base.texts != row.texts:
            bundle.twins.append(row)
    return True


def _headings(rows: Sequence[Sequence[Any]]) -> tuple[int, dict[str, int] | None]:
    """The row of headings and the column of each meaning: the most exact heading of those that mean the same."""
    for index, cells in enumerate(rows[:HEADING_ROWS]):
        found: dict[str, tuple[int, int]] = {}
        for column, cell in enumerate(cells):
            title = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(cell)))
            if title in _FIELD_OF:
                name, rank = _FIELD_OF[title]
                if name not in found or rank < found[name][0]:
                    found[name] = (rank, column)
        if {"number", "issue_date"} <= found.keys() and found.keys() & {"net", "gross"}:
            return index, {name: column for name, (_, column) in found.items()}
    return 0, None


def _row(path: str, cells: Sequence[Any], columns: dict[str, int]) -> Row:
    texts, lost = {}, False
    for name, column in columns.items():
        value = cells[column] if column < len(cells) else ""
        texts[name] = _text(value)
        if name == "number" and isinstance(value, float):
            lost = True
        if name == "rate" and isinstance(value, float) and value == 1:
            texts[name] = "1%"
    return Row(path, texts, lost)


def _text(value: Any) -> str:
    if isinstance(value, float):
        exact = _FIFTEEN.create_decimal(Decimal(repr(value)))  # a sheet shows fifteen digits of a binary number
        return f"{exact:f}" if exact.is_finite() and abs(exact) < Decimal(10) ** 25 else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ")[:19] if isinstance(value, datetime) else value.isoformat()
    text = " ".join(str(value).split())
    return "" if text in ("--", "-") else text[:1_000]


def _document(file_name: str, number: str, bundle: Bundle) -> InvoiceDocument:
    reading = Reading()
    head = bundle.base or bundle.lines[0]
    texts = head.texts
    lines = tuple(read_line(row.texts, row.path, index, reading) for index, row in enumerate(bundle.lines, start=1))
    for row in [*bundle.lines, *([bundle.base] if bundle.base else [])]:
        if row.number_lost_digits:
            sentence = "the number is kept as a figure and has lost digits: format the column as text"
            reading.faults.append(Fault("CN-01", row.path, sentence))
            break
    for row in bundle.twins:
        reading.faults.append(Fault("CN-01", row.path, "the same number stands in another row with other content"))
    remark = texts.get("note", "") or (bundle.lines[0].texts.get("note", "") if bundle.lines else "")
    paths = dict.fromkeys(("number", "issue_date", "net", "tax", "gross", "note", "lines"), head.path)
    return build(
        file_name,
        SourceFormat.CN_XLSX,
        number="" if "!" in number else number,
        issue_date=reading.day(texts.get("issue_date", ""), head.path),
        seller=Party(texts.get("seller_name", ""), texts.get("seller_id", "").upper(), path=head.path),
        buyer=Party(texts.get("buyer_name", ""), texts.get("buyer_id", "").upper(), path=head.path),
        totals=_totals(bundle, lines, reading),
        lines=lines,
        remark=remark,
        is_red=texts.get("positive", "") in ("否", "负数", "红字"),
        preceding=(),
        kind=texts.get("kind", ""),
        paths=paths,
        faults=[*reading.faults, *_state_faults(texts, head.path)],
    )


def _totals(bundle: Bundle, lines: tuple[Line, ...], reading: Reading) -> Totals:
    if bundle.base is not None:
        texts, path = bundle.base.texts, bundle.base.path
        return Totals(**{name: reading.amount(texts.get(name, ""), path) for name in ("net", "tax", "gross")})
    sums: dict[str, Decimal | None] = {}
    for name in ("net", "tax", "gross"):
        amounts = [getattr(line, name) for line in lines]
        known = [amount for amount in amounts if amount is not None]
        sums[name] = sum(known, ZERO) if len(known) == len(amounts) else None
    if sums["gross"] is None and sums["net"] is not None and sums["tax"] is not None:
        sums["gross"] = sums["net"] + sums["tax"]
    return Totals(net=sums["net"], tax=sums["tax"], gross=sums["gross"])


def _state_faults(texts: dict[str, str], path: str) -> list[Fault]:
    state = texts.get("state", "")
    if "作废" in state:
        return [Fault("CN-02", path, "the invoice is void (作废): it is not booked")]
    return []

"""Daily sales of a shop, and a platform's own list of what it paid out, out of any table (CSV, Excel): columns known by
their headings, in Chinese and English. Rows keep their place; what cannot be read is refused with it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from huikuan.bank.rows import Cell, Sheet, read_sheets
from huikuan.bank.shop_headings import is_sales, meanings
from huikuan.bank.source import Faults, Source
from huikuan.bank.table_layout import amount_of
from huikuan.bank.table_words import currency_of, tidy
from huikuan.bank.values import day_order, proves_comma, read_day

_MONEY = ("gross", "out", "refund", "fee", "charge", "net", "counted")
_TOTAL = re.compile(r"(本页|总)?(合计|总计|小计)|(grand )?total|总(交易|笔|订单|退款)\S*|summe", re.IGNORECASE)
_REFUND = re.compile(r"退款|退货|退单|refund|return|chargeback", re.IGNORECASE)
_FEE = re.compile(r"收费|手续费|服务费|佣金|扣点|fee|commission", re.IGNORECASE)
_CHARGE = re.compile(
    r"推广|广告|赔付|扣款|运费险|违约|调整|补贴|adjust|advert|penalty|subscription|shipping label", re.IGNORECASE
)
_VOID = re.compile(
    r"失败|关闭|取消|撤销|未支付|待付款|待支付|revok|cancel|void|failed|declined|pending|unpaid|expired", re.IGNORECASE
)
_MOVED = re.compile(r"提现|转账到银行|结算到|payout|withdraw|transfer to bank", re.IGNORECASE)
_HEADINGS_WITHIN = 60
ROWS_MAX = 1_000_000
_ORDER_MAX = 120


@dataclass(frozen=True, slots=True)
class SaleRow:
    """An order or refund (or a till's total). ``gross``: refunds negative. ``fee``: what the platform keeps of it, what
    it gives back negative; ``None`` where the file does not say. ``counted``: what was in the till. ``charge``: kept
    without belonging to an order."""

    row: int
    day: date | None
    order_number: str
    pay_method: str
    gross: Decimal
    fee: Decimal | None = None
    counted: Decimal | None = None
    responsible: str = ""
    charge: Decimal = Decimal(0)
    paid_out_on: date | None = None
    payout_ref: str = ""

    @property
    def is_refund(self) -> bool:
        return self.gross < 0

    @property
    def net(self) -> Decimal:
        return self.gross - (self.fee or 0) - self.charge


@dataclass(frozen=True, slots=True)
class ShopTable:
    """``is_details``: the file is of what was paid out. ``columns``: heading by meaning, to see how the file was
    understood. ``left_out``: rows of orders that were never paid."""

    rows: tuple[SaleRow, ...]
    is_details: bool
    columns: dict[str, str]
    currency: str
    left_out: int


def read_shop_table(source: Source) -> ShopTable:
    """The sales in a file; of a workbook, of its first sheet that has any.

    Raises ``BadStatement`` with ``shop_file.no_table`` (no sheet has a day beside an amount), or with every row whose
    day or amount cannot be read (``shop_file.bad_day``, ``shop_file.bad_amount``).
    """
    source.check_size()
    for sheet in read_sheets(source):
        found = _sheet(sheet, source)
        if found is not None:
            return found
    raise source.bad(
        "shop_file.no_table", "no table was found that has a day and an amount of sales among its headings"
    )


def _sheet(sheet: Sheet, source: Source) -> ShopTable | None:
    rows = list(itertools.islice(sheet.rows, ROWS_MAX + 1))
    if len(rows) > ROWS_MAX:
        raise source.bad("file.too_large", f"the file has more than {ROWS_MAX:,} rows")
    scored = [(meanings(cells), at) for at, (_, cells) in enumerate(rows[:_HEADINGS_WITHIN])]
    fitting = [one for one in scored if is_sales(one[0])]
    if not fitting:
        return None
    columns, header = max(fitting, key=lambda one: (len(one[0]), -one[1]))
    body = rows[header + 1 :]
    reader = _Reader(columns, _comma(body, columns), _order(body, columns), Faults(source.name))
    for row, cells in body:
        reader.read(row, cells)
    reader.faults.raise_if_any()
    heads = rows[header][1]
    told = next((tidy(cells[columns["currency"]]) for _, cells in body[:50] if _has(cells, columns, "currency")), "")
    is_details = bool(columns.keys() & {"paid_out_on", "payout_ref"})
    return ShopTable(
        tuple(reader.found),
        is_details,
        {name: tidy(heads[at]) for name, at in columns.items()},
        currency_of(told) or "" if told else "",
        reader.left_out,
    )


def _has(cells: Sequence[Cell], columns: dict[str, int], name: str) -> bool:
    at = columns.get(name)
    return at is not None and at < len(cells) and bool(tidy(cells[at]))


def _comma(rows: Sequence[tuple[int, Sequence[Cell]]], columns: dict[str, int]) -> bool:
    proofs = [
        proof
        for _, cells in rows[:500]
        for name in _MONEY
        if _has(cells, columns, name) and isinstance(cells[columns[name]], str)
        if (proof := proves_comma(str(cells[columns[name]]))) is not None
    ]
    return sum(proofs) * 2 > len(proofs)


def _order(rows: Sequence[tuple[int, Sequence[Cell]]], columns: dict[str, int]) -> str:
    """``dmy`` or ``mdy`` where a day of the file proves it; else nothing, and 03/04/2025 is refused."""
    for _, cells in rows[:5_000]:
        for name in ("day", "paid_out_on"):
            if _has(cells, columns, name) and isinstance(cells[columns[name]], str):
                proved = day_order(str(cells[columns[name]]))
                if proved in ("dmy", "mdy"):
                    return proved
    return ""


class _Reader:
    """Rows of one table. A row that is two things (a sale with a refund on it) gives two."""

    def __init__(self, columns: dict[str, int], comma: bool, order: str, faults: Faults) -> None:
        self.columns, self.comma, self.order, self.faults = columns, comma, order, faults
        self.found: list[SaleRow] = []
        self.left_out = 0

    def _text(self, cells: Sequence[Cell], name: str) -> str:
        at = self.columns.get(name)
        return tidy(cells[at]) if at is not None and at < len(cells) else ""

    def _amount(self, row: int, cells: Sequence[Cell], name: str) -> Decimal | None:
        text = self._text(cells, name)
        if not text:
            return None
        found = amount_of(cells[self.columns[name]], self.comma)
        if found is None:
            self.faults.add("shop_file.bad_amount", f"“{text[:40]}” is no amount", row, name)
        return found

    def _day(self, row: int, cells: Sequence[Cell], name: str) -> date | None:
        text = self._text(cells, name)
        if not text:
            return None
        found = read_day(cells[self.columns[name]], self.order)
        if found is None:
            self.faults.add("shop_file.bad_day", f"“{text[:40]}” is no day that has one reading", row, name)
        return found

    def read(self, row: int, cells: Sequence[Cell]) -> None:
        first = next((text for cell in cells if (text := tidy(cell))), "")
        dated = _has(cells, self.columns, "day") or _has(cells, self.columns, "paid_out_on")
        if not first or _TOTAL.match(first) or first.startswith("#") or (not dated and len(first) > 20):
            return
        if not any(_has(cells, self.columns, name) for name in _MONEY):
            return
        if not dated:
            self.faults.add("shop_file.bad_day", "the row has an amount and no day", row)
            return
        kind, status = self._text(cells, "kind"), self._text(cells, "status")
        # An order paid back whole, without an amount of its own: nothing is left of it.
        is_back = bool(_REFUND.search(status)) and not self._text(cells, "refund").strip("0.,")
        if (_VOID.search(f"{kind} {status}") and not _REFUND.search(kind + status)) or (is_back and not kind):
            self.left_out += 1
            return
        if _MOVED.search(kind):
            return
        self._sale(row, cells, kind)

    def _sale(self, row: int, cells: Sequence[Cell], kind: str) -> None:
        amounts = {name: self._amount(row, cells, name) for name in _MONEY}
        day, paid_on = self._day(row, cells, "day"), self._day(row, cells, "paid_out_on")
        number = self._text(cells, "order")[:_ORDER_MAX]
        counted = amounts["counted"]
        charge = abs(amounts["charge"] or Decimal(0))
        refund = abs(amounts["refund"] or Decimal(0))
        fee = amounts["fee"]
        gross = self._gross(amounts, kind)
        if _FEE.search(kind) and not _REFUND.search(kind) and gross and not fee:
            gross, fee, refund = Decimal(0), -gross, Decimal(0)
        elif _CHARGE.search(kind) and gross and not number:
            gross, charge = Decimal(0), -gross
        elif fee is None and amounts["net"] is not None and amounts["gross"] is not None:
            fee = gross - refund - charge - amounts["net"]
        elif fee is not None:  # files show it with either sign; given back it goes with a refund
            fee = -abs(fee) if gross - refund < 0 else abs(fee)
        make = partial(
            SaleRow,
            row=row,
            day=day or paid_on,
            order_number=number,
            pay_method=self._text(cells, "method")[:60],
            paid_out_on=paid_on,
            payout_ref=self._text(cells, "payout_ref")[:_ORDER_MAX],
        )
        if gross or charge or (fee and not refund) or counted is not None:
            whose = self._text(cells, "responsible")[:120]
            self.found.append(make(gross=gross, fee=fee, counted=counted, responsible=whose, charge=charge))
            fee = None if fee is None else Decimal(0)
        if refund:
            self.found.append(make(gross=-refund, fee=fee))

    def _gross(self, amounts: dict[str, Decimal | None], kind: str) -> Decimal:
        gross = amounts["gross"]
        if not gross and amounts["out"]:
            gross = -abs(amounts["out"])
        if gross is None and amounts["net"] is not None:
            gross = amounts["net"] + abs(amounts["fee"] or Decimal(0))
        if gross is None:
            gross = amounts["counted"] or Decimal(0)
        return -abs(gross) if _REFUND.search(kind) and not amounts["refund"] else gross

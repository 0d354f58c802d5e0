"""One row of a bank's table → a line, a balance, or something that is no movement."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from huikuan.bank.rows import Cell
from huikuan.bank.source import Faults
from huikuan.bank.statement import Balance, Line, LineStatus, StatementFormat
from huikuan.bank.table_layout import Layout, amount_of
from huikuan.bank.table_words import CLOSING, OPENING, TOTALS, currency_of, direction, status_of, tidy
from huikuan.bank.values import EMPTY, read_day

_PAID_OUT = re.compile(r"提现|还款|付款|转出到银行")
_PAID_IN = re.compile(r"充值|退款")
_FEE = re.compile(r"服务费\s*[¥￥]?\s*(\d+(?:\.\d{1,2})?)")
_RETURN = re.compile(r"退票|退汇|退回|冲正|冲销|returned|reversal|chargeback|rücklastschrift|retoure", re.IGNORECASE)
_REFUNDED = re.compile(r"退款|\brefund\b", re.IGNORECASE)
_NAME_AND_NUMBER = re.compile(r"(.*?[^\d\s*_\-])\s*([\d*]{9,32})")
_NOTES_MAX = 20


class RowReader:
    """Reads rows by a layout. After ``read``: ``account`` of the row, ``rest`` of a row that was no movement."""

    def __init__(
        self, layout: Layout, faults: Faults, kind: StatementFormat, currency: str, closed: frozenset[str]
    ) -> None:
        self.layout = layout
        self.faults = faults
        self.kind = kind
        self.currency = currency
        self.closed = closed
        self.account = ""
        self.place = ""
        self.rest: list[str] = []
        self.opening: Balance | None = None
        self.closing: Balance | None = None
        self._names = [cell.strip() for cell in layout.headings]
        self._lines = 0

    def read(self, row: int, cells: list[Cell]) -> Line | None:
        """The row's line; ``None`` (with ``rest``, or a fault) where it is none."""
        self.rest = []
        day, at = self._day(cells)
        if day is None:
            self._no_day(row, cells, at)
            return None
        faults = self.faults.total
        amount, sign_known = self._amount(row, cells)
        if amount is not None and (told := self._named_balance(cells)):
            self._keep_balance(told, Balance(amount, day, self.currency, row))
            return None
        balance = self._optional(row, cells, "balance")
        text = self._all(cells, "remittance_text")
        kind_text = self._all(cells, "transaction_text")
        if amount is None:
            if self.faults.total == faults:
                self._no_amount(row, cells, day, balance)
            return None
        currency = self._currency(row, cells)
        status, amount = self._status(cells, amount, sign_known, f"{kind_text} {text} {self._text(cells, 'status')}")
        if self.faults.total != faults:
            return None
        fee = self._fee(row, cells, text)
        gross = self._optional(row, cells, "gross")
        if gross is not None and self.layout.first("mark") is not None and not self.layout.amount_is_signed:
            gross = gross.copy_sign(amount)
        if fee and self._comes_off():
            gross, amount = amount, amount - fee
        self._lines += 1
        self.account = self._text(cells, "account")
        name, account, bank = self._party(cells, amount)
        place = self._all(cells, "place")
        return Line(
            ordinal=self._lines,
            row=row,
            element=self.place,
            booking_date=day,
            value_date=self._other_day(row, cells),
            amount=amount,
            currency=currency,
            status=status,
            payer_name=name,
            payer_account=account,
            payer_bank=bank,
            ultimate_party=self._text(cells, "ultimate_party"),
            remittance_text=" ".join(part for part in (text, place) if part),
            end_to_end_id=self._text(cells, "end_to_end_id"),
            mandate_id=self._text(cells, "mandate_id"),
            bank_reference=self._text(cells, "bank_reference"),
            transaction_code="",
            transaction_text=kind_text,
            is_return=self._is_return(cells, amount, kind_text, text),
            original_amount=gross if gross is not None and gross != amount else None,
            original_currency=currency if gross is not None and gross != amount else "",
            fee=fee or None,
            balance=balance,
        )

    # days

    def _day(self, cells: list[Cell]) -> tuple[date | None, int]:
        positions = self.layout.columns["booking_date"]
        for at in positions:
            value = cells[at] if at < len(cells) else None
            if value is not None and (day := read_day(value, self.layout.date_order)):
                return day, at
        return None, positions[0]

    def _other_day(self, row: int, cells: list[Cell]) -> date | None:
        at = self.layout.first("value_date")
        if at is None or at >= len(cells) or not tidy(cells[at]):
            return None
        day = read_day(cells[at], self.layout.date_order)
        if day is None and str(cells[at]).strip() not in {"0", "00000000"}:
            self.faults.add("bank.date", f"{tidy(cells[at])[:40]!r} is not a day", row, self.layout.heading(at))
        return day

    def _no_day(self, row: int, cells: list[Cell], at: int) -> None:
        """A total, a note, a heading again, an empty row; else a fault."""
        texts = [tidy(cell) for cell in cells]
        filled = [text for text in texts if text]
        if not filled or [str(cell or "").strip() for cell in cells] == self._names:
            return
        self.rest = texts
        money = any(
            self._filled(cells, name) and amount_of(cells[position], self.layout.comma)
            for name in ("credit", "debit", "amount")
            for position in self.layout.columns.get(name, [])[:1]
        )
        told = tidy(cells[at]) if at < len(cells) else ""
        joined = " ".join(filled)
        if OPENING.search(joined) or CLOSING.search(joined):
            self._told_balance(row, cells, joined, None)
        if not money or TOTALS.search(filled[0]) or TOTALS.search(joined[:40]) or len(filled) <= 2:
            return
        what = f"{told[:40]!r} is not a day" if told else "the row has an amount and no day"
        self.faults.add("bank.date", what, row, self.layout.heading(at))

    def _no_amount(self, row: int, cells: list[Cell], day: date, balance: Decimal | None) -> None:
        joined = " ".join(tidy(cell) for cell in cells)
        if balance is not None and (OPENING.search(joined) or CLOSING.search(joined) or TOTALS.search(joined)):
            self._told_balance(row, cells, joined, day)
            return
        self.faults.add("bank.amount", "the row has a day and no amount", row, self._money_heading())

    def _told_balance(self, row: int, cells: list[Cell], text: str, day: date | None) -> None:
        at = self.layout.first("balance")
        amount = amount_of(cells[at], self.layout.comma) if at is not None and at < len(cells) else None
        if amount is None:
            return
        self._keep_balance(text, Balance(amount, day, self.currency, row))

    def _named_balance(self, cells: list[Cell]) -> str:
        """A cell that says nothing but that the row is an opening or a closing balance."""
        found = (tidy(cell) for cell in cells if isinstance(cell, str))
        return next((text for text in found if OPENING.fullmatch(text) or CLOSING.fullmatch(text)), "")

    def _keep_balance(self, text: str, balance: Balance) -> None:
        if CLOSING.search(text) or (self._lines and not OPENING.search(text)):
            self.closing = balance
        else:
            self.opening = balance

    # money

    def _filled(self, cells: list[Cell], name: str) -> bool:
        at = self.layout.first(name)
        if at is None or at >= len(cells) or cells[at] is None:
            return False
        return str(cells[at]).strip(" `'\t").casefold() not in EMPTY and bool(tidy(cells[at]))

    def _optional(self, row: int, cells: list[Cell], name: str) -> Decimal | None:
        """The amount in a column; ``None`` where it is empty or, with a fault, cannot be read."""
        at = self.layout.first(name)
        if at is None or not self._filled(cells, name):
            return None
        value = amount_of(cells[at], self.layout.comma)
        if value is None:
            reason = f"{tidy(cells[at])[:40]!r} is not an amount"
            self.faults.add("bank.amount", reason, row, self.layout.heading(at))
        return value

    def _money_heading(self) -> str:
        for name in ("amount", "credit", "debit"):
            if self.layout.first(name) is not None:
                return self.layout.heading(self.layout.first(name))
        return ""

    def _amount(self, row: int, cells: list[Cell]) -> tuple[Decimal | None, bool]:
        """The signed amount, and whether its direction is known (a wallet's neutral rows have none)."""
        if "amount" not in self.layout.columns:
            return self._two_columns(row, cells), True
        amount = self._optional(row, cells, "amount")
        refund = self._optional(row, cells, "refund")
        at = self.layout.first("mark")
        word = tidy(cells[at]) if at is not None and at < len(cells) else ""
        sign = direction(word)
        if refund:
            amount = (amount or Decimal(0)) - abs(refund)
            return (amount * sign if sign else amount), True
        if amount is None or at is None:
            return amount, True
        if sign == 0 and amount < 0:
            return amount, True
        if sign is None or (sign == 0 and self.kind is StatementFormat.TABLE):
            reason = f"{word[:30]!r} does not tell whether money came or went"
            self.faults.add("bank.mark", reason, row, self.layout.heading(at))
            return None, True
        if sign == 0 or self.layout.amount_is_signed:
            return amount, sign != 0
        return amount * sign, True

    def _two_columns(self, row: int, cells: list[Cell]) -> Decimal | None:
        credit, debit = self._optional(row, cells, "credit"), self._optional(row, cells, "debit")
        if credit is None and debit is None:
            return None
        if credit and debit:
            heading = self.layout.heading(self.layout.first("debit"))
            self.faults.add("bank.two_amounts", "the row has money both in and out", row, heading)
            return None
        out = debit or Decimal(0)
        return (credit or Decimal(0)) + (out if self.layout.debit_is_signed else -out)

    def _currency(self, row: int, cells: list[Cell]) -> str:
        at = self.layout.first("currency")
        word = tidy(cells[at]) if at is not None and at < len(cells) else ""
        found = currency_of(word) if word else self.currency
        if found:
            return found
        heading = self.layout.heading(at)
        if word:
            self.faults.add("bank.currency", f"{word[:20]!r} is not a currency", row, heading)
        return ""

    def _fee(self, row: int, cells: list[Cell], text: str) -> Decimal | None:
        fee = self._optional(row, cells, "fee")
        if fee is not None:
            return -fee if self.layout.fee_is_negative else fee
        found = _FEE.search(text) if self.kind is not StatementFormat.TABLE else None
        return Decimal(found[1]) if found else None

    def _comes_off(self) -> bool:
        """Whether a fee beside an amount goes off it: a wallet's does, unless its balances prove another thing."""
        if self.layout.fee_comes_off is None:
            return self.kind is not StatementFormat.TABLE and self.layout.first("fee") is not None
        return self.layout.fee_comes_off

    def _status(self, cells: list[Cell], amount: Decimal, sign_known: bool, text: str) -> tuple[LineStatus, Decimal]:
        """Whether the row moved money, and a wallet's neutral row with its direction."""
        told = self._text(cells, "status")
        status = status_of(told)
        if "等待确认收货" in told and amount < 0:
            status = LineStatus.BOOKED  # the money has left; the seller only waits for it
        reference = self._text(cells, "bank_reference")
        if reference.partition("_")[0] in self.closed and "退款" in text:
            return LineStatus.INFORMATION, amount  # what is paid back was never taken
        if sign_known:
            return (LineStatus.INFORMATION if amount == 0 else status), amount
        if _PAID_OUT.search(text):
            return status, -amount
        return (status if _PAID_IN.search(text) else LineStatus.INFORMATION), amount

    def _is_return(self, cells: list[Cell], amount: Decimal, kind_text: str, text: str) -> bool:
        """Money that had come and went back; in a wallet's bill so does what is refunded."""
        if _RETURN.search(kind_text) or _RETURN.search(text):
            return True
        told = f"{kind_text} {text} {self._text(cells, 'status')}"
        is_refund = self._filled(cells, "refund") or bool(_REFUNDED.search(told))
        return self.kind is not StatementFormat.TABLE and amount < 0 and is_refund

    # words

    def _text(self, cells: list[Cell], name: str) -> str:
        for at in self.layout.columns.get(name, []):
            if at < len(cells) and (text := tidy(cells[at])):
                return text
        return ""

    def _all(self, cells: list[Cell], name: str) -> str:
        texts = [tidy(cells[at]) for at in self.layout.columns.get(name, []) if at < len(cells)]
        kept: list[str] = []
        for text in texts:
            if text and not any(text in other for other in kept):
                kept.append(text)
        return " ".join(kept)[:4000]

    def _party(self, cells: list[Cell], amount: Decimal) -> tuple[str, str, str]:
        """Name, account and bank of the other side: who paid where money came, who was paid where it went."""
        sides = ("from", "to") if amount >= 0 else ("to", "from")
        found = []
        for what in ("name", "account", "bank"):
            text = self._text(cells, f"payer_{what}")
            if not text:
                here, there = (self._text(cells, f"{side}_{what}") for side in sides)
                both = f"{sides[0]}_{what}" in self.layout.columns
                text = here if both else there
            found.append(text)
        name, account, bank = found
        if name and not account and (split := _NAME_AND_NUMBER.fullmatch(name)):
            name, account = split[1].strip(), split[2]
        return name, account, bank

"""Where a bank's table begins, which column is what, and how it writes amounts, days and directions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from huikuan.bank.headings import IGNORED, fold, meaning
from huikuan.bank.rows import Cell
from huikuan.bank.table_words import direction, tidy
from huikuan.bank.values import EMPTY, day_order, marked_amount, proves_comma, read_day, settle_number
from huikuan.core.said import Said

HEAD_ROWS = 1_000
"""Rows looked at before the first is read."""
HEADINGS_WITHIN = 80
_MONEY = ("credit", "debit", "amount")
_OF_A_GROUP = re.compile(r"(信息|资料|情况|明细)$")
_MANY = frozenset(
    {"remittance_text", "transaction_text", "payer_name", "payer_bank", "end_to_end_id", "place", "voucher"}
)
Row = tuple[int, list[Cell]]


@dataclass(slots=True)
class Layout:
    """A table as it will be read. ``columns``: field → positions, the surest first."""

    header_at: int
    headings: list[str]
    columns: dict[str, list[int]]
    notes: list[Said] = field(default_factory=list)
    comma: bool = False
    date_order: str = ""
    debit_is_signed: bool = False
    amount_is_signed: bool = False
    fee_is_negative: bool = False
    fee_comes_off: bool | None = None
    """Whether a fee goes off the amount beside it: what balances or a net column prove; ``None`` where nothing does."""

    def first(self, name: str) -> int | None:
        found = self.columns.get(name)
        return found[0] if found else None

    def heading(self, at: int | None) -> str:
        return self.headings[at] if at is not None and at < len(self.headings) else ""


def find_layout(rows: Sequence[Row], delimiter: str = "", told: Mapping[str, str] | None = None) -> Layout | None:
    """The table of a sheet; ``None`` where no row names a day and money. ``told``: folded heading → field, as a person
    settled it."""
    told = told or {}
    best: tuple[int, int, list[str]] | None = None
    for at, (_, cells) in enumerate(rows[:HEADINGS_WITHIN]):
        names = [_heading(cell) for cell in cells]
        score = _score(names, told)
        if score and (best is None or score > best[0]):
            best = (score, at, names)
    if best is None:
        return None
    _, at, names = best
    at, names = _second_line(rows, at, names)
    layout = Layout(at, names, _columns(names, told))
    sample = [cells for _, cells in rows[at + 1 :]]
    _settle_days(layout, sample)
    if not layout.columns.get("booking_date"):
        return None
    _settle_numbers(layout, sample, delimiter)
    _settle_money(layout, sample)
    _settle_parties(layout, sample)
    return layout if any(name in layout.columns for name in _MONEY) else None


def _heading(cell: Cell) -> str:
    return cell.strip(" \t`'") if isinstance(cell, str) else ""


def _meaning(name: str, told: Mapping[str, str]) -> tuple[str, int] | None:
    field = told.get(fold(name)) if told else None
    return (field, 10) if field else meaning(name)


def _score(names: list[str], told: Mapping[str, str]) -> int:
    """How many fields a row names; 0 where it names no day or no money."""
    found = {one[0] for name in names if (one := _meaning(name, told)) and one[0] != IGNORED}
    has_day = bool(found & {"booking_date", "value_date"})
    return len(found) if has_day and found & set(_MONEY) and len(found) >= 3 else 0


def _second_line(rows: Sequence[Row], at: int, names: list[str]) -> tuple[int, list[str]]:
    """Headings in two rows (a language each, or a group above its columns) are put together."""
    if at + 1 >= len(rows):
        return at, names
    cells = rows[at + 1][1]
    below = [_heading(cell) for cell in cells]
    known = sum(meaning(name) is not None for name in below)
    told = any(amount_of(cell, False) is not None or read_day(cell, "dmy") for cell in cells if tidy(cell))
    if known < 2 or told:
        return at, names
    width = max(len(names), len(below))
    upper = names + [""] * (width - len(names))
    lower = below + [""] * (width - len(below))
    group, found = "", []
    for column, (one, other) in enumerate(zip(upper, lower, strict=True)):
        group = one or group
        stands_above = not one or (column + 1 < width and not upper[column + 1] and bool(lower[column + 1]))
        if other and stands_above:
            found.append(_under(group, other))
        else:
            found.append(one if meaning(one) or not other else other)
    return at + 1, found


def _under(group: str, name: str) -> str:
    """The heading of a column under one that stands above several: both together where that says more."""
    both = f"{_OF_A_GROUP.sub('', group)}{name}"
    return both if meaning(both) else name


def _columns(names: list[str], told: Mapping[str, str]) -> dict[str, list[int]]:
    scored: dict[str, list[tuple[int, int]]] = {}
    for at, name in enumerate(names):
        found = _meaning(name, told)
        if found and found[0] != IGNORED:
            scored.setdefault(found[0], []).append((-found[1], at))
    return {name: [at for _, at in (found if name in _MANY else sorted(found))] for name, found in scored.items()}


def _values(sample: Sequence[list[Cell]], at: int, many: int = 300) -> list[Cell]:
    """Filled cells of a column, placeholders left out."""
    found: list[Cell] = []
    for cells in sample:
        value = cells[at] if at < len(cells) else None
        if value is not None and tidy(value) and str(value).strip().casefold() not in EMPTY:
            found.append(value)
            if len(found) >= many:
                break
    return found


def _settle_days(layout: Layout, sample: Sequence[list[Cell]]) -> None:
    """Days first: the surest heading whose cells are days, and the order of day and month they prove."""
    for name in ("booking_date", "value_date"):
        fitting = []
        for at in layout.columns.get(name, []):
            values = _values(sample, at)
            days = sum(_is_day(value) for value in values)
            if not values or days * 2 >= len(values):
                fitting.append((not values, at))
        # An empty column is no reason to leave a filled one.
        layout.columns[name] = [at for empty, at in fitting if not empty] or [at for _, at in fitting]
    if not layout.columns["booking_date"]:
        layout.columns["booking_date"] = layout.columns["value_date"][:1]
    proofs = set()
    for name in ("booking_date", "value_date"):
        for at in layout.columns[name]:
            proofs |= {day_order(str(value)) for value in _values(sample, at, HEAD_ROWS)}
    if "dmy" in proofs or "mdy" in proofs:
        layout.date_order = "dmy" if "dmy" in proofs else "mdy"
    elif "either" in proofs:
        layout.date_order = "?"


def _is_day(value: Cell) -> bool:
    if isinstance(value, date | datetime):
        return True
    return read_day(value, "dmy") is not None or read_day(value, "mdy") is not None


def _settle_numbers(layout: Layout, sample: Sequence[list[Cell]], delimiter: str) -> None:
    """One decimal mark for the whole table."""
    proofs = [
        proof
        for name in (*_MONEY, "balance", "fee", "gross", "refund")
        for at in layout.columns.get(name, [])
        for value in _values(sample, at)
        if isinstance(value, str) and (proof := proves_comma(value)) is not None
    ]
    commas = sum(proofs)
    layout.comma = commas * 2 > len(proofs) if proofs else delimiter == ";"
    for name in (*_MONEY, "balance", "fee", "gross", "refund"):
        fitting = []
        for at in layout.columns.get(name, []):
            values = _values(sample, at)
            numbers = sum(amount_of(value, layout.comma) is not None for value in values)
            if values and not numbers:
                place: dict[str, str | int] = {"heading": layout.heading(at)}
                layout.notes.append(Said("the column “{heading}” holds no amounts and is not read", place))
            else:
                fitting.append((not values, at))
        positions = [at for empty, at in fitting if not empty] or [at for _, at in fitting]
        if positions:
            layout.columns[name] = positions
        else:
            layout.columns.pop(name, None)


def amount_of(value: Cell, comma: bool) -> Decimal | None:
    """One cell as an exact amount."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return settle_number(value)
    return marked_amount(value.strip(" \t`'"), comma=comma) if isinstance(value, str) else None


def _settle_money(layout: Layout, sample: Sequence[list[Cell]]) -> None:
    """Two columns or one, and what their signs mean."""
    columns = layout.columns
    filled = {name: len(_values(sample, columns[name][0], HEAD_ROWS)) for name in _MONEY if name in columns}
    pair = filled.get("credit", 0) + filled.get("debit", 0)
    if "amount" in columns and ("credit" in columns or "debit" in columns):
        if pair >= filled["amount"] or ("mark" not in columns and pair * 2 > filled["amount"]):
            columns.pop("amount")
        else:
            columns.pop("credit", None)
            columns.pop("debit", None)
    is_net = "fee" in columns and _find_net(layout, sample)
    if "debit" in columns:
        moved = [one for value in _values(sample, columns["debit"][0]) if (one := amount_of(value, layout.comma))]
        layout.debit_is_signed = bool(moved) and sum(value < 0 for value in moved) * 2 > len(moved)
    if "amount" in columns:
        if "mark" not in columns:
            _find_mark(layout, sample)
        _settle_sign(layout, sample)
    fee = layout.first("fee")
    if fee is not None:
        layout.fee_is_negative = _is_negative(layout, sample, fee)
        layout.fee_comes_off = False if is_net else _fee_ties(layout, sample)


def _find_mark(layout: Layout, sample: Sequence[list[Cell]]) -> None:
    """A column of nothing but credit/debit words tells the direction, whatever its heading, where no sign does."""
    at = layout.columns["amount"][0]
    amounts = [amount_of(value, layout.comma) for value in _values(sample, at)]
    if any(amount is not None and amount < 0 for amount in amounts):
        return
    for column in range(len(layout.headings)):
        values = [tidy(value) for value in _values(sample, column)]
        if len(values) >= len(amounts) > 0 and all(direction(value) in {1, -1} for value in values):
            layout.columns["mark"] = [column]
            return


def _settle_sign(layout: Layout, sample: Sequence[list[Cell]]) -> None:
    """With a mark beside it: whether the amounts of debits carry a minus too."""
    mark, amount = layout.first("mark"), layout.columns["amount"][0]
    if mark is None:
        layout.amount_is_signed = True
        return
    debits = []
    for cells in sample:
        if max(mark, amount) < len(cells) and direction(tidy(cells[mark])) == -1:
            value = amount_of(cells[amount], layout.comma)
            if value:
                debits.append(value)
    layout.amount_is_signed = bool(debits) and sum(value < 0 for value in debits) * 2 > len(debits)


def _is_negative(layout: Layout, sample: Sequence[list[Cell]], fee: int) -> bool:
    """Whether fees are written with a minus: told by those of money in, where there are any."""
    columns = (layout.columns.get("amount", layout.columns.get("credit", [fee]))[0], fee)
    rows = [row for cells in sample if (row := _amounts(cells, columns, layout))[1]]
    fees = [told for amount, told in rows if amount > 0] or [told for _, told in rows]
    return sum(told < 0 for told in fees) * 2 > len(fees)


def _find_net(layout: Layout, sample: Sequence[list[Cell]]) -> bool:
    """Of two columns of amounts the one that is the other less the fee is what moved; the other is the gross amount."""
    columns = layout.columns
    at = [*columns.get("amount", []), *columns.get("gross", [])][:3]
    for net, gross in itertools.permutations(at, 2):
        rows = [_amounts(cells, (net, gross, columns["fee"][0]), layout) for cells in sample]
        told = [row for row in rows if row[2]]
        # A fee given back with a refund makes the net amount the larger one; it is the smaller in most rows.
        less = sum(row[0] < row[1] for row in told)
        if less * 2 > len(told) and all(abs(row[1] - row[0]) == abs(row[2]) for row in told):
            columns["amount"], columns["gross"] = [net], [gross]
            return True
    return False


def _amounts(cells: list[Cell], columns: Sequence[int], layout: Layout) -> list[Decimal]:
    """The amounts of a row in some columns; nothing where there is none."""
    cut = [cells[at] if at < len(cells) else None for at in columns]
    return [amount_of(value, layout.comma) or Decimal(0) for value in cut]


def _fee_ties(layout: Layout, sample: Sequence[list[Cell]]) -> bool | None:
    """Whether running balances show that the fee goes off beside the amount; ``None`` where they do not tell."""
    balance, amount, fee = layout.first("balance"), layout.first("amount"), layout.first("fee")
    if balance is None or amount is None or fee is None:
        return None
    rows = [
        _amounts(cells, (balance, amount, fee), layout)
        for cells in sample
        if balance < len(cells) and amount_of(cells[balance], layout.comma) is not None
    ]
    plain = less = 0
    for before, after in itertools.pairwise(rows):
        for one, two in ((before, after), (after, before)):
            moved = two[0] - one[0]
            if two[2]:
                plain += moved == two[1]
                less += moved == two[1] - abs(two[2])
    return None if less == plain else less > plain


def _settle_parties(layout: Layout, sample: Sequence[list[Cell]]) -> None:
    """An IBAN or BIC that is the same in every row is this account's, one that varies is the other side's."""
    for name, other, own in (("iban", "payer_account", "account"), ("bic", "payer_bank", "own_bank")):
        at = layout.first(name)
        if at is None:
            continue
        values = {fold(tidy(value)) for value in _values(sample, at)}
        varies = len(values) != 1 or (other == "payer_account" and own in layout.columns)
        target = other if varies and len(values) != 1 else own
        if target == other or own not in layout.columns:
            layout.columns.setdefault(target, []).append(at)
    names = layout.columns.get("payer_name", [])
    # Of two columns of names the one that never changes is our own.
    layout.columns["payer_name"] = sorted(names, key=lambda at: len(set(map(tidy, _values(sample, at)))) == 1)
    references = layout.columns.get("bank_reference", [])
    if len(references) > 1:
        layout.columns["bank_reference"] = sorted(references, key=lambda at: -_uniqueness(sample, at))


def _uniqueness(sample: Sequence[list[Cell]], at: int) -> float:
    values = [tidy(value) for value in _values(sample, at)]
    return len(set(values)) / len(values) if values else 0.0


def heading_currency(layout: Layout) -> str:
    """A currency named in the heading of the amounts: ``Amount (USD)``, ``金额(元)``."""
    for name in _MONEY:
        heading = layout.heading(layout.first(name))
        found = re.search(r"[(（\[]\s*([A-Z]{3}|[元€£])\s*[)）\]]|\b([A-Z]{3})$", heading)
        if found:
            return found[1] or found[2]
    return ""

"""The pipeline from a source's raw columns to a checked table, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import BadData, DataError, DataWarning, ErrorList
from huikuan.engines import files_amounts, files_dates, files_text
from huikuan.engines.files_faults import Faults, extend
from huikuan.engines.files_mapping import Layout, resolve_layout
from huikuan.engines.files_rules import Run, apply_rules, currency_fault
from huikuan.engines.files_source import Batch, Source
from huikuan.engines.files_survey import CHUNK_ROWS, NUMBERS, decide_formats
from huikuan.engines.files_unique import KeyRegister
from huikuan.engines.profiles import Profile
from huikuan.engines.schemas import AMOUNT, KEYS, PERCENT, Field, arrow_schema, arrow_type, fields_of

_TOTAL_WORDS = (
    "合计",
    "总计",
    "小计",
    "合計",
    "Total",
    "TOTAL",
    "total",
    "Totals",
    "TOTALS",
    "Grand Total",
    "Subtotal",
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of checked rows.

    ``table`` has the schema's columns; a cell that could not be read is null there. ``rows`` are the rows' numbers in
    the file, ``good`` is true where a row has no error (exact, however many errors are kept). ``refused_rows`` are
    numbers of rows found faulty only at the end of the file, in earlier chunks: those with a key that occurs twice
    (in the last chunk, which may have no rows). ``errors_total`` counts errors beyond the kept ones too.
    """

    table: Any
    first_row: int
    errors: list[DataError]
    warnings: list[DataError]
    rows: Any
    good: Any
    errors_total: int
    warnings_total: int
    refused_rows: Any


class TableReader:
    """One source being read as one kind of table. Layout faults are raised at once (``BadData``), row faults come
    with the chunks. ``rows_total`` counts rows where a first pass was needed, else ``None``."""

    def __init__(
        self,
        source: Source,
        kind: str,
        *,
        profile: str | Profile | None = None,
        mapping: Mapping[str, str] | None = None,
        currency: str | None = None,
        snapshot_date: date | None = None,
        unique_per_entity: bool = False,
        keep: int = 10_000,
    ) -> None:
        self.source, self.kind = source, kind
        self.fields = fields_of(kind)
        self.errors, self.warnings = ErrorList(keep), ErrorList(keep)
        self.layout: Layout = resolve_layout(source.name, source.head(), kind, profile, mapping, self.errors)
        self._unique_per_entity = unique_per_entity
        extend(self.warnings, source.warnings)
        extend(self.warnings, self.layout.warnings)
        self._drop_repeated_open_amount(snapshot_date)
        used = self._settle_currency(currency) if "currency" in self.fields else None
        self.errors.raise_if_any()
        self.run = Run(self.layout.profile, used, snapshot_date, self.heading)
        source.start(self.layout.header_row, self.layout.width)
        self.formats, self.rows_total = decide_formats(source, self.layout, self.run, self.errors, self.warnings)
        self._unclear = frozenset(error.column for error in self.errors.errors)
        if self._unclear:
            self._refuse_whole()

    def _refuse_whole(self) -> NoReturn:
        """A column that can be read in two ways hides no other fault: the rows are looked through all the same."""
        for _chunk in self.chunks():
            pass
        self.errors.errors.sort(key=by_place)
        raise BadData(self.errors.errors, self.errors.total)

    def heading(self, field: str) -> str:
        """The file's heading of a field, or our own name where the file has none."""
        return self.layout.headings.get(field, field)

    def _drop_repeated_open_amount(self, snapshot_date: date | None) -> None:
        """One column serving as amount and open amount says something about a snapshot day only."""
        columns = self.layout.columns
        if snapshot_date is None and "open_amount" in columns and columns["open_amount"] == columns.get("amount"):
            del columns["open_amount"]

    def _settle_currency(self, currency: str | None) -> str | None:
        if currency is not None and currency not in EXPONENTS:
            reason = f"{currency!r} is not an ISO 4217 currency"
            self.errors.add(DataError(self.source.name, None, "currency", reason, "money.unknown_currency"))
            return None
        profile = self.layout.profile
        has_column = "currency" in self.layout.columns or "currency" in self.layout.asked
        fault = currency_fault(self.source.name, self.kind, currency, profile, has_column)
        if fault:
            self.errors.add(fault)
        if currency is None and profile.currency and "currency" not in profile.constants:
            reason = f"amounts without a currency are taken as {profile.currency} (profile {profile.name})"
            self.warnings.add(DataWarning(self.source.name, None, "currency", reason, "currency.assumed"))
        return currency or profile.currency

    def chunks(self, chunk_rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """The checked rows, chunk by chunk; duplicate keys come with the last one."""
        names = list(self.layout.columns)
        positions = [self.layout.columns[name] for name in names]
        keys = KEYS[self.kind]
        if self._unique_per_entity:
            keys = ("entity", *keys)
        rows = 0
        register = KeyRegister(self.source.name, keys, self.layout.headings)
        try:
            for batch in self.source.batches(positions, chunk_rows):
                chunk = self._chunk(names, batch)
                register.add(chunk.table, chunk.rows)
                rows += len(chunk.rows)
                yield chunk
            if not rows and not self.errors.total:
                reason = "the file has headings but no rows"
                self.warnings.add(DataWarning(self.source.name, None, None, reason, "file.no_rows"))
            twice = ErrorList(self._room)
            refused = register.finish(twice)
            self.errors.total += twice.total - len(twice.errors)
            extend(self.errors, twice.errors)
            if twice.total:
                empty = arrow_schema(self.kind).empty_table()
                none = pa.array([], pa.int64())
                good = pa.array([], pa.bool_())
                yield Chunk(empty, 0, twice.errors, [], none, good, twice.total, 0, refused)
        finally:
            register.close()

    @property
    def _room(self) -> int:
        return self.errors.keep - len(self.errors.errors)

    def _chunk(self, names: list[str], batch: Batch) -> Chunk:
        errors = ErrorList(self._room)
        warnings = ErrorList(self.warnings.keep - len(self.warnings.errors))
        raw = dict(zip(names, batch.arrays, strict=True))
        faults = Faults(self.source.name, batch.rows, errors, warnings)
        raw = {name: self._raw(name, array, faults) for name, array in raw.items()}
        raw, faults = self._drop_blank(raw, faults)
        self._note_broken(batch.broken, faults)
        table = self._build(raw, faults)
        for mine, all_of in ((errors, self.errors), (warnings, self.warnings)):
            all_of.total += mine.total - len(mine.errors)
            extend(all_of, mine.errors)
        errors.errors.sort(key=by_place)
        first = faults.rows[0].as_py() if len(faults) else 0
        none = pa.array([], pa.int64())
        return Chunk(
            table, first, errors.errors, warnings.errors, faults.rows, faults.good, errors.total, warnings.total, none
        )

    def _raw(self, name: str, array: Any, faults: Faults) -> Any:
        """Text trimmed and emptied of words for "no value"; typed columns as they are."""
        kind = self.fields[name].type
        typed = kind in {"amount", "percent", "date", "instant"} or (kind == "bool" and pa.types.is_boolean(array.type))
        if typed and not pa.types.is_string(array.type):
            return array
        text = files_text.as_text(array, faults, self.heading(name))
        return files_text.nullify(text, self.layout.profile.null_values)

    def _drop_blank(self, raw: dict[str, Any], faults: Faults) -> tuple[dict[str, Any], Faults]:
        """Leaves out rows with nothing in the columns read, and rows of totals (reported)."""
        blank = None
        for array in raw.values():
            blank = pc.is_null(array) if blank is None else pc.and_(blank, pc.is_null(array))
        if blank is None:
            return raw, faults
        totals = self._totals(raw)
        if totals is not None:
            reason = "the row is a total, it is left out"
            faults.warn(totals, None, "row.total", reason)
            blank = pc.or_(blank, totals)
        if not pc.any(blank).as_py():
            return raw, faults
        keep = pc.invert(blank)
        kept = {name: array.filter(keep) for name, array in raw.items()}
        return kept, faults.filtered(keep)

    def _totals(self, raw: dict[str, Any]) -> Any:
        key = KEYS[self.kind][-1]
        others = [raw[name] for name in ("document_date", "due_date", "posting_date", "effective_date") if name in raw]
        if key not in raw or not others:
            return None
        mask = pc.is_in(pc.utf8_rtrim(raw[key], ":："), value_set=pa.array(_TOTAL_WORDS))
        if not pc.any(mask).as_py():
            return None
        for array in others:
            mask = pc.and_(mask, pc.is_null(array))
        return mask if pc.any(mask).as_py() else None

    def _note_broken(self, broken: list[DataError], faults: Faults) -> None:
        if not broken:
            return
        places = {row: at for at, row in enumerate(faults.rows.to_pylist())}
        for error in broken:
            if error.row in places:
                faults.refuse_at(places[error.row], error.column, error.code, error.reason)
            else:
                faults.errors.add(error)

    def _build(self, raw: dict[str, Any], faults: Faults) -> Any:
        count = len(faults)
        for name, value in self.layout.profile.constants.items():
            raw[name] = pa.repeat(pa.scalar(value), count)
        self._check_filled(raw, faults)
        columns = {name: self._read(field, raw.get(name), faults) for name, field in self.fields.items()}
        for name, rules in self.layout.profile.normalise.items():
            for rule in rules:
                columns[name] = NORMALISERS[rule](columns[name])
        if self.layout.profile.amount_unit != 1:
            for name, field in self.fields.items():
                if field.type == "amount":
                    columns[name] = self._scaled(columns[name], faults, self.heading(name))
        apply_rules(self.kind, columns, raw, faults, self.run)
        for name, field in self.fields.items():
            if field.type == "amount":
                self._check_money(name, columns, raw, faults)
        schema = arrow_schema(self.kind)
        return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)

    def _check_filled(self, raw: dict[str, Any], faults: Faults) -> None:
        for name, field in self.fields.items():
            array = raw.get(name)
            if not field.filled or array is None or not array.null_count:
                continue
            missing = pc.is_null(array)
            for other in _STANDS_FOR.get((self.kind, name), ()):
                if other in raw:
                    missing = pc.and_(missing, pc.is_null(raw[other]))
            if field.name == "kind":
                continue
            column = self.heading(name)
            reason = f"the cell is empty: {name} is required"
            faults.refuse(pc.and_not(missing, faults.known(column)), column, "cell.missing", reason)

    def _read(self, field: Field, array: Any, faults: Faults) -> Any:
        column = self.heading(field.name)
        if array is None:
            return pa.nulls(len(faults), pa.int32() if field.type == "terms" else arrow_type(field))
        if column in self._unclear:
            return self._read_unclear(field, array, faults, column)
        if field.type == "date":
            return files_dates.read_dates(array, self.formats.get(field.name, "ymd"), faults, column)
        if field.type == "instant":
            return files_dates.read_instants(array, self.layout.profile.timezone, faults, column)
        if field.type in NUMBERS:
            if field.type == "percent" and pa.types.is_string(array.type):
                array = pc.utf8_rtrim(array, "%％ ")
            number_format = self.formats.get(field.name, files_amounts.PLAIN)
            amounts = files_amounts.read_amounts(array, number_format, faults, column)
            return self._percent(amounts, faults, column) if field.type == "percent" else amounts
        if field.type in {"id", "text"}:
            is_id = field.type == "id"
            files_text.check_text(array, faults, column, is_id=is_id, length_max=field.length_max)
            return array
        parse, kind = self._parser(field)
        if field.type == "bool" and pa.types.is_boolean(array.type):
            return array
        values = files_text.parse_unique(array, parse, kind, faults, column)
        if field.type == "list":
            files_text.check_text(values, faults, column, is_id=False, length_max=field.length_max)
        return values

    def _read_unclear(self, field: Field, array: Any, faults: Faults, column: str) -> Any:
        """A column that can be read in two ways: only what neither can read is a fault of its row; nothing is read."""
        is_date = field.type == "date"
        read = files_dates.read_dates if is_date else files_amounts.read_amounts
        formats = ("dmy", "mdy") if is_date else (files_amounts.DOT, files_amounts.COMMA)
        bad = pa.repeat(pa.scalar(True), len(faults))
        for one in formats:
            tried = Faults(self.source.name, faults.rows, ErrorList(0), ErrorList(0))
            read(array, one, tried, column)
            bad = pc.and_(bad, tried.known(column))
        read(pc.if_else(bad, array, pa.scalar(None, array.type)), formats[0], faults, column)
        return pa.nulls(len(faults), arrow_type(field))

    def _percent(self, amounts: Any, faults: Faults, column: str) -> Any:
        huge = pc.greater_equal(pc.abs(amounts), 100_000)
        faults.refuse(huge, column, "percent.outside", "the percentage is not 0 to 100", amounts)
        return pc.cast(pc.if_else(huge, pa.scalar(None, AMOUNT), amounts), PERCENT)

    def _parser(self, field: Field) -> tuple[Callable[[str], object], Any]:
        profile = self.layout.profile
        if field.type == "kind":
            return files_text.kind_parser(profile.kinds), pa.string()
        if field.type == "terms":
            return files_text.terms_parser(profile.terms), pa.int32()
        if field.type == "currency":
            return files_text.parse_currency, pa.string()
        if field.type == "bool":
            return files_text.parse_bool, pa.bool_()
        return files_text.parse_list, pa.string()

    def _scaled(self, amounts: Any, faults: Faults, column: str) -> Any:
        unit = self.layout.profile.amount_unit
        huge = pc.greater_equal(pc.abs(amounts), 10**14 // unit)
        faults.refuse(huge, column, "money.too_large", "the amount is too large", amounts)
        kept = pc.if_else(huge, pa.scalar(None, AMOUNT), amounts)
        return pc.cast(pc.multiply(kept, pa.scalar(Decimal(unit), pa.decimal128(5, 0))), AMOUNT)

    def _check_money(self, name: str, columns: dict[str, Any], raw: dict[str, Any], faults: Faults) -> None:
        column = self.heading(name)
        files_amounts.check_places(columns[name], columns["currency"], faults, column)
        array = raw.get(name) if column not in self._unclear else None
        lenient = self.formats.get(name, files_amounts.PLAIN) != files_amounts.PLAIN
        if lenient and array is not None and pa.types.is_string(array.type):
            files_amounts.check_symbols(array, columns["currency"], faults, column)


def by_place(error: DataError) -> tuple[int, str]:
    """Sorts faults as they stand in the file."""
    return error.row or 0, error.code


_STANDS_FOR: dict[tuple[str, str], tuple[str, ...]] = {
    ("items", "due_date"): ("terms",),
    ("applications", "effective_date"): ("posting_date",),
    ("applications", "posting_date"): ("effective_date",),
    ("receipts", "posting_date"): ("effective_date",),
    ("receipts", "effective_date"): ("posting_date",),
}

NORMALISERS: dict[str, Callable[[Any], Any]] = {
    "strip_leading_zeros": lambda array: pc.replace_substring_regex(array, r"^0+(\d+)$", r"\1"),
    "upper": pc.utf8_upper,
    "collapse_spaces": lambda array: pc.replace_substring_regex(array, r"\s+", " "),
}

"""Daily sales of a shop, and the platform's own list of what it paid out, into the books.

Orders and refunds are kept once, whatever files bring them again. Of a shop whose sales are posted here each file posts
one item for each day it brings; the platform owes it until it pays out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b, sha256
from typing import Any

from huikuan.bank.shop_table import SaleRow, ShopTable, read_shop_table
from huikuan.bank.source import Faults, Source
from huikuan.core.accounts import ItemKind
from huikuan.core.money import from_decimal
from huikuan.core.payouts import FeeRule, SalesPosting, ShopKind, agreed_fee, due_day
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.engines.working_days import working_days_of
from huikuan.services.auditing import record
from huikuan.services.debit_state import today_of
from huikuan.services.items import NewItem, post_items
from huikuan.services.rights import demand
from huikuan.services.shops import lock_shop
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import Shop, ShopDay, ShopDetail, ShopFile, ShopSale
from huikuan.store.rows import insert_rows, reserve_ids

SOURCE = "shop"
"""The source of items that came from daily sales."""
POOL_SHOWN = 24
"""Characters of a way of payment that a day's number shows."""
_PART = 500


@dataclass(frozen=True, slots=True)
class ShopFileResult:
    """What became of a file. ``file_id`` is ``None`` where it brought nothing new. ``columns``: how its headings were
    understood; ``left_out``: rows of orders that were never paid."""

    file_id: int | None
    is_details: bool
    rows_new: int
    rows_known: int
    left_out: int
    days: int
    items: int
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A row in minor units, with its identity."""

    row: SaleRow
    gross: int
    fee: int | None
    charge: int
    counted: int | None
    fingerprint: str

    def told(self, agreed: int | None) -> int | None:
        """What the file says was kept: the fee, and what it took beside it."""
        if not self.charge:
            return self.fee
        return self.charge + (self.fee if self.fee is not None else agreed or 0)


def import_shop_file(
    shop_id: int,
    name: str,
    data: bytes,
    *,
    is_details: bool | None = None,
    actor_id: int | None,
    now: datetime,
) -> ShopFileResult:
    """Keeps what is new of a file, all or nothing; the same again adds nothing. ``is_details``: the file is the list of
    what was paid out; ``None`` is decided by its headings.

    Raises ``BadStatement`` with every row that cannot be read, lies in the future or says another amount of an order
    than a file before; refuses ``shop.unknown``, ``shop.is_shut``, ``shop_file.other_currency`` and ``right.missing``.
    """
    source = Source(name[:200] or "file", data=data)
    table = read_shop_table(source)
    details = table.is_details if is_details is None else is_details

    def work() -> ShopFileResult:
        shop = lock_shop(shop_id)
        demand(actor_id, Right.IMPORT, entity_id=shop.entity_id, account_id=shop.account_id)
        if not shop.is_active:
            raise Refusal("shop.is_shut", "The shop {name} is shut.", name=shop.name)
        if table.currency not in ("", shop.currency):
            raise Refusal(
                "shop_file.other_currency",
                "The file is in {currency}, the shop {name} in {own}.",
                currency=table.currency,
                name=shop.name,
                own=shop.currency,
            )
        fitted = _fit(shop, table, source, now)
        writer = _Writer(shop, source, table, actor_id, now)
        return writer.details(fitted) if details else writer.sales(fitted)

    return run_in_transaction(work)


# -- identity --------------------------------------------------------------------------------------------------------
def _fit(shop: Shop, table: ShopTable, source: Source, now: datetime) -> list[_Fitted]:
    faults = Faults(source.name)
    seen: Counter[tuple[object, ...]] = Counter()
    found, today = [], today_of(shop.entity_id, now)
    for row in table.rows:
        try:
            gross, charge = from_decimal(row.gross, shop.currency), from_decimal(row.charge, shop.currency)
            fee = None if row.fee is None else from_decimal(row.fee, shop.currency)
            counted = None if row.counted is None else from_decimal(row.counted, shop.currency)
        except Refusal as refusal:
            faults.add(refusal.code, refusal.message, row.row)
            continue
        if row.day is not None and row.day > today:
            faults.add("shop_file.day_ahead", f"{row.day.isoformat()} lies in the future", row.row)
            continue
        key = _identity(shop, row, gross, fee, charge)
        seen[key] += 1
        text = "\x1f".join(str(part) for part in (*key, seen[key]))
        digest = blake2b(text.encode(), digest_size=16).hexdigest()
        found.append(_Fitted(row, gross, fee, charge, counted, digest))
    faults.raise_if_any()
    return found


def _identity(shop: Shop, row: SaleRow, gross: int, fee: int | None, charge: int) -> tuple[object, ...]:
    """What makes a row the same again. A till's total has no order: its day, way of payment and person are."""
    if row.payout_ref or row.paid_out_on:
        return ("paid", row.payout_ref or row.paid_out_on, row.order_number, row.day, gross, fee, charge)
    if shop.kind == ShopKind.TILL and not row.order_number:
        return ("till", row.day, row.pay_method, row.responsible, gross < 0)
    if row.order_number:
        # Two refunds of one amount on two days are two; the day of a sale says nothing more than its order.
        return ("order", row.order_number, gross, bool(charge), row.day if gross < 0 else row.fee if not gross else "")
    return ("day", row.day, row.pay_method, gross, charge)


def _known(model: type[ShopSale] | type[ShopDetail], shop: Shop, prints: Iterable[str]) -> set[str]:
    listed, known = list(prints), set[str]()
    for start in range(0, len(listed), _PART):
        rows = model.objects.filter(shop=shop, fingerprint__in=listed[start : start + _PART])
        known |= set(rows.values_list("fingerprint", flat=True))
    return known


@dataclass(slots=True)
class _Unit:
    """What a file adds to a day of one pool."""

    rows: list[tuple[_Fitted, int | None]] = field(default_factory=list)

    def fee(self) -> int:
        told = [(one.told(agreed), agreed) for one, agreed in self.rows]
        return sum((agreed or 0) if fee is None else fee for fee, agreed in told)

    def over(self) -> int:
        """Fees above those agreed, order by order: the fee of a sale and what comes back of it with a refund of the
        same order are judged together, as platforms tell them in one figure."""
        by_order: dict[object, int] = {}
        for place, (one, agreed) in enumerate(self.rows):
            fee = one.told(agreed)
            if fee is not None and agreed is not None:
                order = one.row.order_number or place
                by_order[order] = by_order.get(order, 0) + fee - agreed
        return sum(max(above, 0) for above in by_order.values())


def _short(pool: str) -> str:
    """A way of payment as part of a number: two long ones that begin alike stay two."""
    if len(pool) <= POOL_SHOWN:
        return f"-{pool}" if pool else ""
    return f"-{pool[:POOL_SHOWN]}~{blake2b(pool.encode(), digest_size=3).hexdigest()}"


class _Writer:
    """Writes one file of a shop, inside the caller's transaction."""

    def __init__(self, shop: Shop, source: Source, table: ShopTable, actor_id: int | None, now: datetime) -> None:
        self.shop, self.source, self.table, self.actor_id, self.now = shop, source, table, actor_id, now
        rows = shop.fees.values_list("pay_method", "rate_bp", "fixed_minor")
        self.rules = [FeeRule(method, rate, fixed) for method, rate, fixed in rows]
        self.calendar = working_days_of(shop.entity.country) if shop.in_working_days else None
        self.today = today_of(shop.entity_id, now)

    def sales(self, fitted: Sequence[_Fitted]) -> ShopFileResult:
        known = _known(ShopSale, self.shop, (one.fingerprint for one in fitted))
        self._check_changed(fitted, known)
        new = [one for one in fitted if one.fingerprint not in known]
        if not new:
            return self._result(None, False, 0, len(fitted), 0, 0)
        file = self._file(False, len(fitted), len(new))
        units: dict[tuple[date, str], _Unit] = {}
        for one in new:
            agreed = agreed_fee(one.gross, one.row.pay_method, self.rules, returned=self.shop.returns_fee)
            day = one.row.day or self.today
            pool = one.row.pay_method if self.shop.kind == ShopKind.TILL else ""
            units.setdefault((day, pool), _Unit()).rows.append((one, agreed))
        items = self._post(units)
        for (day, pool), unit in sorted(units.items()):
            self._unit(file, day, pool, unit, items.get((day, pool)))
        self._tell(file, len(new), len(items))
        return self._result(file.pk, False, len(new), len(fitted) - len(new), len(units), len(items))

    def _post(self, units: dict[tuple[date, str], _Unit]) -> dict[tuple[date, str], int]:
        """One item for each day and pool that is not nought, where sales are posted here."""
        if self.shop.posting != SalesPosting.SUMMARY:
            return {}
        wanted: dict[tuple[date, str], NewItem] = {}
        for (day, pool), unit in sorted(units.items()):
            minor = sum(one.gross for one, _ in unit.rows)
            if minor:
                wanted[day, pool] = self._item(day, pool, minor)
        if not wanted:
            return {}
        numbers = post_items(
            self.shop.entity_id, list(wanted.values()), actor_id=self.actor_id, now=self.now, source=SOURCE
        )
        return dict(zip(wanted, numbers, strict=True))

    def _item(self, day: date, pool: str, minor: int) -> NewItem:
        before = ShopDay.objects.filter(shop=self.shop, day=day, pool=pool).count()
        number = f"S{self.shop.pk}-{day:%Y%m%d}" + _short(pool) + (f"-{before + 1}" if before else "")
        return NewItem(
            account_id=self.shop.account_id,
            external_id=number,
            document_number=number,
            document_date=day,
            due_date=due_day(day, self.shop.settle_days, self.calendar),
            currency=self.shop.currency,
            amount_minor=minor,
            kind=ItemKind.INVOICE if minor > 0 else ItemKind.CREDIT_MEMO,
        )

    def _unit(self, file: ShopFile, day: date, pool: str, unit: _Unit, item_id: int | None) -> None:
        rows = [one for one, _ in unit.rows]
        counted = [one.counted for one in rows if one.counted is not None]
        row = ShopDay.objects.create(
            shop=self.shop,
            file=file,
            day=day,
            due=due_day(day, self.shop.settle_days, self.calendar),
            pool=pool,
            orders=len(rows),
            sales_minor=sum(one.gross for one in rows if one.gross > 0),
            refunds_minor=sum(one.gross for one in rows if one.gross < 0),
            fee_minor=unit.fee(),
            over_minor=unit.over(),
            counted_minor=sum(counted) if counted else None,
            responsible=", ".join(dict.fromkeys(one.row.responsible for one in rows if one.row.responsible))[:120],
            item_id=item_id,
        )
        columns = (
            "id shop_id unit_id row day order_number pay_method gross_minor fee_minor agreed_minor counted_minor"
            " responsible fingerprint"
        ).split()
        values: list[tuple[Any, ...]] = []
        for number, (one, agreed) in zip(reserve_ids("store_shopsale", len(rows)), unit.rows, strict=True):
            fee = one.told(agreed)
            told = (one.row.row, day, one.row.order_number, one.row.pay_method, one.gross, fee, agreed, one.counted)
            values.append((number, self.shop.pk, row.pk, *told, one.row.responsible, one.fingerprint))
        insert_rows("store_shopsale", columns, values)

    def _check_changed(self, fitted: Sequence[_Fitted], known: set[str]) -> None:
        """A file that says another amount of an order, or another total of a till, than one before: platforms correct
        by refunds, so one of the two is wrong, and adding up both would be."""
        faults = Faults(self.source.name)
        sold: dict[str, set[str]] = {}
        rows: dict[str, int] = {}
        for one in fitted:
            if one.row.order_number and one.gross > 0:
                sold.setdefault(one.row.order_number, set()).add(one.fingerprint)
                rows.setdefault(one.row.order_number, one.row.row)
        numbers = [number for number, prints in sold.items() if not prints <= known]
        for start in range(0, len(numbers), _PART):
            before = ShopSale.objects.filter(
                shop=self.shop, order_number__in=numbers[start : start + _PART], gross_minor__gt=0
            )
            for number, print_ in before.values_list("order_number", "fingerprint"):
                if print_ not in sold[number]:
                    faults.add(
                        "shop_file.changed",
                        f"order {number[:60]} had another amount in an earlier file: a platform corrects by a refund",
                        rows[number],
                    )
        if self.shop.kind == ShopKind.TILL:
            self._check_totals(fitted, known, faults)
        faults.raise_if_any()

    def _check_totals(self, fitted: Sequence[_Fitted], known: set[str], faults: Faults) -> None:
        told = {one.fingerprint: one for one in fitted if one.fingerprint in known and not one.row.order_number}
        listed = list(told)
        for start in range(0, len(listed), _PART):
            kept = ShopSale.objects.filter(shop=self.shop, fingerprint__in=listed[start : start + _PART])
            for print_, gross, counted in kept.values_list("fingerprint", "gross_minor", "counted_minor"):
                one = told[print_]
                if (gross, counted) != (one.gross, one.counted):
                    faults.add(
                        "shop_file.changed", "the till had another total in an earlier file for this day", one.row.row
                    )

    def details(self, fitted: Sequence[_Fitted]) -> ShopFileResult:
        known = _known(ShopDetail, self.shop, (one.fingerprint for one in fitted))
        new = [one for one in fitted if one.fingerprint not in known]
        if not new:
            return self._result(None, True, 0, len(fitted), 0, 0)
        file = self._file(True, len(fitted), len(new))
        columns = (
            "id shop_id file_id row day paid_out_on payout_key order_number gross_minor fee_minor charge_minor"
            " fingerprint"
        ).split()
        values: list[tuple[Any, ...]] = []
        keys = set()
        for number, one in zip(reserve_ids("store_shopdetail", len(new)), new, strict=True):
            paid_on = one.row.paid_out_on
            key = one.row.payout_ref or (paid_on.isoformat() if paid_on else f"file {file.pk}")
            keys.add(key)
            told = (one.row.row, one.row.day, paid_on, key, one.row.order_number, one.gross, one.fee, one.charge)
            values.append((number, self.shop.pk, file.pk, *told, one.fingerprint))
        insert_rows("store_shopdetail", columns, values)
        self._tell(file, len(new), 0)
        return self._result(file.pk, True, len(new), len(fitted) - len(new), len(keys), 0)

    def _file(self, is_details: bool, total: int, new: int) -> ShopFile:
        return ShopFile.objects.create(
            entity_id=self.shop.entity_id,
            shop=self.shop,
            is_details=is_details,
            name=self.source.name[:200],
            sha256=sha256(self.source.read()).hexdigest(),
            rows_total=total,
            rows_new=new,
            imported_at=self.now,
            imported_by_id=self.actor_id,
        )

    def _tell(self, file: ShopFile, new: int, items: int) -> None:
        record(
            "shop.details_imported" if file.is_details else "shop.sales_imported",
            now=self.now,
            actor_id=self.actor_id,
            entity_id=self.shop.entity_id,
            subject=f"shop:{self.shop.pk}",
            sha256=file.sha256,
            rows=new,
            items=items,
        )

    def _result(
        self, file_id: int | None, is_details: bool, new: int, known: int, days: int, items: int
    ) -> ShopFileResult:
        return ShopFileResult(file_id, is_details, new, known, self.table.left_out, days, items, self.table.columns)

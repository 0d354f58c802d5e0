"""The ageing, as JSON or as a whole table: CSV, Arrow, Parquet."""

from __future__ import annotations

import io
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field, StringConstraints

from huikuan.api.callers import caller_of
from huikuan.api.paging import Cursor
from huikuan.api.parts import frame_of
from huikuan.api.problems import MEDIA, Problem
from huikuan.api.schemas import Currency, ListAsked, money
from huikuan.core.money import to_decimal
from huikuan.core.rights import Right
from huikuan.queries.ageing import AgeingPage, AgeingRow, ageing_page, ageing_whole
from huikuan.queries.feeds import Slice
from huikuan.queries.frame import Frame
from huikuan.services.exporting import record_export

router = Router(tags=["Ageing"])

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
CSV = "text/csv"
TABLES = (ARROW, PARQUET, CSV)
AMOUNT = pa.decimal128(28, 4)


class AgeingAsked(ListAsked):
    by: Literal["customer", "entity", "currency", "region", "product", "sales_rep", "kind", "contract_number"] = (
        "customer"
    )
    buckets: Annotated[str, StringConstraints(pattern=r"^([0-9]{1,4}(,[0-9]{1,4}){0,11})?$")] = Field(
        "", description="Last days of the buckets: 0,30,60,90."
    )
    bucket_by: Literal["due", "document"] = "due"
    basis: Literal["posting", "effective"] = "posting"
    currency: Currency | Literal[""] = ""


class AgeingRowOut(Schema):
    """A group in one currency. ``buckets``: those that hold something."""

    key: str
    label: str
    currency: str
    buckets: dict[str, str]
    total: str
    items: int


class AgeingTotalOut(Schema):
    currency: str
    buckets: dict[str, str]
    total: str
    items: int | None


class AgeingOut(Schema):
    """``known_seq``: the sealed number the answer stands on; ``provisional``: it may still change."""

    as_of: str
    basis: str
    columns: list[str]
    rows: list[AgeingRowOut]
    totals: list[AgeingTotalOut]
    known_seq: int
    provisional: bool
    next: str | None
    more: bool


@router.get("", response=AgeingOut, summary="The ageing")
def read_ageing(request: HttpRequest, asked: Query[AgeingAsked]) -> object:
    """Who owes how much for how long. By Accept: application/json in slices; text/csv, Arrow or Parquet whole.

    Slices hold together while `as_of` and `known_on` are given and the answer is not provisional.
    """
    kind = _form(request)
    frame = frame_of(request, asked)
    options: dict[str, Any] = {"by": asked.by, "bucket_by": asked.bucket_by, "basis": asked.basis}
    options["currency"] = asked.currency
    if asked.buckets:
        options["buckets"] = tuple(int(day) for day in asked.buckets.split(","))
    if kind is not None:
        return _table_answer(request, frame, asked, options, kind)
    cursor = Cursor("ageing", asked, asked.cursor)
    number = cursor.after // asked.limit + 1
    found = ageing_page(frame, sort="-items", page=number, size=asked.limit, **options)
    last = number * asked.limit
    page = cursor.page(Slice(found.rows.rows, last, found.rows.total > last), _row)
    return {**page, **_head(frame, asked, found)}


def _form(request: HttpRequest) -> str | None:
    """The table's form that is asked for; ``None`` for JSON. 406 for anything else."""
    offered = ["application/json", MEDIA, *TABLES]
    wanted = request.get_preferred_type(offered) if "Accept" in request.headers else offered[0]
    if wanted is None:
        raise Problem(406, "api.not_acceptable", f"the ageing comes as {', '.join([offered[0], *TABLES])}")
    return wanted if wanted in TABLES else None


def _head(frame: Frame, asked: AgeingAsked, found: AgeingPage) -> dict[str, Any]:
    return {
        "as_of": frame.as_of.isoformat(),
        "basis": asked.basis,
        "columns": found.columns,
        "totals": [
            AgeingTotalOut(
                currency=total.currency,
                buckets={name: money(minor, total.currency) for name, minor in total.cells.items()},
                total=money(total.total_minor, total.currency),
                items=total.items,
            )
            for total in found.totals.values()
        ],
        "known_seq": found.known_seq,
        "provisional": found.provisional,
    }


def _row(row: AgeingRow) -> AgeingRowOut:
    return AgeingRowOut(
        key=row.key,
        label=row.label,
        currency=row.currency,
        buckets={name: money(minor, row.currency) for name, minor in row.cells.items()},
        total=money(row.total_minor, row.currency),
        items=row.items,
    )


def _table_answer(
    request: HttpRequest, frame: Frame, asked: AgeingAsked, options: dict[str, Any], kind: str
) -> HttpResponse:
    caller = caller_of(request)
    for entity_id in frame.entity_ids:
        caller.demand(Right.EXPORT, entity_id)
    found = ageing_whole(frame, **options)
    table = _table(found)
    record_export(
        "ageing",
        form=kind,
        rows=table.num_rows,
        columns=table.column_names,
        filters=[name for name in ("currency",) if getattr(asked, name)],
        as_of=frame.as_of,
        entity_ids=frame.entity_ids,
        **caller.actor,
    )
    sink = io.BytesIO()
    if kind == PARQUET:
        pyarrow.parquet.write_table(table, sink)
    elif kind == ARROW:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        pyarrow.csv.write_csv(table, sink)
    headers = {"X-Known-Seq": str(found.known_seq), "X-Provisional": str(found.provisional).lower()}
    return HttpResponse(sink.getvalue(), content_type=kind, headers=headers)


def _table(found: AgeingPage) -> Any:
    """key, label, currency, a column per bucket, total, items; amounts are exact decimals in major units."""
    rows = found.rows.rows
    columns: dict[str, Any] = {name: pa.array([getattr(row, name) for row in rows], pa.string()) for name in _TEXTS}
    for label in found.columns:
        amounts = [to_decimal(row.cells.get(label, 0), row.currency) for row in rows]
        columns[label] = pa.array(amounts, AMOUNT)
    columns["total"] = pa.array([to_decimal(row.total_minor, row.currency) for row in rows], AMOUNT)
    columns["items"] = pa.array([row.items for row in rows], pa.int64())
    return pa.table(columns)


_TEXTS = ("key", "label", "currency")

"""Bank accounts of ours, their statements, handed in and read, and the lines of them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path as FilePath
from typing import Annotated, Literal, cast

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from huikuan.api.answers import tagged
from huikuan.api.callers import caller_of
from huikuan.api.paging import Asked, Cursor
from huikuan.api.parts import codes, entity_for
from huikuan.api.problems import NotThere, Problem
from huikuan.api.schemas import Code, Currency, Day, EntityCode, Given, Id, Name, money
from huikuan.core.banking import AccountKind, LineKind
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import bank as queries
from huikuan.queries import bank_rows
from huikuan.queries.bank_uploads import OutcomeRow, UploadDetail, upload_detail
from huikuan.queries.ids import bank_account_number, bank_upload_id_text, bank_upload_number
from huikuan.services import bank_uploads as uploads
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile

accounts = Router(tags=["Bank accounts"])
statements = Router(tags=["Bank statements"])
lines = Router(tags=["Bank lines"])


# -- accounts --------------------------------------------------------------------------------------------------------
class BankAccountOut(Schema):
    """An account of ours. ``balance``: what stood on it on ``statements_to``, the last day a statement tells."""

    id: str
    entity: str
    kind: AccountKind
    name: str
    number: str
    bank: str
    currency: str
    is_active: bool
    statements_to: date | None
    balance: str | None


class BankAccountList(Schema):
    rows: list[BankAccountOut]


class EntityAsked(Schema):
    entity: Code = Field("", description="An entity's code; without, every entity you may see.")


def _account_out(row: queries.AccountRow) -> BankAccountOut:
    same = "name number bank currency is_active statements_to kind".split()
    return BankAccountOut(
        **{name: getattr(row, name) for name in same},
        id=row.public_id,
        entity=row.entity_code,
        balance=None if row.balance_minor is None else money(row.balance_minor, row.currency),
    )


@accounts.get("", response=BankAccountList, summary="List bank accounts")
def list_bank_accounts(request: HttpRequest, asked: Query[EntityAsked]) -> object:
    """Ours, of the entities all of whose ledger you may see."""
    found = queries.account_rows(caller_of(request).frame(asked.entity))
    return BankAccountList(rows=[_account_out(row) for row in found])


class BankAccountIn(Given):
    entity: EntityCode
    name: Annotated[Name, Field(min_length=1, max_length=120)]
    number: Annotated[Name, Field(max_length=64)] = ""
    bank: Annotated[Name, Field(max_length=120)] = ""
    currency: Currency | Literal[""] = Field("", description="That of the entity's books by default.")
    kind: AccountKind = AccountKind.BANK


@accounts.post("", response={201: BankAccountOut}, summary="Add a bank account")
def create_bank_account(request: HttpRequest, body: BankAccountIn) -> HttpResponse:
    """Its number is how files name it: an IBAN, an account number, the name of a wallet."""
    caller = caller_of(request)
    entity_id = entity_for(caller, body.entity, Right.EDIT_BANK_ACCOUNT)
    new = NewAccount(body.name, body.number, body.bank, body.currency, body.kind.value)
    number = add_account(entity_id, new, **caller.actor)
    found = next(row for row in queries.account_rows(caller.frame()) if row.id == number)
    return tagged(request, _account_out(found), status=201)


# -- statements ------------------------------------------------------------------------------------------------------
class BankStatementOut(Schema):
    """A statement. ``new_lines`` of its ``lines`` came with it, the others were known. ``gap``: its opening balance
    less what the statement before ended with, where they differ. ``to_do``: lines on which something is to be done."""

    id: str
    entity: str
    account: str
    format: str
    number: str
    currency: str
    from_date: date | None
    to_date: date | None
    opening_balance: str | None
    closing_balance: str | None
    money_in: str
    money_out: str
    lines: int
    new_lines: int
    to_do: int
    gap: str | None
    file_name: str
    sha256: str
    override_reason: str
    imported_at: datetime


class BankStatementList(Schema):
    rows: list[BankStatementOut]
    next: str | None
    more: bool


class BankStatementsAsked(Asked, EntityAsked):
    account: Id | Literal[""] = ""
    state: Literal["all", "open", "gaps"] = "all"
    since: Day | None = None
    until: Day | None = None


def _statement_out(row: queries.StatementRow) -> BankStatementOut:
    def text(minor: int | None) -> str | None:
        return None if minor is None else money(minor, row.currency)

    same = "format number currency from_date to_date to_do file_name override_reason imported_at".split()
    return BankStatementOut(
        **{name: getattr(row, name) for name in same},
        id=row.public_id,
        entity=row.entity_code,
        account=row.account_public_id,
        opening_balance=text(row.opening_minor),
        closing_balance=text(row.closing_minor),
        money_in=money(row.in_minor, row.currency),
        money_out=money(row.out_minor, row.currency),
        lines=row.lines_total,
        new_lines=row.lines_new,
        gap=text(row.gap_minor),
        sha256=row.file_sha256,
    )


@statements.get("", response=BankStatementList, summary="List bank statements")
def list_bank_statements(request: HttpRequest, asked: Query[BankStatementsAsked]) -> object:
    """In the order in which they came."""
    cursor = Cursor("bank-statements", asked, asked.cursor)
    filters = queries.StatementFilters(account=asked.account, state=asked.state, since=asked.since, until=asked.until)
    frame = caller_of(request).frame(asked.entity)
    found = queries.statement_slice(frame, filters, after=cursor.after, limit=asked.limit)
    return cursor.page(found, _statement_out)


OutcomeState = Literal["imported", "known", "refused", "needs_account", "needs_date_order", "not_tied"]
UploadState = Literal["waiting", "working", "done"]


class OutcomeOut(Schema):
    """What became of one statement of the file. ``state``: imported; known (nothing new in it); refused;
    needs_account (say which with ``account``); needs_date_order; not_tied (its balances do not add up)."""

    file_name: str
    state: OutcomeState
    statement: str | None
    account_number: str
    currency: str
    lines: int
    new_lines: int
    known_lines: int
    receipts: int
    waiting: int = Field(description="Lines that may be receipts recorded before: a person says which.")
    unbooked: int
    fees: int = Field(description="Lines of which a wallet's fee was booked.")
    code: str | None
    faults: list[str]


class BankUploadOut(Schema):
    """A file handed in. ``state``: waiting or working while the worker has it, else done."""

    id: str
    state: UploadState
    statements: list[OutcomeOut]


def _outcome_out(one: OutcomeRow) -> OutcomeOut:
    said = one.said
    return OutcomeOut(
        file_name=one.file_name,
        state=cast(OutcomeState, one.state),
        statement=one.statement_public_id or None,
        account_number=said["told_account"],
        currency=said["currency"],
        lines=said["lines"],
        new_lines=said["lines_new"],
        known_lines=said["lines_known"],
        receipts=said["posted"],
        waiting=said["waiting"],
        unbooked=said["unbooked"],
        fees=said.get("fees", 0),
        code=said["failure"]["code"] if said["failure"] else None,
        faults=[_fault(fault) for fault in said["faults"]],
    )


def _fault(fault: dict[str, object]) -> str:
    where = ":".join(str(fault[name]) for name in ("row", "column") if fault[name])
    return f"{where}: {fault['reason']}" if where else str(fault["reason"])


def _upload_out(found: UploadDetail) -> BankUploadOut:
    return BankUploadOut(
        id=bank_upload_id_text(found.id),
        state=cast(UploadState, found.state),
        statements=[_outcome_out(one) for one in found.outcomes],
    )


class BankFileForm(Schema):
    entity: EntityCode
    account: Id | Literal[""] = Field("", description="The account, for files that do not name it.")


@statements.post("", response={201: BankUploadOut}, summary="Hand in a bank file")
def create_bank_statement(request: HttpRequest, form: Form[BankFileForm], file: File[UploadedFile]) -> HttpResponse:
    """Imports a file of a bank or wallet in any format that is known; money in is posted at once. The same file again
    changes nothing. Look at each statement's `state`: a statement that is refused changes nothing either. A large file
    is the worker's: ask for its state at `Location`."""
    caller = caller_of(request)
    entity_id = entity_for(caller, form.entity, Right.POST_CASH)
    caller.demand_whole(Right.POST_CASH, entity_id)
    if not file.name:
        raise Problem(422, "import.no_file", "the file has no name", {"#/file": "the file has no name"})
    if (file.size or 0) > uploads.TOTAL_MAX:
        size = uploads.TOTAL_MAX >> 20
        raise Refusal("bank_upload.too_much", "The files are larger than {size} MB together.", size=size)
    account_id = _account_id(request, entity_id, form.account) if form.account else None
    path = FilePath(file.temporary_file_path()) if isinstance(file, TemporaryUploadedFile) else None
    given = [BankFile(file.name, b"" if path else file.read(), path)]
    number = uploads.keep_upload(given, entity_id=entity_id, account_id=account_id, **caller.actor)
    uploads.start_upload(number, **caller.actor)
    found = upload_detail(number)
    if found is None:
        raise NotThere
    response = tagged(request, _upload_out(found), status=201)
    response["Location"] = f"/api/v1/bank-statements/uploads/{bank_upload_id_text(number)}"
    return response


def _account_id(request: HttpRequest, entity_id: int, text: str) -> int:
    number = bank_account_number(text)
    for row in queries.account_rows(caller_of(request).frame()):
        if row.id == number and row.entity_id == entity_id:
            return row.id
    raise NotThere("bank_account.unknown", "there is no such bank account in this entity")


@statements.get("/uploads/{upload_id}", response=BankUploadOut, summary="Read what became of a bank file")
def read_bank_upload(request: HttpRequest, upload_id: Path[Id]) -> HttpResponse:
    """How far the worker is with a large file, and how it ended."""
    number = bank_upload_number(upload_id)
    found = upload_detail(number) if number is not None else None
    caller = caller_of(request)
    whole = {row.id for row in caller.entities if row.sees is None}
    if (
        found is None
        or not set(found.entity_ids) <= whole
        or (not found.entity_ids and found.created_by_id != caller.user.pk)
    ):
        raise NotThere
    return tagged(request, _upload_out(found))


@statements.get("/{statement_id}", response=BankStatementOut, summary="Read a bank statement")
def read_bank_statement(request: HttpRequest, statement_id: Path[Id]) -> HttpResponse:
    """One statement, with its ETag."""
    found = queries.statement_of(caller_of(request).frame(), statement_id)
    if found is None:
        raise NotThere
    return tagged(request, _statement_out(found))


# -- lines -----------------------------------------------------------------------------------------------------------
class BankLineOut(Schema):
    """A line. ``amount``: credits positive; ``fee``: what a wallet kept of it and is booked (the payer paid both; given
    back negative). ``state``: see the documentation of bank statements; ``left``: what of the
    receipt it is has not been applied, kept on account or sent back."""

    id: str
    entity: str
    statement: str
    row: int
    element: str
    kind: LineKind
    state: str
    booking_date: date
    value_date: date
    currency: str
    amount: str
    fee: str
    left: str
    payer_name: str
    remittance_text: str
    bank_reference: str
    end_to_end_id: str
    receipt: str | None
    customer: str | None


class BankLineList(Schema):
    rows: list[BankLineOut]
    next: str | None
    more: bool


class BankLinesAsked(Asked, EntityAsked):
    statement: Id | Literal[""] = ""
    account: Id | Literal[""] = ""
    kind: LineKind | Literal[""] = ""
    state: Literal["all", "todo", "waiting", "unidentified", "unapplied", "returns"] = "all"
    since: Day | None = None
    until: Day | None = None


def line_out(row: bank_rows.LineRow, by_number: dict[int, str]) -> BankLineOut:
    same = (
        "row element kind state booking_date value_date currency payer_name remittance_text bank_reference"
        " end_to_end_id"
    ).split()
    return BankLineOut(
        **{name: getattr(row, name) for name in same},
        id=row.public_id,
        entity=by_number[row.entity_id],
        statement=row.statement_public_id,
        amount=money(row.amount_minor, row.currency),
        fee=money(row.kept_minor, row.currency),
        left=money(row.left_minor, row.currency),
        receipt=row.receipt_public_id or None,
        customer=row.customer_public_id or None,
    )


@lines.get("", response=BankLineList, summary="List bank lines")
def list_bank_lines(request: HttpRequest, asked: Query[BankLinesAsked]) -> object:
    """In the order in which they came; `state=todo`: those on which something is to be done."""
    cursor = Cursor("bank-lines", asked, asked.cursor)
    names = "statement account kind state since until".split()
    filters = bank_rows.LineFilters(**{name: getattr(asked, name) for name in names})
    found = bank_rows.line_slice(caller_of(request).frame(asked.entity), filters, after=cursor.after, limit=asked.limit)
    by_number = codes()
    return cursor.page(found, lambda row: line_out(row, by_number))


@lines.get("/{line_id}", response=BankLineOut, summary="Read a bank line")
def read_bank_line(request: HttpRequest, line_id: Path[Id]) -> HttpResponse:
    """One line, with its ETag."""
    found = bank_rows.line_detail(caller_of(request).frame(), line_id)
    if found is None:
        raise NotThere
    return tagged(request, line_out(found.row, codes()))

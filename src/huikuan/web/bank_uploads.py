"""Handing in bank files: each statement is imported at once; what a person must say is asked on the page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huikuan.bank.statement import REPORTS, StatementFormat
from huikuan.core.banking import AccountKind, plain_number
from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import DataError, Refusal
from huikuan.core.rights import Right
from huikuan.queries.bank import AccountRow, StatementRow, account_rows, statements_by_id
from huikuan.queries.bank_uploads import OutcomeRow, UploadDetail, layouts_used, upload_detail
from huikuan.queries.frame import EntityRow
from huikuan.services import bank_uploads as services
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.web import bank_words
from huikuan.web.acting import actor, read_text
from huikuan.web.bank import ROOM
from huikuan.web.faults import fault_text
from huikuan.web.format import format_amount, format_day
from huikuan.web.frames import Seat
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address
from huikuan.web.words import word_of

_ASKED = ("needs_account", "needs_date_order", "not_tied")
"""Outcomes on which a person has to say something."""
CARDS_MAX = 3
"""So many statements without anything to decide stand as cards; more of them as rows of one table."""
SUFFIXES = ".xml,.sta,.mt940,.mt942,.940,.942,.txt,.bai,.bai2,.ofx,.qfx,.qbo,.csv,.tsv,.xls,.xlsx,.htm,.html,.zip,.toml"


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_CASH, whole=True)
def new_statements(request: HttpRequest, seat: Seat) -> HttpResponse:
    reason, status = "", 200
    layouts = layouts_used(seat.frame.entity_ids)
    if request.method == "POST":
        try:
            upload = services.keep_upload(_files(request), like=_like(request, layouts), **actor(request))
            services.start_upload(upload, **actor(request))
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            return redirect(address(seat.kept, "bank_upload", upload))
    accounts = account_rows(seat.frame, active=True)
    context = {"reason": reason, "accounts": accounts, "suffixes": SUFFIXES, "layouts": layouts}
    return show(request, seat, "bank/new.html", context, room=ROOM, status=status)


def _like(request: HttpRequest, layouts: list[tuple[int, str]]) -> int | None:
    """The upload whose layout is to be used again; one that was not offered is none."""
    asked = request.POST.get("layout", "")
    return next((number for number, _name in layouts if str(number) == asked), None)


def _files(request: HttpRequest) -> list[BankFile]:
    """Refuses ``bank_upload.too_much``."""
    uploads = [one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile) and one.name]
    if sum(one.size or 0 for one in uploads) > services.TOTAL_MAX:
        size = services.TOTAL_MAX >> 20
        raise Refusal("bank_upload.too_much", "The files are larger than {size} MB together.", size=size)
    return [_file(one) for one in uploads]


def _file(upload: UploadedFile[Any]) -> BankFile:
    """A large upload lies in a temporary file already and is not read into memory."""
    if isinstance(upload, TemporaryUploadedFile):
        return BankFile(str(upload.name), path=Path(upload.temporary_file_path()))
    return BankFile(str(upload.name), upload.read())


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One statement of an upload as the page shows it. ``choices``: accounts it may be of; ``faults``: sentences;
    ``entity_code``: whose a new account most likely is; ``asked_above``: an earlier statement asks the same."""

    outcome: OutcomeRow
    word: str
    title: str
    period: str
    balances: str
    counts: str
    reason: str
    faults: list[tuple[str, str]]
    faults_more: int
    choices: list[AccountRow]
    may_override: bool
    statement: StatementRow | None
    entity_code: str = ""
    asked_above: bool = False

    @property
    def is_settled(self) -> bool:
        """Nothing to read and nothing to decide: imported or known, without a remark."""
        waits = self.outcome.said["waiting"] or self.outcome.notes
        return self.outcome.state in ("imported", "known") and not (waits or self.reason or self.faults)


@require_safe
@page(right=Right.SEE_LEDGER, whole=True)
def show_upload(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    found = _upload(request, seat, upload_id)
    if request.headers.get("HX-Target") == "work" and not _at_work(found):
        # The progress alone was asked for, and there is none any more: what became of the files is a page of its own.
        return HttpResponse(headers={"HX-Refresh": "true"})
    return _show(request, seat, found)


def _at_work(found: UploadDetail) -> bool:
    return found.state != "done" and not found.is_stopped


def _show(request: HttpRequest, seat: Seat, found: UploadDetail, reason: str = "") -> HttpResponse:
    numbers = [one.said["statement_id"] for one in found.outcomes if one.said.get("statement_id")]
    statements = statements_by_id(seat.frame, numbers)
    accounts = [row for row in account_rows(seat.frame, active=True) if seat.can_whole(Right.POST_CASH, row.entity_id)]
    makers = [row for row in seat.entities if seat.can_whole(Right.EDIT_BANK_ACCOUNT, row.id)]
    makers = [row for row in makers if seat.can_whole(Right.POST_CASH, row.id)]
    lines = _ask_once([_line(seat, one, statements, accounts, makers) for one in found.outcomes])
    at_work = _at_work(found)
    settled = [line for line in lines if line.is_settled]
    if len(settled) <= CARDS_MAX:
        settled = []
    context = {
        "upload": found,
        "lines": [line for line in lines if not (settled and line.is_settled)],
        "settled": settled,
        "sums": _sums(found) if len(lines) > 1 else "",
        "reason": reason,
        "may_give_up": not at_work and found.count(*_ASKED) > 0 and seat.can(Right.POST_CASH),
        "at_work": at_work,
        "may_retry": found.is_stopped or (found.state == "done" and found.count("refused") > 0),
        "makers": makers,
        "kinds": [(kind.value, word_of(bank_words.ACCOUNT_KINDS, kind.value)) for kind in AccountKind],
        "given": request.POST,
    }
    return show(request, seat, "bank/upload.html", context, room=ROOM, status=400 if reason else 200)


def _sums(found: UploadDetail) -> str:
    """How many statements came to which end."""
    counts = Counter(one.state for one in found.outcomes)
    words = [f"{word_of(bank_words.OUTCOMES, state)} {n}" for state, n in counts.most_common()]
    n = len(found.outcomes)
    return " · ".join([ngettext("{n} statement", "{n} statements", n).format(n=n), *words])


def _ask_once(lines: list[OutcomeLine]) -> list[OutcomeLine]:
    """Statements of one account ask for it once: the answer is remembered and serves them all."""
    asked: set[tuple[str, str]] = set()
    told: list[OutcomeLine] = []
    for line in lines:
        key = (line.outcome.said["told_account"], line.outcome.said["currency"])
        again = line.outcome.state == "needs_account" and bool(key[0]) and key in asked
        if line.outcome.state == "needs_account":
            asked.add(key)
        told.append(replace(line, asked_above=True) if again else line)
    return told


def _line(
    seat: Seat,
    one: OutcomeRow,
    statements: dict[int, StatementRow],
    accounts: list[AccountRow],
    makers: list[EntityRow],
) -> OutcomeLine:
    said = one.said
    faults = [DataError(one.file_name, *(fault[name] for name in _FAULT)) for fault in said["faults"]]
    wanted = set(said["candidates"])
    fitting = [row for row in accounts if not said["currency"] or row.currency == said["currency"]]
    failure = said["failure"]
    return OutcomeLine(
        outcome=one,
        word=word_of(bank_words.OUTCOMES, one.state),
        title=one.account_name or said["told_account"] or one.file_name,
        period=_days(said["from_date"], said["to_date"]),
        balances=_balances(said),
        counts=_counts(said) if one.state in ("imported", "known") else "",
        reason=refusal_text(Refusal(failure["code"], failure["template"], **failure["params"])) if failure else "",
        faults=[(_place(fault), fault_text(fault)) for fault in faults],
        faults_more=max(said["faults_total"] - len(faults), 0),
        choices=sorted(fitting, key=lambda row: (row.id not in wanted, row.name)),
        may_override=one.entity_id is not None and seat.can_whole(Right.OVERRIDE_BANK_STATEMENT, one.entity_id),
        statement=statements.get(said["statement_id"] or 0),
        entity_code=next((row.code for row in makers if row.currency == said["currency"]), ""),
    )


_FAULT = ("row", "column", "reason", "code", "value")


def _place(fault: DataError) -> str:
    parts = [_("line {n}").format(n=fault.row)] if fault.row else []
    return ", ".join([*parts, *([str(bank_words.PLACES.get(fault.column, fault.column))] if fault.column else [])])


def _days(first: str, last: str) -> str:
    language = get_language() or "en"
    shown = [format_day(date.fromisoformat(one), language) for one in dict.fromkeys((first, last)) if one]
    return " – ".join(shown)


def _balances(said: dict[str, Any]) -> str:
    """Opening and closing balance as the file says them."""
    if not said["opening"] or not said["closing"]:
        return ""
    opening, closing = (_told_amount(said[name], said["currency"]) for name in ("opening", "closing"))
    return f"{opening} → {closing} {said['currency']}"


def _told_amount(text: str, currency: str) -> str:
    """An amount of a file as amounts are written here; one with more places than its currency has as it stands."""
    minor = Decimal(text).scaleb(EXPONENTS.get(currency, 2))
    if minor != minor.to_integral_value():
        return f"{Decimal(text):,f}"
    return format_amount(int(minor), currency, get_language() or "en")


def _counts(said: dict[str, Any]) -> str:
    """What became of the lines, in a sentence."""
    if said["format"] in REPORTS:
        return _report_counts(said)
    parts = []
    if said["lines_new"] or not said["lines_known"]:
        parts.append(ngettext("{n} new line", "{n} new lines", said["lines_new"]).format(n=said["lines_new"]))
    if said["posted"]:
        parts.append(ngettext("{n} receipt posted", "{n} receipts posted", said["posted"]).format(n=said["posted"]))
    if said["lines_known"]:
        known = said["lines_known"]
        parts.append(ngettext("{n} line was known", "{n} lines were known", known).format(n=known))
    if said["waiting"]:
        n = said["waiting"]
        parts.append(ngettext("{n} may have been recorded before", "{n} may have been recorded before", n).format(n=n))
    if fees := said.get("fees", 0):
        parts.append(ngettext("{n} fee booked", "{n} fees booked", fees).format(n=fees))
    if said["unbooked"]:
        n = said["unbooked"]
        parts.append(ngettext("{n} is not booked yet: left out", "{n} are not booked yet: left out", n).format(n=n))
    return " · ".join(parts)


def _report_counts(said: dict[str, Any]) -> str:
    """What a report about direct debits told."""
    n, known, foreign = said["lines_new"], said["lines_known"], said["waiting"]
    word = ngettext("{n} payment came back", "{n} payments came back", n)
    if said["format"] == StatementFormat.CAMT029:
        word = ngettext("{n} recall answered", "{n} recalls answered", n)
    parts = [word.format(n=n)] if n or not known else []
    if known:
        parts.append(ngettext("{n} was known", "{n} were known", known).format(n=known))
    if foreign:
        parts.append(ngettext("{n} is not ours", "{n} are not ours", foreign).format(n=foreign))
    return " · ".join(parts)


def _upload(request: HttpRequest, seat: Seat, upload_id: int) -> UploadDetail:
    """An upload, for who handed it in, and for those who see every entity its statements belong to."""
    found = upload_detail(upload_id)
    if found is None:
        raise Http404
    if found.created_by_id == request.user.pk or seat.is_superuser:
        return found
    whole = {row.id for row in seat.entities if row.sees is None}
    if not found.entity_ids or not set(found.entity_ids) <= whole:
        raise Http404
    return found


def _asked(request: HttpRequest) -> tuple[int, int]:
    """File and place of the statement a form is about."""
    given = [request.POST.get(name, "") for name in ("file", "place")]
    if not all(text.isascii() and text.isdigit() and len(text) < 6 for text in given):
        raise Http404
    return int(given[0]), int(given[1])


@require_POST
@page(right=Right.POST_CASH, whole=True)
def choose_account(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    """Of which account a statement is: one there is, or one made here."""
    found = _upload(request, seat, upload_id)
    file, place = _asked(request)
    try:
        account_id = _account(request, seat, found, file, place)
        services.choose_account(upload_id, file, place, account_id, **actor(request))
    except Refusal as refusal:
        if refusal.code.startswith("right."):
            raise
        return _show(request, seat, found, refusal_text(refusal))
    return redirect(address(seat.kept, "bank_upload", upload_id))


def _account(request: HttpRequest, seat: Seat, found: UploadDetail, file: int, place: int) -> int:
    chosen = request.POST.get("account", "")
    if chosen != "new":
        for row in account_rows(seat.frame, active=True):
            if row.public_id == chosen:
                return row.id
        raise Refusal("bank_upload.no_account", "Choose the account the statement is of.")
    entity = next((row for row in seat.entities if row.code == request.POST.get("entity_code", "")), None)
    if entity is None:
        raise Refusal("bank_upload.no_entity", "Say whose account it is.")
    said = next((one.said for one in found.outcomes if (one.file, one.place) == (file, place)), {})
    told = said.get("told_account", "")
    number = read_text(request.POST, "number", 64) or told
    new = NewAccount(
        name=read_text(request.POST, "name", 120),
        number=number,
        bank=said.get("bank", ""),
        currency=said.get("currency", "") or read_text(request.POST, "currency", 3),
        kind=request.POST.get("kind", AccountKind.BANK.value),
        is_told=plain_number(number) == plain_number(told),
    )
    return add_account(entity.id, new, **actor(request))


@require_POST
@page(right=Right.POST_CASH, whole=True)
def choose_order(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    """Whether days or months come first in a file's dates."""
    found = _upload(request, seat, upload_id)
    file, _place_of_it = _asked(request)
    try:
        services.choose_date_order(upload_id, file, request.POST.get("order", ""), **actor(request))
    except Refusal as refusal:
        if refusal.code.startswith("right."):
            raise
        return _show(request, seat, found, refusal_text(refusal))
    return redirect(address(seat.kept, "bank_upload", upload_id))


@require_POST
@page(right=Right.OVERRIDE_BANK_STATEMENT, whole=True)
def take_untied(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    """A statement whose balances do not tie is taken all the same, for a reason."""
    found = _upload(request, seat, upload_id)
    file, place = _asked(request)
    try:
        services.take_untied(upload_id, file, place, read_text(request.POST, "reason", 300), **actor(request))
    except Refusal as refusal:
        if refusal.code.startswith("right."):
            raise
        return _show(request, seat, found, refusal_text(refusal))
    messages.success(request, _("The statement is taken; the reason is kept with it."))
    return redirect(address(seat.kept, "bank_upload", upload_id))


@require_POST
@page(right=Right.POST_CASH, whole=True)
def give_up(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    """What waits for a decision is left out."""
    _upload(request, seat, upload_id)
    services.give_up(upload_id, **actor(request))
    return redirect(address(seat.kept, "bank_statements"))


@require_POST
@page(right=Right.POST_CASH, whole=True)
def try_again(request: HttpRequest, seat: Seat, upload_id: int) -> HttpResponse:
    """Does again what was refused or stopped: an exchange rate was added meanwhile, say."""
    _upload(request, seat, upload_id)
    services.start_upload(upload_id, **actor(request))
    return redirect(address(seat.kept, "bank_upload", upload_id))

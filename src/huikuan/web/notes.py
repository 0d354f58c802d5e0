"""Bills and cheques: the list with its balance by maturity, taking one, and one with all its steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from huikuan.core.money import exponent_of
from huikuan.core.notes import CHEQUE_DAYS, AcceptorClass, NoteKind, NoteStep, Settles, six_months_after
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import applicable, desk
from huikuan.queries import notes as queries
from huikuan.queries.frame import EntityRow
from huikuan.queries.ids import note_id_text
from huikuan.queries.note_lives import EventRow, note_life
from huikuan.queries.notes import WHICH, MaturityLine, NoteRow
from huikuan.services.channels import settles_by_policy
from huikuan.services.notes import NewNote, take_note
from huikuan.web import note_words
from huikuan.web.acting import Field, act, actor, amount_text, demand_now, read_on, read_positive, read_text
from huikuan.web.cash import entity_asked, read_owner, who_context
from huikuan.web.format import format_count, format_day
from huikuan.web.frames import Seat, read_day
from huikuan.web.lists import chips_of
from huikuan.web.note_acts import note_bar
from huikuan.web.pages import page, show
from huikuan.web.tables.asks import read_table
from huikuan.web.tables.grid import grid_of
from huikuan.web.tables.notes import NOTES
from huikuan.web.tags import address


@require_safe
@page
def list_notes(request: HttpRequest, seat: Seat) -> HttpResponse:
    ask = read_table(request, seat, NOTES)
    rows = NOTES.rows(seat.frame, ask.wanted, ask.basics.sort, ask.basics.page, ask.basics.size)
    which = ask.values.get("which", "held")
    which = which if which in WHICH else "held"
    counts = queries.note_counts(seat.frame)
    words = {
        "held": _("In hand"),
        "risk": _("Passed on with recourse"),
        "dishonoured": _("Dishonoured"),
        "all": _("All"),
    }
    choices = [(code, f"{words[code]} {format_count(counts[code])}", "") for code in WHICH]
    lines = queries.maturities(seat.frame)
    context = {
        "grid": grid_of(
            request, seat, ask, rows, own_chips=[(_("Which bills"), chips_of(request, "which", choices, active=which))]
        ),
        "rows": rows,
        "filtered": ask.is_narrowed,
        "books": _books(lines),
        "classes": [note_words.CLASSES[one] for one in AcceptorClass],
        "plain": queries.plain_note_items(seat.frame) if seat.frame.is_now else [],
        "may_take": bool(takers(seat)),
        "none_yet": not counts["all"],
    }
    return show(request, seat, "notes/list.html", context, room="notes")


@dataclass(frozen=True, slots=True)
class MaturityBook:
    """The balance by maturity in one currency, as its table shows it. ``total`` is the sum of ``lines``."""

    currency: str
    lines: list[tuple[MaturityLine, list[int]]]
    total: tuple[list[int], int, int]


def _books(lines: list[MaturityLine]) -> list[MaturityBook]:
    found = []
    for currency in dict.fromkeys(line.currency for line in lines):
        mine = [
            (line, [line.by_class.get(one, 0) for one in AcceptorClass]) for line in lines if line.currency == currency
        ]
        sums = [sum(cells[at] for _line, cells in mine) for at in range(len(AcceptorClass))]
        total = (sums, sum(line.held_minor for line, _ in mine), sum(line.risk_minor for line, _ in mine))
        found.append(MaturityBook(currency, mine, total))
    return found


def takers(seat: Seat) -> list[EntityRow]:
    """The entities in the frame for which this person may take notes."""
    return [row for row in seat.entities if row.can(Right.POST_NOTE) and row.id in seat.frame.entity_ids]


# -- one note --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class EventLine:
    row: EventRow
    word: str
    says: str


@require_safe
@page
def show_note(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    found = note_life(seat.frame, public_id)
    if found is None:
        raise Http404
    row = found.row
    context = {
        "note": row,
        "life": found,
        "state": note_words.state_word(row.kind, row.state),
        "kind": note_words.KINDS.get(row.kind, row.kind),
        "ended": note_words.end_word(row.kind, row.state),
        "facts": _facts(row),
        "warnings": [note_words.WARNINGS[one] for one in row.warnings],
        "events": [EventLine(event, _event_word(row, event), _event_says(row, event)) for event in found.events],
        "part_states": [(part, note_words.state_word(part.kind, part.state)) for part in found.parts],
        **note_bar(seat, found),
    }
    return show(request, seat, "notes/detail.html", context, room="notes")


def _facts(row: NoteRow) -> list[tuple[str, str]]:
    language = get_language() or "en"
    days = (row.maturity_date - row.issue_date).days
    facts = [
        (_("Legal entity"), row.entity_name),
        (_("Issued on"), format_day(row.issue_date, language)),
        (_("Term"), _("{n} days").format(n=days)),
        (_("Drawer"), row.drawer),
        (_("Who must pay"), row.acceptor),
        (_("Class"), str(note_words.CLASSES.get(row.acceptor_class, row.acceptor_class))),
        (_("Guarantor"), row.guarantor),
        (_("Range of parts"), "" if row.range_first is None else f"{row.range_first:,} - {row.range_last:,}"),
        (_("When it settles"), str(note_words.SETTLES_SHORT.get(row.settles, row.settles))),
    ]
    return [(label, value) for label, value in facts if value]


def _event_word(row: NoteRow, event: EventRow) -> str:
    word = note_words.step_word(row.kind, event.step)
    return _("Taken back: {step}").format(step=word) if event.is_undo else word


def _event_says(row: NoteRow, event: EventRow) -> str:
    """What is kept with a step, in one line."""
    parts = [event.party]
    if event.step == NoteStep.DISCOUNTED and not event.is_undo:
        if event.rate_percent is not None:
            rate = f"{event.rate_percent.normalize():f}"
            parts.append(_("{rate} % a year for {n} days").format(rate=rate, n=event.days))
        parts.append(_("interest {amount}").format(amount=amount_text(event.interest_minor, row.currency)))
        if event.fee_minor:
            parts.append(_("fee {amount}").format(amount=amount_text(event.fee_minor, row.currency)))
    if event.step in (NoteStep.DISCOUNTED, NoteStep.ENDORSED) and not event.is_undo:
        parts.append(_("with recourse") if event.with_recourse else _("without recourse"))
    return " · ".join(part for part in (*parts, event.memo) if part)


# -- taking one ------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.POST_NOTE)
def take(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A bill or cheque that a customer gave, typed in."""
    if not takers(seat):
        raise PermissionDenied
    demand_now(seat)
    entity = entity_asked(request, takers(seat))
    currency = request.POST.get("currency", "").strip().upper()[:3] or (entity.currency if entity else "")

    def context(given: QueryDict) -> dict[str, Any]:
        today = desk.day_at(entity.id, timezone.now()) if entity else seat.frame.today
        return {
            "entities": takers(seat),
            "entity": entity,
            "who_field": Field("who", "who", _("Customer"), given.get("who", "")),
            "fields": _fields(given, today, entity),
            "for_fields": _for_fields(given, entity),
            "more": _more(given),
            "more_open": any(given.get(field.name) for field in _more(given)),
            **who_context(seat, entity, given),
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        if entity is None:
            raise Refusal("note.which_entity", "Say which legal entity was given the bill.")
        exponent_of(currency)
        owner = read_owner(seat, entity.id, given)
        if owner is None:
            raise Refusal("note.whose", "Say which customer gave it.")
        on = read_on(given, desk.day_at(entity.id, timezone.now()))
        new = _read_new(given, entity.id, owner.account_id, currency)
        number = take_note(entity.id, new, on=on, key=key, **actor(request))
        text = _("Taken: {number} over {amount} from {name}.").format(
            number=new.number, amount=amount_text(new.amount_minor, currency), name=owner.name
        )
        messages.success(request, text)
        return redirect(address(seat.kept, "note", note_id_text(number)))

    return act(request, seat, "notes/new.html", context, do, currency=currency, room="notes")


def _fields(given: QueryDict, today: date, entity: EntityRow | None) -> list[Field]:
    kind = given.get("kind", NoteKind.ACCEPTANCE)
    usual = today + timedelta(days=CHEQUE_DAYS) if kind == NoteKind.CHEQUE else six_months_after(today)
    code = given.get("currency", "") or (entity.currency if entity else "")
    return [
        Field("choice", "kind", _("What it is"), kind, choices=_choices(note_words.KINDS, NoteKind)),
        Field("text", "number", _("Number"), given.get("number", "")),
        Field("money", "amount", _("Amount"), given.get("amount", "")),
        Field("text", "currency", _("Currency"), code, required=False),
        Field("day", "issue_date", _("Issued on"), given.get("issue_date", today.isoformat())),
        Field("day", "maturity_date", _("Matures"), given.get("maturity_date", usual.isoformat())),
        Field("text", "drawer", _("Drawer"), given.get("drawer", ""), _("Who wrote it."), required=False),
        Field("text", "acceptor", _("Who must pay"), given.get("acceptor", ""), _("Who accepted or issued it.")),
        Field(
            "choice",
            "acceptor_class",
            _("Class"),
            given.get("acceptor_class", AcceptorClass.MAJOR_BANK),
            choices=_choices(note_words.CLASSES, AcceptorClass),
        ),
        Field("day", "on", _("Taken on"), given.get("on", today.isoformat())),
    ]


def _for_fields(given: QueryDict, entity: EntityRow | None) -> list[Field]:
    """What it is for, and when it settles."""
    words = (("oldest", _("the oldest items first")), ("named", _("the documents named")), ("none", _("not said yet")))
    usual = settles_by_policy(entity.id, _kind(given)) if entity else Settles.AT_ONCE
    policy = ("", _("as decided: {how}").format(how=note_words.SETTLES_SHORT[usual]))
    return [
        Field("choice", "for", _("What it is for"), given.get("for", "oldest"), choices=words),
        Field(
            "text",
            "numbers",
            _("Documents named"),
            given.get("numbers", ""),
            _("Numbers with commas between them; settled in that order."),
            required=False,
        ),
        Field(
            "choice",
            "settles",
            _("It settles"),
            given.get("settles", ""),
            choices=(policy, *_choices(note_words.SETTLES, Settles)),
        ),
    ]


def _more(given: QueryDict) -> list[Field]:
    hint = _("Of a divisible bill: each part is one cent.")
    return [
        Field("text", "guarantor", _("Guarantor"), given.get("guarantor", ""), required=False),
        Field("text", "range_first", _("First part"), given.get("range_first", ""), hint, required=False),
        Field("text", "range_last", _("Last part"), given.get("range_last", ""), required=False),
    ]


def _choices(words: note_words.Words, codes: Any) -> tuple[tuple[str, str], ...]:
    return tuple((one.value, str(words[one])) for one in codes)


def _kind(given: QueryDict) -> NoteKind:
    text = given.get("kind", "")
    return NoteKind(text) if text in set(NoteKind) else NoteKind.ACCEPTANCE


def _read_new(given: QueryDict, entity_id: int, account_id: int, currency: str) -> NewNote:
    issue, maturity = read_day(given.get("issue_date", "")), read_day(given.get("maturity_date", ""))
    if issue is None or maturity is None:
        raise Refusal("note.days_missing", "Give the day of issue and the day it matures.")
    acceptor_class, settles = given.get("acceptor_class", ""), given.get("settles", "")
    amount = read_positive(given, "amount", currency)
    named: tuple[tuple[int, int], ...] = ()
    if given.get("for") == "named":
        named = named_items(entity_id, account_id, currency, amount, given.get("numbers", ""))
    return NewNote(
        account_id=account_id,
        kind=_kind(given),
        number=read_text(given, "number", 60),
        acceptor=read_text(given, "acceptor", 200),
        acceptor_class=AcceptorClass(acceptor_class) if acceptor_class in set(AcceptorClass) else AcceptorClass.COMPANY,
        currency=currency,
        amount_minor=amount,
        issue_date=issue,
        maturity_date=maturity,
        drawer=read_text(given, "drawer", 200),
        guarantor=read_text(given, "guarantor", 200),
        range_first=_read_part(given, "range_first"),
        range_last=_read_part(given, "range_last"),
        settles=Settles(settles) if settles in set(Settles) else None,
        named=named,
        oldest_first=given.get("for", "oldest") == "oldest",
    )


def _read_part(given: QueryDict, name: str) -> int | None:
    text = given.get(name, "").replace(",", "").replace(" ", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 17:
        raise Refusal("note.part_number", "{text} is not the number of a part.", text=text[:20])
    return int(text)


def named_items(
    entity_id: int, account_id: int, currency: str, amount_minor: int, numbers: str
) -> tuple[tuple[int, int], ...]:
    """The items behind document numbers, each with what the amount comes to on it, in the order named.

    Refuses ``note.no_documents`` and ``note.document_unknown``.
    """
    wanted = [text.strip() for text in numbers.replace("，", ",").replace(";", ",").split(",") if text.strip()]
    if not wanted:
        raise Refusal("note.no_documents", "Name the documents it is for, or say that it is for the oldest items.")
    known = {one.document_number: one for one in applicable.candidates(entity_id, account_id, currency, None)}
    left, found = amount_minor, []
    for text in dict.fromkeys(wanted):
        one = known.get(text)
        if one is None:
            raise Refusal(
                "note.document_unknown", "The customer owes nothing in this currency on {number}.", number=text[:40]
            )
        part = min(left, one.row.open_minor)
        if part:
            found.append((one.row.item_id, part))
            left -= part
    return tuple(found)

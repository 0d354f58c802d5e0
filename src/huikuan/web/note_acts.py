"""What is done with a bill or cheque: a form for each step, and taking the last step back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.notes import NoteState, NoteStep
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import desk
from huikuan.queries.note_lives import NoteLife, note_life
from huikuan.services.notes_split import split_note
from huikuan.services.notes_steps import (
    Discount,
    Endorsement,
    discount_note,
    dishonour_note,
    endorse_note,
    pay_note,
    present_note,
    return_note,
)
from huikuan.services.notes_undo import undo_step
from huikuan.web import note_words
from huikuan.web.acting import (
    Deed,
    Field,
    act,
    actor,
    amount_text,
    bar,
    demand_posting_to,
    done,
    may_post_to,
    read_money,
    read_on,
    read_text,
)
from huikuan.web.format import format_day
from huikuan.web.frames import Seat
from huikuan.web.pages import page
from huikuan.web.tags import address

NEGOTIATED = (NoteStep.DISCOUNTED, NoteStep.ENDORSED)
ORDER = (
    NoteStep.PRESENTED,
    NoteStep.PAID,
    NoteStep.DISCOUNTED,
    NoteStep.ENDORSED,
    NoteStep.SPLIT,
    NoteStep.DISHONOURED,
    NoteStep.RETURNED,
)
_METHODS = ["GET", "HEAD", "POST"]


def right_of(step: NoteStep) -> Right:
    return Right.NEGOTIATE_NOTE if step in NEGOTIATED else Right.POST_NOTE


def note_bar(seat: Seat, life: NoteLife) -> dict[str, Any]:
    """The buttons of a note's page, for who may."""
    row = life.row
    deeds: list[Deed] = []
    for step in ORDER:
        if step in life.steps and may_post_to(seat, row.entity_id, right_of(step)):
            name = "note_negotiate" if step in NEGOTIATED else "note_act"
            href = address(seat.kept, name, row.public_id, step=step.value)
            deeds.append(Deed(note_words.deed_word(row.kind, step), href, primary=not deeds))
    last = next((e for e in reversed(life.events) if not e.is_undone and not e.is_undo), None)
    if life.may_undo and last and may_post_to(seat, row.entity_id, right_of(NoteStep(last.step))):
        deeds.append(Deed(_("Take the last step back …"), address(seat.kept, "note_undo", row.public_id)))
    return bar(seat, deeds)


def _life(seat: Seat, public_id: str, right: Right) -> NoteLife:
    life = note_life(seat.frame, public_id)
    if life is None:
        raise Http404
    demand_posting_to(seat, life.row.entity_id, right)
    return life


def _step(request: HttpRequest, allowed: tuple[NoteStep, ...]) -> NoteStep:
    step = next((one for one in allowed if one.value == request.GET.get("step", "")), None)
    if step is None:
        raise Http404
    return step


def _shell(seat: Seat, life: NoteLife, title: str, button: str, says: str, blocked: str = "") -> dict[str, Any]:
    row, language = life.row, get_language() or "en"
    back = address(seat.kept, "note", row.public_id)
    return {
        "title": title,
        "about": row.number,
        "facts": [
            (_("Customer"), row.customer_name),
            (_("Amount"), amount_text(life.open_minor, row.currency)),
            (_("Matures"), format_day(row.maturity_date, language)),
            (_("State"), note_words.state_word(row.kind, row.state)),
        ],
        "crumbs": [(address(seat.kept, "notes"), _("Bills and cheques")), (back, row.number)],
        "back": back,
        "says": says,
        "button": button,
        "blocked": blocked,
    }


@require_http_methods(_METHODS)
@page(right=Right.POST_NOTE)
def do_step(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Presented, paid, split, dishonoured or returned, as ``step`` in the address says."""
    allowed = tuple(step for step in ORDER if step not in NEGOTIATED)
    return _take(request, seat, public_id, _step(request, allowed), Right.POST_NOTE)


@require_http_methods(_METHODS)
@page(right=Right.NEGOTIATE_NOTE)
def negotiate(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Discounted or endorsed, as ``step`` in the address says."""
    return _take(request, seat, public_id, _step(request, NEGOTIATED), Right.NEGOTIATE_NOTE)


def _take(request: HttpRequest, seat: Seat, public_id: str, step: NoteStep, right: Right) -> HttpResponse:
    life = _life(seat, public_id, right)
    row = life.row
    today = desk.day_at(row.entity_id, timezone.now())

    def context(given: QueryDict) -> dict[str, Any]:
        # A form sent again after it posted is not asked anew whether the step is open.
        blocked = "" if step in life.steps or given else _("This cannot be done with it as it stands.")
        title = note_words.deed_word(row.kind, step).rstrip(" …")
        says = _says(life, step)
        shell = _shell(seat, life, title, str(note_words.BUTTONS[step]), says, blocked)
        return {**shell, "fields": _fields(life, step, given, today)}

    def do(given: QueryDict, key: str) -> HttpResponse:
        on, memo = read_on(given, today), read_text(given, "memo", 200)
        common = {"on": on, "memo": memo, "key": key, **actor(request)}
        entry_id = _POST[step](life, given, common)
        text = _("{number}: {step}.").format(number=row.number, step=note_words.step_word(row.kind, step))
        if entry_id:
            return done(request, seat, text, entry_id, "note", public_id)
        messages.success(request, text)
        return redirect(address(seat.kept, "note", public_id))

    return act(request, seat, "actions/act.html", context, do, currency=row.currency, room="notes")


def _says(life: NoteLife, step: NoteStep) -> str:
    passed_on = NoteState(life.row.state) in (NoteState.DISCOUNTED, NoteState.ENDORSED)
    at_once = bool(life.item_public_id)
    if step == NoteStep.PRESENTED:
        return _("It is handed in for payment. Nothing is posted until it is paid.")
    if step == NoteStep.DISCOUNTED:
        return _(
            "The bank pays now and keeps the interest. With recourse it can take the money back until the bill is paid."
        )
    if step == NoteStep.ENDORSED:
        return _("It is handed on for what we owe. With recourse we owe it again if the bill is not paid.")
    if step == NoteStep.SPLIT:
        return _("Each part goes on by itself.")
    if step == NoteStep.PAID:
        if passed_on:
            return _("It was paid to who has it: nobody can come back on us any more.")
        return _("The money is in the bank.")
    opens = _("What it settled is open again.") if at_once else _("What it covered is no longer covered.")
    if passed_on and life.row.state == NoteState.DISCOUNTED:
        return opens + " " + _("The bank takes its money back.")
    return opens + " " + _("We owe who has it again.") if passed_on else opens


def _fields(life: NoteLife, step: NoteStep, given: QueryDict, today: date) -> list[Field]:
    fields = []
    recourse = (("yes", _("with recourse")), ("no", _("without recourse")))
    if step == NoteStep.PRESENTED:
        fields.append(Field("text", "party", _("To which bank"), given.get("party", ""), required=False))
    elif step == NoteStep.DISCOUNTED:
        left = (life.row.maturity_date - today).days
        days = _("Empty: to maturity, {n} days from today.").format(n=left)
        own = _("Empty: by the rate, on a year of 360 days.")
        fields += [
            Field("text", "party", _("Which bank"), given.get("party", "")),
            Field("text", "rate", _("Rate, percent a year"), given.get("rate", ""), required=False),
            Field("text", "days", _("Days"), given.get("days", ""), days, required=False),
            Field("money", "interest", _("Interest kept"), given.get("interest", ""), own, required=False),
            Field("money", "fee", _("The bank's fee"), given.get("fee", ""), required=False),
            Field("choice", "recourse", _("Recourse"), given.get("recourse", "yes"), choices=recourse),
        ]
    elif step == NoteStep.ENDORSED:
        fields += [
            Field("text", "party", _("To whom"), given.get("party", "")),
            Field("choice", "recourse", _("Recourse"), given.get("recourse", "yes"), choices=recourse),
        ]
    elif step == NoteStep.SPLIT:
        hint = _("Amounts with a semicolon between them; together the whole bill.")
        fields.append(Field("text", "amounts", _("Parts"), given.get("amounts", ""), hint))
    fields.append(Field("day", "on", _("Day"), given.get("on", today.isoformat())))
    must = step in (NoteStep.DISHONOURED, NoteStep.RETURNED)
    # Who decides on an approval reads the reason; it is asked for then.
    fields.append(Field("text", "memo", _("Why") if must else _("Remark"), given.get("memo", ""), required=must))
    return fields


# -- doing it --------------------------------------------------------------------------------------------------------
Posting = Callable[[NoteLife, QueryDict, dict[str, Any]], int]


def _present(life: NoteLife, given: QueryDict, common: dict[str, Any]) -> int:
    present_note(life.row.entity_id, life.row.id, bank=read_text(given, "party", 200), **common)
    return 0


def _pay(life: NoteLife, _given: QueryDict, common: dict[str, Any]) -> int:
    return pay_note(life.row.entity_id, life.row.id, **common)


def _discount(life: NoteLife, given: QueryDict, common: dict[str, Any]) -> int:
    interest, fee = (given.get(name, "").strip() for name in ("interest", "fee"))
    discount = Discount(
        read_text(given, "party", 200),
        read_rate(given.get("rate", "")),
        _read_days(given.get("days", "")),
        read_money(interest, life.row.currency) if interest else None,
        given.get("recourse", "yes") == "yes",
        read_money(fee, life.row.currency) if fee else 0,
    )
    return discount_note(life.row.entity_id, life.row.id, discount, **common)


def read_rate(text: str) -> Decimal | None:
    """A rate in percent, ``1.85``. Refuses ``note.rate_unreadable``."""
    text = text.strip().removesuffix("%").strip().replace(",", ".")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text):
        raise Refusal("note.rate_unreadable", "{text} is not a rate in percent.", text=text[:20])
    return Decimal(text)


def _read_days(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise Refusal("note.days_unreadable", "{text} is not a number of days.", text=text[:20])
    return int(text)


def _endorse(life: NoteLife, given: QueryDict, common: dict[str, Any]) -> int:
    endorsement = Endorsement(read_text(given, "party", 200), given.get("recourse", "yes") == "yes")
    return endorse_note(life.row.entity_id, life.row.id, endorsement, **common)


def _split(life: NoteLife, given: QueryDict, common: dict[str, Any]) -> int:
    texts = [text.strip() for text in re.split(r"[;；+]", given.get("amounts", "")) if text.strip()]
    amounts = [read_money(text, life.row.currency) for text in texts]
    split_note(life.row.entity_id, life.row.id, amounts, **common)
    return 0


def _dishonour(life: NoteLife, _given: QueryDict, common: dict[str, Any]) -> int:
    return dishonour_note(life.row.entity_id, life.row.id, **common)


def _return(life: NoteLife, _given: QueryDict, common: dict[str, Any]) -> int:
    return return_note(life.row.entity_id, life.row.id, **common)


_POST: dict[NoteStep, Posting] = {
    NoteStep.PRESENTED: _present,
    NoteStep.PAID: _pay,
    NoteStep.DISCOUNTED: _discount,
    NoteStep.ENDORSED: _endorse,
    NoteStep.SPLIT: _split,
    NoteStep.DISHONOURED: _dishonour,
    NoteStep.RETURNED: _return,
}


@require_http_methods(_METHODS)
@page
def undo(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Takes the last step of a note back, with what it posted."""
    found = note_life(seat.frame, public_id)
    if found is None:
        raise Http404
    last = next((e for e in reversed(found.events) if not e.is_undone and not e.is_undo), None)
    life = _life(seat, public_id, right_of(NoteStep(last.step)) if last else Right.POST_NOTE)
    today = desk.day_at(life.row.entity_id, timezone.now())

    def context(given: QueryDict) -> dict[str, Any]:
        blocked = "" if life.may_undo or given else _("There is no step that could be taken back.")
        word = note_words.step_word(life.row.kind, last.step) if last else ""
        says = _("The last step, {step}, was written down wrongly: it and what it posted are taken back.")
        shell = _shell(seat, life, _("Take the last step back"), _("Take it back"), says.format(step=word), blocked)
        fields = [
            Field("day", "on", _("Day"), given.get("on", today.isoformat())),
            Field("text", "memo", _("Why"), given.get("memo", "")),
        ]
        return {**shell, "fields": fields}

    def do(given: QueryDict, key: str) -> HttpResponse:
        memo = read_text(given, "memo", 200)
        if not memo:
            raise Refusal("form.reason_missing", "Say why.")
        on = read_on(given, today)
        undo_step(life.row.entity_id, life.row.id, on=on, memo=memo, key=key, **actor(request))
        messages.success(request, _("The last step of {number} is taken back.").format(number=life.row.number))
        return redirect(address(seat.kept, "note", public_id))

    return act(request, seat, "actions/act.html", context, do, currency=life.row.currency, room="notes")

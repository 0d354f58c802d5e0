"""How a customer pays: the panel on its page, the evidence one click away, and what people know better."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from huikuan.core.payment_facts import STEP_DAYS_MAX, STEPS_MAX, TRANSFER_DAYS_MAX, WEEKDAYS, PaymentStep
from huikuan.core.payment_texts import FIELDS, steps_from, values_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.queries import habits as queries
from huikuan.queries.customer_file import owns
from huikuan.queries.habits import CustomerHabits, contact_texts
from huikuan.queries.payment_facts import facts_of
from huikuan.services.field_changes import Change, ChangedMeanwhile
from huikuan.services.habits import set_payment_habits
from huikuan.web import habit_words as words
from huikuan.web.acting import actor
from huikuan.web.customer_file import back_to, crumbs, file_or_404, may
from huikuan.web.customer_words import HABIT_FIELDS
from huikuan.web.frames import Seat
from huikuan.web.note_words import CHANNELS
from huikuan.web.pages import page, refusal_text, show
from huikuan.web.tags import address

SHOWN_DAYS = 60
"""Payment days shown as evidence, the latest."""
EMPTY_STEPS = 2


@require_safe
@page
def show_habits(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The panel, where the customer's page asks for it; else all the evidence as a page."""
    file = file_or_404(seat, public_id)
    found = queries.payment_habits(seat.frame, public_id)
    if found is None:
        raise Http404
    context = {
        "file": file,
        "habits": found,
        "headline": words.headline(found),
        "ask_by": words.asking_headline(found),
        "reasons": words.asking_reasons(found),
        "more": _more(found),
        "entered": _entered(found),
        "may_edit_habits": may(seat, file, Right.EDIT_CUSTOMER),
        "trend": words.trend_phrase(found.learned.lateness),
    }
    if request.headers.get("HX-Target", "") == "habits":
        return render(request, "customers/habits.html", {**context, "frame": seat.frame, "kept": seat.kept})
    evidence = {**_evidence(found), "crumbs": crumbs(seat, file), "back": back_to(seat, file)}
    return show(request, seat, "customers/habits_page.html", {**context, **evidence}, room="customers")


def _more(found: CustomerHabits) -> list[str]:
    """Further habits worth a line."""
    learned = found.learned
    lines = [
        words.cycle_phrase(learned.cycle),
        words.purchases_phrase(learned.purchases),
        words.deduction_phrase(learned.deduction),
    ]
    others = [row for row in found.payers if row.relation != "itself"]
    if others:
        total = sum(row.payments for row in found.payers)
        text = _("{name} has paid for it as well ({n} of {all} payments).")
        lines.append(text.format(name=others[0].name, n=others[0].payments, all=total))
    return [line for line in lines if line]


def _entered(found: CustomerHabits) -> list[tuple[str, str]]:
    """What people entered, as labels and values."""
    facts = found.facts
    yes_no = {True: _("yes"), False: _("no"), None: ""}
    moves = _("to the working day before") if facts.moves_before else ""
    values = {
        "run_days": words.days_phrase(facts.run_days, ()),
        "run_weekdays": words.days_phrase((), facts.run_weekdays),
        "run_moves": moves,
        "closing_day": words.day_word(facts.closing_day) if facts.closing_day else "",
        "transfer_days": "" if facts.transfer_days is None else str(facts.transfer_days),
        "budget_needed": yes_no[facts.budget_needed],
        "invoice_needs": facts.invoice_needs,
    }
    return [(str(HABIT_FIELDS[name]), value) for name, value in values.items() if value]


def _evidence(found: CustomerHabits) -> dict[str, Any]:
    learned = found.learned
    pattern = learned.month_days if learned.month_days.found else learned.weekdays
    kept = set(pattern.kept)
    days = sorted({*pattern.kept, *pattern.missed})
    return {
        "month_days": words.pattern_phrase(learned.month_days),
        "month_evidence": words.pattern_evidence(learned.month_days),
        "weekdays": words.pattern_phrase(learned.weekdays),
        "weekday_evidence": words.pattern_evidence(learned.weekdays),
        "lateness": words.lateness_phrase(learned.lateness),
        "lateness_evidence": words.lateness_evidence(learned.lateness),
        "from_document": learned.from_document.median,
        "from_document_evidence": words.lateness_evidence(learned.from_document),
        "days": [(day, day in kept) for day in days[-SHOWN_DAYS:]],
        "days_left_out": max(len(days) - SHOWN_DAYS, 0),
        "has_pattern": pattern.found,
        "payers": [(row, words.relation_word(row.relation)) for row in found.payers],
        "channels": [(CHANNELS.get(code, code), count) for code, count in learned.channels],
    }


# -- what people know ------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.EDIT_CUSTOMER)
def edit_habits(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    file = file_or_404(seat, public_id, Right.EDIT_CUSTOMER)
    stored = values_of(facts_of(file.id))
    values, was, reason, status, conflicts = stored, stored, "", 200, []
    if request.method == "POST":
        values = _typed(request.POST, lambda text: owns(file, "con", text))
        was = {name: request.POST.get(f"was-{name}", "").replace("\r\n", "\n") for name in FIELDS}
        try:
            changes = {name: Change(text, was[name]) for name, text in values.items()}
            set_payment_habits(file.id, changes, **actor(request))
        except ChangedMeanwhile as refusal:
            reason, status, conflicts, was = refusal_text(refusal), 409, refusal.conflicts, stored
        except Refusal as refusal:
            reason, status = refusal_text(refusal), 400
        else:
            messages.success(request, _("How the customer pays is up to date."))
            return redirect(back_to(seat, file, "habits-head"))
    context = {
        "file": file,
        "crumbs": [*crumbs(seat, file), (address(seat.kept, "customer_habits", public_id), _("How it pays"))],
        "back": back_to(seat, file, "habits-head"),
        "values": values,
        "was": was,
        "reason": reason,
        "conflicts": [(HABIT_FIELDS[one.field], one) for one in conflicts],
        "weekdays": [
            (code, WEEKDAY_NAMES[number], code in values["run_weekdays"].split(","))
            for number, code in enumerate(WEEKDAYS)
        ],
        "steps": _step_rows(values["steps"]),
        "contacts": contact_texts(file.family),
        "limits": {"transfer": TRANSFER_DAYS_MAX, "step": STEP_DAYS_MAX},
    }
    return show(request, seat, "customers/habits_edit.html", context, room="customers", status=status)


def _typed(given: QueryDict, contact_number: Any) -> dict[str, str]:
    """What the form says, as the service takes it; contacts by their opaque ids, those of others left out."""
    values = {name: " ".join(given.get(name, "").split())[: FIELDS[name] + 1] for name in FIELDS if name != "steps"}
    chosen = set(given.getlist("weekday"))
    values["run_weekdays"] = ",".join(code for code in WEEKDAYS if code in chosen)
    columns = [given.getlist(f"step_{name}") for name in ("name", "days", "contact")]
    lines = []
    for name, days, contact in list(zip(*columns, strict=False))[: STEPS_MAX + EMPTY_STEPS]:
        if name.strip() or contact.strip() or days.strip() not in ("", "0"):
            number = contact_number(contact.strip()) if contact.strip() else None
            plain = " ".join(name.replace("|", " ").split())[:81]
            lines.append(f"{plain}|{days.strip()[:5]}|{number or ''}")
    values["steps"] = "\n".join(lines)
    return values


def _step_rows(text: str) -> list[PaymentStep]:
    """The steps as the form shows them, with room for more; what cannot be read is shown as it was typed."""
    try:
        steps = list(steps_from(text))
    except Refusal:
        steps = [PaymentStep(line.partition("|")[0], 0, None) for line in text.splitlines() if line.partition("|")[0]]
    return steps + [PaymentStep("", 0)] * (EMPTY_STEPS if len(steps) + EMPTY_STEPS <= STEPS_MAX else 0)

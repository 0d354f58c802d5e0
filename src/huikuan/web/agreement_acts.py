"""What is done with a settlement agreement: a form for each step, and taking it back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huikuan.core.agreements import LIVE, STANDING, AgreementKind, AgreementState, AgreementStep
from huikuan.core.rights import Right
from huikuan.queries import desk
from huikuan.queries.agreement_choices import document_number, papers_for
from huikuan.queries.agreements import AgreementLife, agreement
from huikuan.services.agreements import sign_agreement, value_thing, withdraw_agreement
from huikuan.services.agreements_posting import (
    invoice_thing,
    keep_rest,
    lose_rest,
    post_agreement,
    undo_agreement,
)
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
    read_positive,
    read_text,
)
from huikuan.web.agreement_words import state_word
from huikuan.web.documents import may_add
from huikuan.web.frames import Seat, number_of
from huikuan.web.pages import page
from huikuan.web.tags import address

RIGHT = Right.POST_ADJUSTMENT
_METHODS = ["GET", "HEAD", "POST"]
ALL = "all"


def steps_open(life: AgreementLife) -> list[str]:
    """What can be done with an agreement as it stands, the next first."""
    row, in_kind = life.row, life.row.kind == AgreementKind.IN_KIND
    state = AgreementState(row.state)
    found = []
    if state == AgreementState.PROPOSED:
        found.append("sign")
    if state in LIVE and in_kind:
        found.append("value")
    if state == AgreementState.SIGNED and (not in_kind or life.last(AgreementStep.VALUED)):
        found.insert(0, "post")
    rest_is_open = row.rest_minor and not life.last(AgreementStep.KEPT, AgreementStep.LOST)
    if state in (AgreementState.SIGNED, AgreementState.POSTED) and in_kind and not life.last(AgreementStep.INVOICED):
        found.append("invoice")
    if state == AgreementState.POSTED and rest_is_open:
        found += ["keep", "lose"]
    return [*found, "withdraw"] if state in LIVE else found


def deed_word(kind: str, step: str) -> str:
    """The button of a step."""
    words = {
        "sign": _("Signed …"),
        "value": _("Valued …"),
        "post": _("Title passed …") if kind == AgreementKind.IN_KIND else _("Post …"),
        "invoice": _("Invoice received …"),
        "keep": _("The rest stays open …"),
        "lose": _("Write the rest off …"),
        "withdraw": _("Withdraw …"),
    }
    return words[step]


def agreement_bar(seat: Seat, life: AgreementLife) -> dict[str, Any]:
    """The buttons of an agreement's page, for who may."""
    row = life.row
    deeds: list[Deed] = []
    if may_post_to(seat, row.entity_id, RIGHT):
        for step in steps_open(life):
            href = address(seat.kept, "agreement_act", row.public_id, step=step)
            deeds.append(Deed(deed_word(row.kind, step), href, primary=not deeds and step != "withdraw"))
    if row.state in STANDING and may_post_to(seat, row.entity_id, Right.REVERSE):
        deeds.append(Deed(_("Take it all back …"), address(seat.kept, "agreement_undo", row.public_id)))
    return bar(seat, deeds)


def _life(seat: Seat, public_id: str, right: Right) -> AgreementLife:
    life = agreement(seat.frame, public_id)
    if life is None:
        raise Http404
    demand_posting_to(seat, life.row.entity_id, right)
    return life


def _shell(seat: Seat, life: AgreementLife, title: str, button: str, says: str, blocked: str = "") -> dict[str, Any]:
    row = life.row
    back = address(seat.kept, "agreement", row.public_id)
    return {
        "title": title,
        "about": row.number,
        "facts": [
            (_("Customer"), row.customer_name),
            (_("Debts closed"), amount_text(row.amount_minor, row.currency)),
            (_("State"), state_word(row.kind, row.state)),
        ],
        "crumbs": [(address(seat.kept, "agreements"), _("Settlement agreements")), (back, row.number)],
        "back": back,
        "says": says,
        "button": button,
        "blocked": blocked,
    }


class _Step:
    """The form of one step, and what it does when it is sent."""

    def __init__(self, seat: Seat, life: AgreementLife, step: str, today: date) -> None:
        self.seat, self.life, self.step, self.today = seat, life, step, today
        self.row = life.row
        self.papers = papers_for(seat.frame, life.row.id)

    # -- the form
    def context(self, given: QueryDict) -> dict[str, Any]:
        fields, says = getattr(self, f"_ask_{self.step}")(given)
        title = deed_word(self.row.kind, self.step).removesuffix("…").strip()
        needs_paper = self.step in ("sign", "value", "invoice") or (
            self.step == "post" and self.row.kind == AgreementKind.IN_KIND
        )
        blocked = ""
        if needs_paper:
            fields.append(self._paper(given))
            if not self.papers:
                blocked = _("Add the paper to the customer's documents first; then it can be chosen here.")
        fields.insert(0, Field("day", "on", _("Day"), given.get("on", self.today.isoformat())))
        shown = {**_shell(self.seat, self.life, title, title, says, blocked), "fields": fields}
        if blocked and may_add(self.seat, self.row.entity_id):
            add = address(self.seat.kept, "document_add", "customer", self.row.customer_public_id)
            shown["remedy"] = (add, _("Add a document"))
        return shown

    def _paper(self, given: QueryDict) -> Field:
        listed = tuple((code, name) for _number, code, name in self.papers)
        return Field("choice", "paper", _("Proof"), given.get("paper", ""), choices=listed)

    def _ask_sign(self, given: QueryDict) -> tuple[list[Field], str]:
        waiting = [(str(one.ordinal), one.name) for one in self.life.parties if one.signed_on is None]
        parties = ((ALL, _("All who have not signed")), *waiting)
        says = _("A paper may carry several signatures. Once everybody has signed it can be posted.")
        return [Field("choice", "party", _("Who signed"), given.get("party", ALL), choices=parties)], says

    def _ask_value(self, given: QueryDict) -> tuple[list[Field], str]:
        says = _("It is taken for {amount}, which may not be more than it is worth.")
        label = _("Worth, in {currency}").format(currency=self.row.currency)
        fields = [
            Field("money", "amount", label, given.get("amount", "")),
            Field("text", "valuer", _("Valued by"), given.get("valuer", "")),
        ]
        return fields, says.format(amount=amount_text(self.row.amount_minor, self.row.currency))

    def _ask_post(self, given: QueryDict) -> tuple[list[Field], str]:
        if self.row.kind == AgreementKind.IN_KIND:
            return [], _("The debts are closed on the day on which title passed, proved by a paper.")
        return [], _("All debts of the agreement are closed on this day, in every legal entity, or none is.")

    def _ask_invoice(self, given: QueryDict) -> tuple[list[Field], str]:
        says = _("The customer's invoice for the thing, over {amount}.")
        fields = [
            Field("text", "number", _("Number"), given.get("number", "")),
            Field("money", "tax", _("Tax in it"), given.get("tax", "")),
        ]
        return fields, says.format(amount=amount_text(self.row.amount_minor, self.row.currency))

    def _why(self, given: QueryDict, *, required: bool) -> list[Field]:
        return [Field("text", "memo", _("Why"), given.get("memo", ""), required=required)]

    def _rest(self) -> str:
        return amount_text(self.row.rest_minor, self.row.currency)

    def _ask_keep(self, given: QueryDict) -> tuple[list[Field], str]:
        says = _("{amount} is still owed and is collected like any other debt.").format(amount=self._rest())
        return self._why(given, required=False), says

    def _ask_lose(self, given: QueryDict) -> tuple[list[Field], str]:
        says = _("What is still open of {amount} is written off as a bad debt.").format(amount=self._rest())
        return self._why(given, required=True), says

    def _ask_withdraw(self, given: QueryDict) -> tuple[list[Field], str]:
        return self._why(given, required=False), _("Nothing was posted; the items are free again.")

    # -- doing it
    def do(self, given: QueryDict, key: str, who: dict[str, Any]) -> list[int]:
        """The entries that were posted, if any."""
        on, number = read_on(given, self.today), self.row.id
        paper, memo = document_number(given.get("paper", "")), read_text(given, "memo", 300)
        if self.step == "sign":
            waiting = [one.ordinal for one in self.life.parties if one.signed_on is None]
            chosen = given.get("party", ALL)
            who_signed = waiting if chosen == ALL else [number_of(chosen)]
            sign_agreement(number, who_signed, paper, on=on, **who)
        elif self.step == "value":
            amount = read_positive(given, "amount", self.row.currency)
            value_thing(number, amount, read_text(given, "valuer", 200), paper, on=on, **who)
        elif self.step == "invoice":
            tax = given.get("tax", "").strip()
            minor = read_money(tax, self.row.currency) if tax else 0
            invoice_thing(number, read_text(given, "number", 200), minor, paper, on=on, **who)
        elif self.step == "keep":
            keep_rest(number, on=on, memo=memo, **who)
        elif self.step == "withdraw":
            withdraw_agreement(number, on=on, memo=memo, **who)
        elif self.step == "lose":
            return lose_rest(number, on=on, memo=memo, key=key, **who)
        else:
            return post_agreement(number, on=on, document_id=paper, key=key, **who)
        return []


@require_http_methods(_METHODS)
@page(right=RIGHT)
def do_step(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """The step that ``step`` in the address names."""
    life = _life(seat, public_id, RIGHT)
    asked = request.GET.get("step", "")
    if asked not in ("sign", "value", "post", "invoice", "keep", "lose", "withdraw"):
        raise Http404
    step = _Step(seat, life, asked, desk.day_at(life.row.entity_id, timezone.now()))

    def context(given: QueryDict) -> dict[str, Any]:
        shown = step.context(given)
        if asked not in steps_open(life) and not shown["blocked"]:
            shown["blocked"] = _("The agreement has moved on: look at it again.")
        return shown

    def do(given: QueryDict, key: str) -> HttpResponse:
        entries = step.do(given, key, actor(request))
        text = _("Kept with agreement {number}.").format(number=life.row.number)
        if entries:
            text = _("Posted for agreement {number}.").format(number=life.row.number)
            return done(request, seat, text, entries[0], "agreement", public_id)
        messages.success(request, text)
        return redirect(address(seat.kept, "agreement", public_id))

    return act(request, seat, "actions/act.html", context, do, currency=life.row.currency, room="agreements")


@require_http_methods(_METHODS)
@page(right=Right.REVERSE)
def undo(request: HttpRequest, seat: Seat, public_id: str) -> HttpResponse:
    """Everything it posted is taken back, in every legal entity."""
    life = _life(seat, public_id, Right.REVERSE)
    today = desk.day_at(life.row.entity_id, timezone.now())
    posted = [(code, text) for one in life.steps for code, text in one.entries]

    def context(given: QueryDict) -> dict[str, Any]:
        says = _("All its debts are open again as they were, to the cent:")
        blocked = "" if life.row.state in STANDING else _("Nothing of this agreement is posted.")
        title = _("Take the agreement back")
        return {
            **_shell(seat, life, title, title, says, blocked),
            "undone": [(address(seat.kept, "entry", text), f"{life.row.number} · {code}") for code, text in posted],
            "fields": [
                Field("day", "on", _("Day"), given.get("on", today.isoformat())),
                Field("text", "memo", _("Why"), given.get("memo", "")),
            ],
        }

    def do(given: QueryDict, key: str) -> HttpResponse:
        on, memo = read_on(given, today), read_text(given, "memo", 300)
        entries = undo_agreement(life.row.id, on=on, memo=memo, key=key, **actor(request))
        text = _("Agreement {number} is taken back.").format(number=life.row.number)
        return done(request, seat, text, entries[0], "agreement", public_id)

    return act(request, seat, "actions/act.html", context, do, currency=life.row.currency, room="agreements")

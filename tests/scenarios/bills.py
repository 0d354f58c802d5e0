"""Bills and cheques in stories: taking one, its steps, and where it stands."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from huikuan.core.money import parse_amount
from huikuan.core.notes import AcceptorClass, NoteKind, Settles
from huikuan.services.notes import NewNote, take_note
from huikuan.services.notes_split import split_note
from huikuan.services.notes_standing import states_of
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
from huikuan.store.models import Note

if TYPE_CHECKING:
    from tests.scenarios.runner import Step, Story

KINDS = {"bill": NoteKind.ACCEPTANCE, "cheque": NoteKind.CHEQUE, "certificate": NoteKind.CERTIFICATE}
STEPS = {
    *KINDS,
    "present the bill",
    "discount the bill",
    "endorse the bill",
    "split the bill",
    "the bill is paid",
    "the bill is dishonoured",
    "return the bill",
    "take the step back",
}


def do(step: Step, what: str, name: str) -> None:
    """One row about a bill; its number is kept as ``bill NAME``."""
    story, ledger = step.story, step.ledger
    if what in KINDS:
        story.documents[f"bill {name}"] = take(step, KINDS[what], name)
        return
    number = story.documents[f"bill {name}"]
    given: dict[str, Any] = {"on": step.day, **ledger.common}
    recourse = "without recourse" not in step.details
    party = (re.search(r"(?:by|to) ([^;]+)", step.details) or ["", "somebody"])[1]
    if what == "present the bill":
        present_note(ledger.entity_id, number, **given)
    elif what == "discount the bill":
        rate = re.search(r"([\d.]+) ?%", step.details)
        terms = Discount(party, Decimal(rate[1]) if rate else None, with_recourse=recourse)
        discount_note(ledger.entity_id, number, terms, **given)
    elif what == "endorse the bill":
        endorse_note(ledger.entity_id, number, Endorsement(party, recourse), **given)
    elif what == "split the bill":
        names = [part.rsplit(" ", 1) for part in step.details.split("into ")[1].split(" + ")]
        amounts = [parse_amount(amount.replace(",", ""), ledger.currency) for _, amount in names]
        parts = split_note(ledger.entity_id, number, amounts, **given)
        story.documents |= {f"bill {part[0]}": one for part, one in zip(names, parts, strict=True)}
    elif what == "the bill is paid":
        pay_note(ledger.entity_id, number, **given)
    elif what == "the bill is dishonoured":
        dishonour_note(ledger.entity_id, number, memo="not paid", **given)
    elif what == "return the bill":
        return_note(ledger.entity_id, number, memo="given back", **given)
    else:
        undo_step(ledger.entity_id, number, **given)


def take(step: Step, kind: NoteKind, name: str) -> int:
    """``customer Alder; matures 2026-07-08; settles at maturity; parts 1-100; for I-1 60.00 + I-2 40.00``."""
    minor, currency = step.money()
    matures = re.search(r"matures ([\d-]+)", step.details)
    parts = re.search(r"parts (\d+)-(\d+)", step.details)
    wanted = re.search(r"for ([^;]*)", step.details)
    named = []
    for part in wanted[1].split(" + ") if wanted else []:
        document, amount = part.split()
        named.append((step.story.documents[document], parse_amount(amount.replace(",", ""), currency)))
    new = NewNote(
        account_id=step.ledger.customer(step.customer() or "C1"),
        kind=kind,
        number=name,
        acceptor="the acceptor",
        acceptor_class=AcceptorClass.MAJOR_BANK,
        currency=currency,
        amount_minor=minor,
        issue_date=step.day,
        maturity_date=date.fromisoformat(matures[1]) if matures else step.day,
        settles=Settles.AT_MATURITY if "at maturity" in step.details else Settles.AT_ONCE,
        range_first=int(parts[1]) if parts else None,
        range_last=int(parts[2]) if parts else None,
        named=tuple(named),
    )
    return take_note(step.ledger.entity_id, new, on=step.day, **step.ledger.common)


def standing(story: Story, given: Any) -> list[tuple[str, ...]]:
    """Where each bill stands."""
    found = []
    for row in given.named():
        number = story.documents[f"bill {row['bill']}"]
        state = states_of(Note.objects.filter(pk=number))[number].value
        found.append(tuple({"bill": row["bill"], "state": state}[name] for name in given.headers))
    return found

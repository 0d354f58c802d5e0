"""What handing in e-invoices takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from huikuan.core.refusals import DataError, DataWarning, Refusal
from huikuan.invoices.document import Fault, InvoiceDocument
from huikuan.services.einvoices_matching import Match


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """A file as it was handed in."""

    name: str
    data: bytes


@dataclass(slots=True)
class Outcome:
    """What becomes of one invoice. ``status``: new, attached (the item is there from another source and gets the
    invoice's facts), known (nothing changes but for a further original) or refused.

    ``document`` is ``None`` for a file that could not be read. ``amount_minor`` is what is due, credits negative.
    """

    file_name: str
    file_index: int
    document: InvoiceDocument | None = None
    faults: list[Fault] = field(default_factory=list)
    status: str = "new"
    match: Match = field(default_factory=Match)
    makes_customer: bool = False
    currency: str = ""
    net_minor: int = 0
    tax_minor: int = 0
    gross_minor: int = 0
    prepaid_minor: int = 0
    amount_minor: int = 0
    due_date: date | None = None
    item_id: int | None = None
    same_as: int | None = None
    """The place, in the list, of the same invoice in an earlier file."""

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.faults if not fault.is_warning]

    @property
    def warnings(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.is_warning]

    @property
    def number(self) -> str:
        return self.document.number if self.document else ""

    def refuse(self, refusal: Refusal, path: str = "") -> None:
        """Takes a refusal down as a fault of this invoice."""
        params = {name: str(value) for name, value in refusal.params.items()}
        self.faults.append(Fault(refusal.code, path, refusal.template, params))
        self.status = "refused"

    def warn(self, rule: str, template: str, path: str = "", **params: str) -> None:
        self.faults.append(Fault(rule, path, template, params, is_warning=True))


@dataclass(slots=True)
class Report:
    """All invoices of the files, in order, and what was done with them."""

    outcomes: list[Outcome]
    posted: int = 0
    attached: int = 0
    new_customers: int = 0

    @property
    def refused(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.status == "refused"]

    def count(self, status: str) -> int:
        return sum(one.status == status for one in self.outcomes)


def data_errors(outcomes: list[Outcome], *, warnings: bool = False) -> list[DataError]:
    """The faults (or the warnings) as a list of errors of files, for the command line."""
    kind = DataWarning if warnings else DataError
    return [
        kind(one.file_name, None, fault.path or None, f"{fault.rule}: {fault.reason}", fault.rule, one.number or None)
        for one in outcomes
        for fault in (one.warnings if warnings else one.errors)
    ]

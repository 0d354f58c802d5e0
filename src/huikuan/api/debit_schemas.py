"""What programs send and are told about collections by direct debit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from huikuan.api.paging import Asked
from huikuan.api.schemas import Amount, Code, Day, EntityCode, Given, Id
from huikuan.core.direct_debits import Bundle, PaymentState, RecallReason, RunState, Scheme, SequenceType

Reason = Annotated[str, StringConstraints(max_length=120, pattern=r"^[A-Z]{2}[A-Z0-9]{2}[^\x00-\x1f\x7f]*$")]


class RunsAsked(Asked):
    entity: Code = ""
    which: Literal["open", "done", "all"] = Field("all", description="`open`: something is waited for.")


class DebitRunOut(Schema):
    """A collection. `notice_on`: customers are told by then; `file_on`: the bank has the file by then. Amounts in
    euro; `waiting`: payments the bank has said nothing about yet; `failed`: rejected or returned."""

    id: str
    number: str
    entity: str
    state: RunState
    bundle: Bundle
    due_by: date
    due_on: date
    notice_on: date
    file_on: date
    notified_on: date | None
    sent_on: date | None
    payments: int
    amount: str
    collected: str
    waiting: int
    failed: int
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    file_sha256: str | None


class DebitPartOut(Schema):
    item: str
    document_number: str
    amount: str


class DebitPaymentOut(Schema):
    """A payment of a collection. `reason`: what the bank gave, the ISO code first. `items`: credits that make it
    smaller have amounts below zero. `recall`: the number of its recall; `recall_answer`: why the bank collects it all
    the same."""

    id: str
    end_to_end_id: str
    customer: str
    mandate: str
    scheme: Scheme
    sequence: SequenceType
    amount: str
    state: PaymentState
    items: list[DebitPartOut]
    receipt: str | None
    returned_on: date | None
    reason: str
    charges: str
    recall: str
    recall_answer: str


class DebitRunRead(DebitRunOut):
    rows: list[DebitPaymentOut]


class DebitRunList(Schema):
    rows: list[DebitRunOut]
    next: str | None
    more: bool


class DebitRunIn(Given):
    """`asked_on`: the day wished for, moved to the first that leaves time for notice and bank; without one, that day.
    `due_by`: items due by then; the collection day without one."""

    entity: EntityCode
    asked_on: Day | None = None
    due_by: Day | None = None
    bundle: Bundle = Bundle.CUSTOMER


class RunStepIn(Given):
    on: Day | None = None


class SettleDebitsIn(Given):
    line: Id


class RecallIn(Given):
    """`reason`: DUPL (sent twice), CUST (the customer is not to be charged), TECH (a technical fault) or FRAD.
    `payments`: those to recall; all that the bank has said nothing about without any."""

    reason: RecallReason
    payments: list[Id] = Field(default_factory=list, max_length=5_000)


class RecallAnswerIn(Given):
    """What the bank said of a payment recalled: it does not collect it (`accepted`), or does, with its reason."""

    payment: Id
    accepted: bool
    reason: Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    on: Day | None = None


class SendBackIn(Given):
    """A payment the bank refused or took back: `reason` begins with the ISO code (`AM04`)."""

    payment: Id
    reason: Reason
    on: Day | None = None
    charges: Amount = "0"


class DebitReportOut(Schema):
    """`not_recalled`: payments that are collected although we recalled them; `foreign`: those that are not ours."""

    rejected: int
    returned: int
    not_recalled: int
    known: int
    foreign: list[str]

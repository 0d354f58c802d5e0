"""What programs send and get about shops and their payouts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from huikuan.api.schemas import Code, Currency, Day, EntityCode, Given, Id, Name
from huikuan.core.payout_differences import DifferenceKind, Reason
from huikuan.core.payouts import How, SalesPosting, ShopKind

Text = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class FeeModel(Given):
    """A fee agreed: `rate_bp` hundredths of a percent and `fixed` per order. Without a way of payment: every other."""

    pay_method: Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    rate_bp: Annotated[int, Field(ge=0, le=10_000)]
    fixed: Annotated[str, StringConstraints(max_length=40)] = "0"


class ShopTerms(Given):
    """What is agreed with a shop. `customer`: who owes what it sells. `payer_names`: words by which its payouts are
    known on the bank."""

    customer: Name
    name: Name
    kind: ShopKind
    settle_days: Annotated[int, Field(ge=0, le=90)]
    in_working_days: bool = False
    posting: SalesPosting = SalesPosting.SUMMARY
    returns_fee: bool = True
    payer_names: Annotated[list[Text], Field(max_length=20)] = []
    fees: Annotated[list[FeeModel], Field(max_length=50)] = []


class ShopIn(ShopTerms):
    """A shop to be set up."""

    entity: EntityCode
    currency: Currency


class ShopChange(ShopTerms):
    """A shop as it shall be. Customer and currency of one that has sales stay; without a currency it stays."""

    currency: Currency | Literal[""] = ""
    is_active: bool = True


class FeeOut(Schema):
    pay_method: str
    rate_bp: int
    fixed: str


class ShopOut(Schema):
    """A shop. `to_come`: sold, net of fees, not paid out yet; `differences`: how many are open; `waiting`: lines of the
    bank that nobody has settled."""

    id: str
    entity: str
    customer: str
    name: str
    kind: ShopKind
    currency: str
    settle_days: int
    in_working_days: bool
    posting: SalesPosting
    returns_fee: bool
    payer_names: list[str]
    fees: list[FeeOut]
    is_active: bool
    last_day: date | None
    to_come: str
    differences: int
    waiting: int


class ShopList(Schema):
    rows: list[ShopOut]


class ShopsAsked(Schema):
    entity: Code = Field("", description="An entity's code; without, every entity you may see.")


class DaysAsked(Schema):
    since: Day | None = Field(None, description="The first day; without, every day.")
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class ShopDayOut(Schema):
    """A day: `expected` is `sold` less `fee`; `difference` is what does not fit of it, nought before it is due."""

    day: date
    due: date
    orders: int
    sold: str
    fee: str
    expected: str
    paid: str
    fee_booked: str
    difference: str
    state: str
    units: list[int]


class ShopDays(Schema):
    rows: list[ShopDayOut]
    total: int


class DifferenceOut(Schema):
    """Something that does not fit; `amount` is missing, negative where it is too much."""

    kind: DifferenceKind
    key: str
    day: date
    amount: str
    about: str
    responsible: str


class ShopDifferences(Schema):
    rows: list[DifferenceOut]


class ExplanationIn(Given):
    """Why the difference `kind`, `key` of this `amount` is no longer open. `fee_accepted` books it as a fee."""

    kind: DifferenceKind
    key: Annotated[str, StringConstraints(min_length=1, max_length=140, pattern=r"^[^\x00-\x1f\x7f]*$")]
    amount: Annotated[str, StringConstraints(max_length=40)]
    reason: Reason
    note: Text = ""


class ExplanationOut(Schema):
    explanation: int


class ShopFileOut(Schema):
    """What became of a file. `columns`: how its headings were understood."""

    is_details: bool
    rows_new: int
    rows_known: int
    left_out: int
    days: int
    items: int
    columns: dict[str, str]


class ShopFileForm(Schema):
    what: Literal["", "sales", "details"] = Field("", description="Without it: by the file's headings.")


class MatchOut(Schema):
    """A line that waited: the payout it was settled as, or why a person must say."""

    line: str
    payout: str | None
    how: How | None
    why: str


class MatchList(Schema):
    rows: list[MatchOut]


class PayoutIn(Given):
    """Takes the money of a bank line for the payout of these days (`units` of the shop's days)."""

    shop: Id
    line: Id
    units: Annotated[list[Annotated[int, Field(ge=1, le=2**62)]], Field(min_length=1, max_length=400)]


class PayoutPartOut(Schema):
    day: date
    gross: str
    fee_booked: str
    paid: str
    left: str


class PayoutOut(Schema):
    """A payout. Of each part `gross` is `paid`, `fee_booked` and `left` (still open)."""

    id: str
    shop: str
    line: str
    day: date
    how: How
    paid: str
    fee_booked: str
    short: str
    rest: str
    charges: str
    undone: bool
    parts: list[PayoutPartOut]


class PayoutList(Schema):
    rows: list[PayoutOut]

"""Who may do what: rights, the roles that carry them, and duties one person must not hold together.

A role is granted to a person for one legal entity and for a reach: all customers, those of a team, or the person's own.
Nothing is allowed that no role allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Right(StrEnum):
    """One thing a person may do in an entity. The code is stored in API keys and shown in refusals."""

    SEE_LEDGER = "ledger.see"
    """Customers, items, receipts, ageing of the customers in reach."""
    SEE_AUDIT = "audit.see"
    EXPORT = "ledger.export"
    UNMASK = "personal.unmask"
    """Bank accounts, telephone and identity numbers in full; each look is logged."""
    IMPORT = "import.run"
    POST_ITEM = "item.post"
    POST_CASH = "cash.post"
    """Receipts, applications, refunds, bounced payments."""
    EDIT_BANK_ACCOUNT = "bank_account.edit"
    """Bank accounts of ours."""
    OVERRIDE_BANK_STATEMENT = "bank_statement.override"
    """Take a bank statement whose balances do not tie, with a reason."""
    POST_NOTE = "note.post"
    """Bills, cheques and other notes: taken, presented, split, paid, dishonoured, returned."""
    NEGOTIATE_NOTE = "note.negotiate"
    """Notes discounted and endorsed."""
    DECIDE_MATCH = "match.decide"
    """Lines on the workbench: accept, split, park, ask, undo; forget what was learned."""
    AUDIT_MATCH = "match.audit"
    """Say whether automatic postings drawn for the audit were right."""
    APPROVE_DEBIT = "debit.approve"
    """Collections by direct debit that somebody else proposed."""
    EDIT_MATCH_POLICY = "match.policy"
    """What posts itself, and how often that may be wrong."""
    REFUND_OTHER_PAYEE = "refund.other_payee"
    """Money sent back to somebody else than who paid it."""
    POST_ADJUSTMENT = "adjustment.post"
    """Write-offs, recoveries, offsets, assignments."""
    HANDLE_SHORT_PAYMENT = "short_payment.handle"
    """Short payments: opened, given an owner, rejected; accepting one takes adjustment.post as well."""
    REVERSE = "entry.reverse"
    DECIDE_SETTLEMENT = "settlement.decide"
    EDIT_RATES = "rate.edit"
    CLOSE_PERIOD = "period.close"
    """Open, soft close, revalue, export to the general ledger."""
    CLOSE_PERIOD_HARD = "period.close_hard"
    POST_SOFT_CLOSED = "period.post_soft_closed"
    EXPORT_GL = "gl.export"
    MAP_GL = "gl.map"
    EDIT_CUSTOMER = "customer.edit"
    MERGE_CUSTOMER = "customer.merge"
    EDIT_PAYER_ACCOUNT = "payer_account.edit"
    ADD_DOCUMENT = "document.add"
    DECIDE_APPROVAL = "approval.decide"
    """Steps of approvals that fall to a role of the person's; a program's key must name it."""
    MANAGE_PEOPLE = "people.manage"
    MANAGE_POLICY = "policy.manage"
    """Approval thresholds and other rules of the house."""
    MANAGE_SYSTEM = "system.manage"
    """API keys, webhooks, schedule, backups, entities."""


class Role(StrEnum):
    SALES_REP = "sales_rep"
    SALES_MANAGER = "sales_manager"
    AR_CLERK = "ar_clerk"
    COLLECTOR = "collector"
    CFO = "cfo"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Reach(StrEnum):
    """Whose customers a grant is about: those the person owns or collects from, those of the person's teams, all."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in an entity, and for whose customers."""

    entity_id: int
    role: Role
    reach: Reach = Reach.ALL


R = Right
_DECIDE = frozenset({R.DECIDE_APPROVAL})
_READ = frozenset({R.SEE_LEDGER}) | _DECIDE
ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.SALES_REP: _READ | {R.HANDLE_SHORT_PAYMENT, R.ADD_DOCUMENT},
    Role.SALES_MANAGER: _READ | {R.HANDLE_SHORT_PAYMENT, R.ADD_DOCUMENT, R.EDIT_CUSTOMER, R.EXPORT},
    Role.AR_CLERK: _READ
    | {R.HANDLE_SHORT_PAYMENT}
    | {R.POST_NOTE}
    | {R.EXPORT, R.IMPORT, R.POST_ITEM, R.POST_CASH, R.REVERSE, R.DECIDE_SETTLEMENT, R.EDIT_RATES, R.CLOSE_PERIOD}
    | {R.DECIDE_MATCH, R.AUDIT_MATCH}
    | {R.EXPORT_GL, R.EDIT_CUSTOMER, R.ADD_DOCUMENT, R.EDIT_BANK_ACCOUNT},
    Role.COLLECTOR: _READ
    | {R.HANDLE_SHORT_PAYMENT}
    | {R.EXPORT, R.EDIT_CUSTOMER, R.MERGE_CUSTOMER, R.EDIT_PAYER_ACCOUNT, R.POST_ADJUSTMENT, R.ADD_DOCUMENT}
    | {R.UNMASK},
    Role.CFO: _READ
    | {R.HANDLE_SHORT_PAYMENT}
    | {R.NEGOTIATE_NOTE, R.REFUND_OTHER_PAYEE}
    | {R.EXPORT, R.SEE_AUDIT, R.POST_ADJUSTMENT, R.CLOSE_PERIOD, R.CLOSE_PERIOD_HARD, R.POST_SOFT_CLOSED, R.EXPORT_GL}
    | {R.AUDIT_MATCH, R.EDIT_MATCH_POLICY, R.APPROVE_DEBIT}
    | {R.MAP_GL, R.MANAGE_POLICY, R.UNMASK, R.EDIT_RATES, R.REVERSE, R.EDIT_BANK_ACCOUNT, R.OVERRIDE_BANK_STATEMENT},
    Role.AUDITOR: _READ | {R.SEE_AUDIT, R.EXPORT},
    Role.ADMINISTRATOR: _DECIDE | frozenset({R.MANAGE_PEOPLE, R.MANAGE_SYSTEM, R.SEE_AUDIT, R.EDIT_BANK_ACCOUNT}),
}
"""What each role may do in the entity it is granted for."""

DUTIES_APART: tuple[tuple[Right, Right], ...] = (
    (R.POST_CASH, R.POST_ADJUSTMENT),
    (R.POST_NOTE, R.NEGOTIATE_NOTE),
    (R.POST_CASH, R.REFUND_OTHER_PAYEE),
    (R.POST_CASH, R.APPROVE_DEBIT),
    (R.POST_CASH, R.EDIT_PAYER_ACCOUNT),
    (R.MANAGE_PEOPLE, R.POST_CASH),
    (R.MANAGE_PEOPLE, R.POST_ADJUSTMENT),
)
"""Pairs one person must not hold in one entity: who posts cash may not write off or change payer accounts, and who
gives rights may not move money."""


RIGHT_WORDS: dict[Right, str] = {
    R.SEE_LEDGER: "see the ledger",
    R.SEE_AUDIT: "see the audit trail",
    R.EXPORT: "export",
    R.UNMASK: "see personal data in full",
    R.IMPORT: "import files",
    R.POST_ITEM: "post items",
    R.POST_CASH: "post cash",
    R.EDIT_BANK_ACCOUNT: "edit our bank accounts",
    R.OVERRIDE_BANK_STATEMENT: "take bank statements that do not tie",
    R.POST_NOTE: "take bills and record what becomes of them",
    R.NEGOTIATE_NOTE: "discount and endorse bills",
    R.DECIDE_MATCH: "decide about bank lines",
    R.AUDIT_MATCH: "check automatic postings",
    R.EDIT_MATCH_POLICY: "set what posts itself",
    R.APPROVE_DEBIT: "approve collections by direct debit",
    R.REFUND_OTHER_PAYEE: "refund to another payee",
    R.POST_ADJUSTMENT: "write off and offset",
    R.HANDLE_SHORT_PAYMENT: "see to short payments",
    R.REVERSE: "reverse entries",
    R.DECIDE_SETTLEMENT: "decide on source settlements",
    R.EDIT_RATES: "edit exchange rates",
    R.CLOSE_PERIOD: "open, soft-close and revalue months",
    R.CLOSE_PERIOD_HARD: "close months for good",
    R.POST_SOFT_CLOSED: "post into soft-closed months",
    R.EXPORT_GL: "export to the general ledger",
    R.MAP_GL: "map accounts of the general ledger",
    R.EDIT_CUSTOMER: "edit customers",
    R.MERGE_CUSTOMER: "merge customers",
    R.EDIT_PAYER_ACCOUNT: "change payer accounts",
    R.ADD_DOCUMENT: "add documents",
    R.DECIDE_APPROVAL: "decide on approvals of one's role",
    R.MANAGE_PEOPLE: "manage people",
    R.MANAGE_POLICY: "manage policies",
    R.MANAGE_SYSTEM: "manage the system",
}
"""What a right allows, as people say it; also the key of its translation."""

ROLES_OF_ALL = frozenset({Role.ADMINISTRATOR})
"""Roles that are about the whole entity: always granted for all customers."""


def rights_of_roles(roles: Iterable[Role]) -> frozenset[Right]:
    """Everything these roles allow together."""
    return frozenset().union(*(ROLE_RIGHTS[role] for role in roles))


def duties_in_conflict(roles: Iterable[Role]) -> list[tuple[Right, Right]]:
    """The pairs of duties these roles would join in one hand."""
    held = rights_of_roles(roles)
    return [(first, second) for first, second in DUTIES_APART if first in held and second in held]

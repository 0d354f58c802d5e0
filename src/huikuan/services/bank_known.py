"""Which lines of a statement are in the books already: compared with the stored ones, some days at a time."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from huikuan.bank.identity import Fingerprints, KnownLine, find_known
from huikuan.bank.statement import Line, StatementFormat
from huikuan.core.money import to_decimal
from huikuan.services.bank_fitting import FittedLine, FittedStatement, Group
from huikuan.services.bank_spool import Spool, SpoolFile
from huikuan.store.models import BankAccount, BankLine, BankStatement

NewLine = tuple[FittedLine, str]
"""A line and the key it is stored under."""


def split_new(account: BankAccount, fitted: FittedStatement, room: SpoolFile) -> tuple[Spool[NewLine], int | None]:
    """The new lines with their keys; and the statement that brought the known ones where nothing is new: none where the
    file tells balances nobody told before."""
    new: Spool[NewLine] = room.spool()
    brought: set[int] = set()
    for group in fitted.groups:
        known, owners = _known_lines(account, group)
        if known:
            used = _compare(account, fitted, group, known, new)
            brought |= {owners[key] for key in used if key in owners}
        else:
            keys = _keys(account)
            for one in group.lines:
                new.append((one, keys.of(one.line)))
        room.forget(group.lines)
    if len(new):
        return new, None
    return new, _same_statement(account, fitted) or (None if tells_more(fitted) else min(brought, default=None))


def _keys(account: BankAccount) -> Fingerprints:
    """A key holds its day, so those of one group owe nothing to those of another."""
    return Fingerprints(account.number or str(account.pk))


def _compare(
    account: BankAccount, fitted: FittedStatement, group: Group, known: list[KnownLine], new: Spool[NewLine]
) -> set[str]:
    """Adds what is new of a group to ``new``; gives the keys that were known."""
    lines = list(group.lines)
    found = find_known(known, replace(fitted.head, lines=tuple(one.line for one in lines)))
    taken = {one.key for one in known}
    used = set(found.values())
    keys = _keys(account)
    for one in lines:
        key = keys.of(one.line)
        if one.line.ordinal in found:
            continue
        if key in taken and key not in used:
            # Its text was erased meanwhile: the key still says that it is the same.
            used.add(key)
            continue
        while key in taken:
            key = blake2b(key.encode(), digest_size=16).hexdigest()
        taken.add(key)
        used.add(key)
        new.append((one, key))
    return used


def tells_more(fitted: FittedStatement) -> bool:
    """Whether a statement without a new line says how much stood on the account."""
    return fitted.closing_minor is not None


def _same_statement(account: BankAccount, fitted: FittedStatement) -> int | None:
    """The statement of these days and balances, where there is one."""
    same = BankStatement.objects.filter(
        account_id=account.pk,
        from_date=fitted.from_date,
        to_date=fitted.to_date,
        opening_minor=fitted.opening_minor,
        closing_minor=fitted.closing_minor,
    )
    return same.order_by("id").values_list("id", flat=True).first()


def file_known(account: BankAccount, fitted: FittedStatement, sha256: str, place: int) -> int | None:
    """The statement of the same place in the same file, read alike: every line of it is known, without looking."""
    same = BankStatement.objects.filter(
        account_id=account.pk,
        file_sha256=sha256,
        place=place,
        format=fitted.head.format.value,
        lines_total=fitted.count,
        in_minor=fitted.in_minor,
        out_minor=fitted.out_minor,
        from_date=fitted.from_date,
        to_date=fitted.to_date,
        opening_minor=fitted.opening_minor,
        closing_minor=fitted.closing_minor,
    )
    return same.order_by("id").values_list("id", flat=True).first()


_COLUMNS = (
    "fingerprint statement_id statement__format ordinal row booking_date value_date amount_minor currency"
    " bank_reference end_to_end_id text__payer_name text__payer_account text__remittance_text"
).split()


def _known_lines(account: BankAccount, group: Group) -> tuple[list[KnownLine], dict[str, int]]:
    """The stored lines of the group's days, and the statement of each by its key."""
    rows = BankLine.objects.filter(
        account_id=account.pk, booking_date__gte=group.first, booking_date__lte=group.last
    ).order_by("booking_date", "id")
    found, owners = [], {}
    for row in rows.values_list(*_COLUMNS).iterator(chunk_size=5_000):
        one = dict(zip(_COLUMNS, row, strict=True))
        line = Line(
            ordinal=one["ordinal"],
            row=one["row"],
            booking_date=one["booking_date"],
            value_date=one["value_date"],
            amount=to_decimal(one["amount_minor"], one["currency"]),
            currency=one["currency"],
            bank_reference=one["bank_reference"],
            end_to_end_id=one["end_to_end_id"],
            payer_name=one["text__payer_name"] or "",
            payer_account=one["text__payer_account"] or "",
            remittance_text=one["text__remittance_text"] or "",
        )
        found.append(KnownLine(one["fingerprint"], line, StatementFormat(one["statement__format"])))
        owners[one["fingerprint"]] = one["statement_id"]
    return found, owners

"""Bank accounts of ours: made, changed, shut; and which of them the number in a file names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from huikuan.bank.identity import account_key
from huikuan.bank.statement import Statement, StatementFormat
from huikuan.core.banking import NUMBER_MAX, AccountKind, is_same_number, plain_number
from huikuan.core.ibans import is_iban, is_meant_as_iban
from huikuan.core.money import exponent_of
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import check_text
from huikuan.services.auditing import record
from huikuan.services.rights import demand
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import BankAccount, BankAccountAlias, Entity

NAME_MAX = 120
WALLETS = {StatementFormat.ALIPAY: AccountKind.ALIPAY, StatementFormat.WECHAT: AccountKind.WECHAT}


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be made. ``number`` as people write it: an IBAN, an account number, a wallet's name; empty for a
    till. ``currency`` empty: that of the entity's books. ``is_told``: the number stands as a bank's file has it and is
    taken so."""

    name: str
    number: str = ""
    bank: str = ""
    currency: str = ""
    kind: str = AccountKind.BANK.value
    is_told: bool = False


def add_account(entity_id: int, new: NewAccount, *, actor_id: int | None, now: datetime) -> int:
    """Makes an account; gives its number. Refuses ``bank_account.exists``, ``bank_account.no_name``,
    ``bank_account.no_number``, ``bank_account.iban`` (its check digits), ``bank_account.bad_kind``,
    ``money.unknown_currency``, ``entity.unknown``, what ``check_text`` refuses, and ``right.missing``."""

    def work() -> int:
        demand(actor_id, Right.EDIT_BANK_ACCOUNT, entity_id=entity_id)
        entity = Entity.objects.filter(id=entity_id).first()
        if entity is None:
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
        kind, name, number = _checked(new)
        if not new.is_told:
            _check_iban(new.number)
        currency = new.currency.strip().upper() or entity.currency
        exponent_of(currency)
        _check_free(entity_id, number, currency)
        row = BankAccount.objects.create(
            entity_id=entity_id,
            kind=kind.value,
            name=name,
            number=number,
            bank=" ".join(new.bank.split()),
            currency=currency,
            created_at=now,
            created_by_id=actor_id,
        )
        record(
            "bank_account.added",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"bank_account:{row.pk}",
            currency=currency,
            kind=kind.value,
        )
        return int(row.pk)

    return run_in_transaction(work)


def change_account(account_id: int, *, name: str, number: str, bank: str, actor_id: int | None, now: datetime) -> None:
    """Names the account anew. Kind and currency stay: its lines are of them. Refuses ``bank_account.unknown`` and what
    ``add_account`` refuses."""

    def work() -> None:
        row = lock_account(account_id)
        demand(actor_id, Right.EDIT_BANK_ACCOUNT, entity_id=row.entity_id)
        _kind, plain_name, plain = _checked(NewAccount(name, number, bank, row.currency, row.kind))
        if plain != row.number:
            _check_iban(number)
            _check_free(row.entity_id, plain, row.currency)
        wanted = {"name": plain_name, "number": plain, "bank": " ".join(bank.split())}
        changed = [field for field, text in wanted.items() if getattr(row, field) != text]
        if not changed:
            return
        for field, text in wanted.items():
            setattr(row, field, text)
        row.save(update_fields=changed)
        _tell("bank_account.changed", row, now, actor_id, fields=changed)

    run_in_transaction(work)


def set_account_active(account_id: int, active: bool, *, actor_id: int | None, now: datetime) -> None:
    """Shuts an account, so that nothing more is imported for it, or opens it again. Refuses ``bank_account.unknown``
    and ``right.missing``."""

    def work() -> None:
        row = lock_account(account_id)
        demand(actor_id, Right.EDIT_BANK_ACCOUNT, entity_id=row.entity_id)
        if row.is_active != active:
            row.is_active = active
            row.save(update_fields=["is_active"])
            _tell("bank_account.opened" if active else "bank_account.shut", row, now, actor_id)

    run_in_transaction(work)


def get_account(account_id: int) -> BankAccount:
    """As it is now, not locked. Refuses ``bank_account.unknown``."""
    return _found(BankAccount.objects.filter(id=account_id))


def lock_account(account_id: int) -> BankAccount:
    """Refuses ``bank_account.unknown``."""
    return _found(BankAccount.objects.select_for_update().filter(id=account_id))


def _found(rows: QuerySet[BankAccount]) -> BankAccount:
    row: BankAccount | None = rows.first()
    if row is None:
        raise Refusal("bank_account.unknown", "There is no such bank account.")
    return row


def add_alias(account: BankAccount, number: str) -> None:
    """Remembers that files name the account so too; inside the caller's transaction."""
    plain = plain_number(number)
    if plain and not is_same_number(account.number, plain):
        BankAccountAlias.objects.get_or_create(account=account, number=plain)


def numbers_of(statement: Statement) -> list[str]:
    """The plain numbers by which a statement names its account, the fullest first."""
    found = [plain_number(text) for text in (statement.iban, statement.account) if text]
    found += [account_key(text) for text in (statement.iban, statement.account) if text]
    return list(dict.fromkeys(one for one in found if one))


def find_accounts(statement: Statement, entity_ids: Iterable[int]) -> list[BankAccount]:
    """The accounts of these entities that a statement may be of: those its number names, in its currency where several
    share the number; where it names none, the only wallet of its kind."""
    rows = list(BankAccount.objects.filter(entity_id__in=list(entity_ids)).prefetch_related("aliases").order_by("id"))
    numbers = numbers_of(statement)
    currency = statement.currency or next((line.currency for line in statement.lines), "")
    if not numbers:
        kind = WALLETS.get(statement.format)
        rows = [row for row in rows if kind is not None and row.kind == kind.value and row.is_active]
        return rows if len(rows) == 1 and currency in ("", rows[0].currency) else []
    found = [row for row in rows if _is_named(row, numbers)]
    return [row for row in found if row.currency == currency] or found


def _is_named(row: BankAccount, numbers: Iterable[str]) -> bool:
    own = [row.number, account_key(row.number), *(alias.number for alias in row.aliases.all())]
    return any(is_same_number(one, other) for one in own for other in numbers)


def _checked(new: NewAccount) -> tuple[AccountKind, str, str]:
    name = " ".join(new.name.split())
    if not name:
        raise Refusal("bank_account.no_name", "Give the account a name.")
    check_text("name", name, NAME_MAX)
    check_text("bank", " ".join(new.bank.split()), NAME_MAX)
    check_text("number", new.number, NUMBER_MAX)
    try:
        kind = AccountKind(new.kind)
    except ValueError:
        raise Refusal("bank_account.bad_kind", "{kind!r} is no kind of account", kind=new.kind[:20]) from None
    number = plain_number(new.number)
    if not number and kind is not AccountKind.CASH:
        raise Refusal("bank_account.no_number", "Give the account's number: files are known by it.")
    return kind, name, number


def _check_iban(number: str) -> None:
    """Of what is typed as an IBAN the check digits must fit (ISO 13616); any other number is taken as it is."""
    if is_meant_as_iban(number) and not is_iban(number):
        raise Refusal("bank_account.iban", "The check digits of the IBAN do not fit: look at it again.")


def _check_free(entity_id: int, number: str, currency: str) -> None:
    same = BankAccount.objects.filter(entity_id=entity_id, number=number, currency=currency)
    if number and same.exists():
        raise Conflict("bank_account.exists", "There is an account with this number in {currency}.", currency=currency)


def _tell(code: str, row: BankAccount, now: datetime, actor_id: int | None, **data: object) -> None:
    record(code, now=now, actor_id=actor_id, entity_id=row.entity_id, subject=f"bank_account:{row.pk}", **data)

"""To the general ledger: accounts mapped, vouchers exported once each, the files kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from huikuan.core.accounts import LedgerAccount
from huikuan.core.gl import (
    LAYOUT,
    AccountMap,
    AccountRule,
    Dimension,
    Grouping,
    Reference,
    Voucher,
    VoucherFile,
    make_vouchers,
    totals_of,
)
from huikuan.core.gl_words import LANGUAGES
from huikuan.core.money import exponent_of
from huikuan.core.periods import month_of
from huikuan.core.refusals import Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import TEXT_MAX, check_text
from huikuan.letters.gl_formats import complete_options, find_format, known_options
from huikuan.queries.general_ledger import GlChoices, account_rules, gl_choices, postings_of
from huikuan.services.auditing import record
from huikuan.services.books import open_books
from huikuan.services.rights import demand
from huikuan.services.sealing import seal
from huikuan.services.sources import source_id_of
from huikuan.services.transaction import run_in_transaction
from huikuan.store.models import GlAccount, GlExport, GlSettings, GoLive, GoLiveProof, SealHead

CODE_MAX = 60


# -- how ------------------------------------------------------------------------------------------------------------
def save_choices(entity_id: int, choices: GlChoices, *, actor_id: int | None, now: datetime) -> None:
    """How an entity's vouchers are made from now on; what was exported stays.

    Refuses ``gl.unknown_format``, ``gl.option_missing``, ``gl.option_bad`` and ``gl.bad_choice``.
    """
    # A month may go out in several formats: what the others asked for is kept, too.
    options = known_options(choices.options) | complete_options(choices.format, choices.options)
    known: dict[str, tuple[str, ...]] = {
        "grouping": tuple(Grouping),
        "language": LANGUAGES,
        "reference": tuple(Reference),
    }
    for name, values in known.items():
        if getattr(choices, name) not in values:
            raise Refusal("gl.bad_choice", "{value} is no {name}", value=getattr(choices, name)[:20], name=name)

    def work() -> None:
        demand(actor_id, Right.MAP_GL, entity_id=entity_id)
        GlSettings.objects.update_or_create(
            entity_id=entity_id,
            defaults={
                "format": choices.format,
                "grouping": choices.grouping,
                "language": choices.language,
                "reference": choices.reference,
                "customer_source_id": source_id_of(choices.customer_source) if choices.customer_source else None,
                "options": options,
                "changed_at": now,
                "changed_by_id": actor_id,
            },
        )
        record("gl.settings", now=now, actor_id=actor_id, entity_id=entity_id, format=choices.format)

    run_in_transaction(work)


def map_accounts(
    entity_id: int, rules: Iterable[AccountRule], *, only_new: bool = False, actor_id: int | None, now: datetime
) -> int:
    """Says which general-ledger account each ledger account is; an empty code takes the rule away. ``only_new``
    leaves those that have one. Gives how many changed. Refuses ``gl.unknown_account`` and ``gl.bad_code``."""
    wanted = list(rules)
    for rule in wanted:
        _check_rule(rule)

    def work() -> int:
        demand(actor_id, Right.MAP_GL, entity_id=entity_id)
        known = {(rule.ledger_account, rule.currency): rule for rule in account_rules(entity_id)}
        changed = [rule for rule in wanted if _changes(rule, known, only_new)]
        for rule in changed:
            mine = GlAccount.objects.filter(
                entity_id=entity_id, ledger_account=rule.ledger_account, currency=rule.currency
            )
            mine.delete()
            if rule.code:
                GlAccount.objects.create(
                    entity_id=entity_id,
                    ledger_account=rule.ledger_account,
                    currency=rule.currency,
                    code=rule.code,
                    name=rule.name,
                    dimensions=sorted(rule.dimensions),
                )
            record(
                "gl.map",
                now=now,
                actor_id=actor_id,
                entity_id=entity_id,
                subject=f"account:{rule.ledger_account}",
                currency=rule.currency,
                code=rule.code,
                before=known[key].code if (key := (rule.ledger_account, rule.currency)) in known else "",
            )
        return len(changed)

    return run_in_transaction(work)


def _changes(rule: AccountRule, known: Mapping[tuple[str, str], AccountRule], only_new: bool) -> bool:
    old = known.get((rule.ledger_account, rule.currency))
    if old is None:
        return bool(rule.code)
    return not only_new and old != rule


def _check_rule(rule: AccountRule) -> None:
    if rule.ledger_account not in set(LedgerAccount):
        raise Refusal("gl.unknown_account", "there is no ledger account {account}", account=rule.ledger_account[:40])
    if rule.currency:
        exponent_of(rule.currency)
    check_text("name", rule.name, TEXT_MAX)
    check_text("code", rule.code, CODE_MAX)
    plain = rule.code.replace("{customer}", "")
    if rule.code != rule.code.strip() or "{" in plain or "}" in plain:
        raise Refusal("gl.bad_code", "{account!r} is no account: braces are for {{customer}} alone", account=rule.code)


# -- exporting -------------------------------------------------------------------------------------------------------
def export_month(
    entity_id: int, month: date, *, format_code: str = "", actor_id: int | None, now: datetime
) -> tuple[int, bool]:
    """Exports what counts from a month and no export in this format has yet; gives the export's id and whether it is
    a new one. Where nothing is new, the last one stands. The committed entries are sealed first.

    Refuses ``gl.not_set_up``, ``gl.before_cut_over``, ``gl.nothing_to_export``, ``gl.unmapped``, ``gl.no_customer``
    and ``data.refused`` (what the format cannot hold).
    """
    month = month_of(month)
    demand(actor_id, Right.EXPORT_GL, entity_id=entity_id)
    seal(now=now, mirror=False)

    def work() -> tuple[int, bool]:
        demand(actor_id, Right.EXPORT_GL, entity_id=entity_id)
        books = open_books(entity_id, exclusive=True)
        choices = _choices_for(entity_id, format_code)
        _check_live(entity_id, month)
        last = (
            GlExport.objects.filter(entity_id=entity_id, month=month, format=choices.format).order_by("number").last()
        )
        head = SealHead.objects.get(id=1).last_seq
        recipe = {
            "entity": books.code, "base": books.currency, "grouping": choices.grouping, "language": choices.language,
            "reference": choices.reference, "customer_source": choices.customer_source, "options": choices.options,
            "layout": LAYOUT, "rules": [_rule_row(rule) for rule in account_rules(entity_id)],
        }  # fmt: skip
        draft = GlExport(
            entity_id=entity_id,
            month=month,
            format=choices.format,
            number=last.number + 1 if last else 1,
            from_seq=last.to_seq if last else 0,
            to_seq=head,
            first_voucher=last.first_voucher + last.vouchers if last else 1,
            recipe=recipe,
            made_at=now.astimezone(UTC),
            made_by_id=actor_id,
        )
        draft.file_name = find_format(choices.format).file_name(books.code, f"{month:%Y-%m}", draft.number)
        vouchers, entries = _vouchers_of(draft)
        if not entries:
            if last is None:
                raise Refusal("gl.nothing_to_export", "nothing counts from {month}", month=f"{month:%Y-%m}")
            return int(last.id), False
        _fill_in(draft, vouchers, entries)
        draft.save(force_insert=True)
        record(
            "gl.export",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"period:{month:%Y-%m}",
            format=draft.format,
            number=draft.number,
            to_seq=head,
            sha256=draft.sha256,
        )
        return int(draft.id), True

    return run_in_transaction(work)


def _choices_for(entity_id: int, format_code: str) -> GlChoices:
    """The entity's choices; another format than the chosen one takes its own defaults."""
    choices = gl_choices(entity_id)
    if not choices.is_saved and not format_code:
        raise Refusal("gl.not_set_up", "say first how vouchers are made: format, grouping and accounts")
    code = format_code or choices.format
    options = complete_options(code, choices.options)
    return GlChoices(
        code, choices.grouping, choices.language, choices.reference, choices.customer_source, options, True
    )


def _check_live(entity_id: int, month: date) -> None:
    live = GoLiveProof.objects.filter(entity_id=entity_id).first() or GoLive.objects.filter(entity_id=entity_id).first()
    if live is not None and month < live.cut_over:
        raise Refusal(
            "gl.before_cut_over",
            "{month} is before {day}, from which the books are kept here: the general ledger has it already",
            month=f"{month:%Y-%m}",
            day=live.cut_over.isoformat(),
        )


def _rule_row(rule: AccountRule) -> list[Any]:
    return [rule.ledger_account, rule.currency, rule.code, rule.name, sorted(rule.dimensions)]


def _vouchers_of(export: GlExport) -> tuple[list[Voucher], int]:
    """The vouchers an export holds, from its recipe and the journal alone, and how many entries they come from."""
    recipe = export.recipe
    postings = postings_of(
        export.entity_id,
        export.month,
        above=export.from_seq,
        up_to=export.to_seq,
        customer_source=recipe["customer_source"],
    )
    rules = [
        AccountRule(account, currency, code, name, frozenset(Dimension(each) for each in dimensions))
        for account, currency, code, name, dimensions in recipe["rules"]
    ]
    vouchers = make_vouchers(
        postings,
        AccountMap(rules),
        Grouping(recipe["grouping"]),
        month=export.month,
        first_number=export.first_voucher,
        language=recipe["language"],
        reference=Reference(recipe["reference"]),
    )
    return vouchers, len({leg.seq for leg in postings})


def _bytes_of(export: GlExport, vouchers: list[Voucher]) -> bytes:
    recipe = export.recipe
    file = VoucherFile(
        name=export.file_name,
        entity=recipe["entity"],
        base=recipe["base"],
        month=export.month,
        number=export.number,
        made_at=export.made_at,
        vouchers=tuple(vouchers),
        options=recipe["options"],
        layout=recipe.get("layout", 1),
    )
    return find_format(export.format).write(file)


def _fill_in(export: GlExport, vouchers: list[Voucher], entries: int) -> None:
    data = _bytes_of(export, vouchers)
    totals = totals_of(vouchers)
    export.entries, export.vouchers = entries, len(vouchers)
    export.debit_base_minor = sum(total.debit_base_minor for total in totals)
    export.totals = [asdict(total) for total in totals]
    export.sha256, export.size = hashlib.sha256(data).hexdigest(), len(data)
    _keep(export.sha256, data)


# -- the files -------------------------------------------------------------------------------------------------------
def export_bytes(export_id: int, *, actor_id: int | None) -> tuple[str, bytes]:
    """An export's file again: name and the same bytes. A file that was lost is made anew from the journal and must
    come out the same. Refuses ``gl.unknown_export`` and ``gl.file_lost``."""
    export = GlExport.objects.filter(id=export_id).first()
    if export is None:
        raise Refusal("gl.unknown_export", "there is no such export")
    demand(actor_id, Right.EXPORT_GL, entity_id=export.entity_id)
    path = _path(export.sha256)
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != export.sha256:
        data = _bytes_of(export, _vouchers_of(export)[0])
        if hashlib.sha256(data).hexdigest() != export.sha256:
            raise Refusal(
                "gl.file_lost",
                "the file {name} is gone or was altered, and master data have changed since: restore it from a backup",
                name=export.file_name,
            )
        _keep(export.sha256, data)
    return export.file_name, data


def _path(sha256: str) -> Path:
    return Path(settings.HUIKUAN_HOME) / "files" / sha256[:2] / sha256


def _keep(sha256: str, data: bytes) -> None:
    """Written beside, synced, put in place: a file is there whole or not at all."""
    path = _path(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{sha256}.{uuid4().hex}.tmp")
    with draft.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)

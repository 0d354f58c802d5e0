"""Customers an import brings: those a file of items or receipts names for the first time, and files of customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db.models.functions import Coalesce

from huikuan.core.refusals import Refusal
from huikuan.core.registration import is_unified_code
from huikuan.services.auditing import record
from huikuan.services.customer_file import check_no_cycle, check_registration
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.imports_desk import Desk, quoted
from huikuan.services.imports_items import Counts
from huikuan.services.imports_lookup import put_customer_refs, put_entities
from huikuan.store.models import Customer, CustomerAccount, CustomerRef, Source
from huikuan.store.rows import insert_rows, reserve_ids
from huikuan.store.search import search_text_of

_PART = 5_000


@dataclass(frozen=True, slots=True)
class _Missing:
    entity_id: int
    key: str
    name: str
    customer_id: int | None


def make_missing_customers(desk: Desk, *, plan: str, source_id: int, actor_id: int | None, now: datetime) -> int:
    """Makes a customer account for every (entity, customer number) of ``plan`` without one; table ``made`` gives them.

    With the scope ``group`` a number known in another entity, or new in several, is one customer with an account each.
    Gives the number of customers made.
    """
    group = desk.options.customer_scope == "group"
    other = "(SELECT min(r.customer) FROM refs r WHERE r.customer_key = p.customer_key)" if group else "NULL"
    rows = desk.all(
        f"SELECT p.entity_id, p.customer_key, max(p.customer_name), {other} FROM {plan} p"
        f" WHERE p.account_id IS NULL AND p.customer_key IS NOT NULL GROUP BY p.entity_id, p.customer_key"
        f" ORDER BY min(p.row)"
    )
    missing = [_Missing(entity, key, name or key, customer) for entity, key, name, customer in rows]
    accounts = _make(missing, group=group, source_id=source_id, now=now)
    desk.put(
        "made",
        pa.table(
            {
                "entity_id": pa.array([one.entity_id for one in missing], pa.int64()),
                "customer_key": pa.array([one.key for one in missing], pa.string()),
                "account_id": pa.array([accounts[one.entity_id, one.key] for one in missing], pa.int64()),
            }
        ),
    )
    made = len({one.key if group else (one.entity_id, one.key) for one in missing if one.customer_id is None})
    if missing:
        record("customers.import", now=now, actor_id=actor_id, customers=made, accounts=len(missing))
    return made


def _make(missing: list[_Missing], *, group: bool, source_id: int, now: datetime) -> dict[tuple[int, str], int]:
    customers: dict[object, int] = {}
    new: list[tuple[int, str]] = []
    unnumbered = [one for one in missing if one.customer_id is None]
    keys = list(dict.fromkeys((one.key if group else (one.entity_id, one.key)) for one in unnumbered))
    customers.update(zip(keys, reserve_ids("store_customer", len(keys)), strict=True))
    named: dict[object, str] = {}
    for one in unnumbered:
        key = one.key if group else (one.entity_id, one.key)
        # A real name, where any row has one, is better than the number.
        if key not in named or (named[key] == one.key and one.name != one.key):
            named[key] = one.name
    new = [(customers[key], named[key]) for key in keys]
    insert_rows(
        "store_customer",
        ("id", "name", "registration_number", "country", "language", "segment", "search_text"),
        [(number, name, "", "", "", "", search_text_of(name)) for number, name in new],
    )
    account_ids = reserve_ids("store_customeraccount", len(missing))
    accounts = {(one.entity_id, one.key): number for one, number in zip(missing, account_ids, strict=True)}
    owners = [
        one.customer_id if one.customer_id is not None else customers[one.key if group else (one.entity_id, one.key)]
        for one in missing
    ]
    insert_rows(
        "store_customeraccount",
        ("id", "customer_id", "entity_id", "created_at"),
        [(number, owner, one.entity_id, now) for one, number, owner in zip(missing, account_ids, owners, strict=True)],
    )
    ref_ids = reserve_ids("store_customerref", len(missing))
    insert_rows(
        "store_customerref",
        ("id", "source_id", "entity_id", "external_id", "account_id"),
        [
            (ref, source_id, one.entity_id, one.key, number)
            for ref, one, number in zip(ref_ids, missing, account_ids, strict=True)
        ],
    )
    return accounts


# -- files of customers ----------------------------------------------------------------------------------------------
_COMPARED = ("name", "registration_number", "country", "language", "segment")
_WIDTHS = {"name": 300, "registration_number": 40, "country": 2, "language": 10, "segment": 60}


def plan_customers(desk: Desk, source_id: int, actor_id: int | None) -> Counts:
    """Table ``plan``: each good row of a file of customers with its account, if it has one, and what differs."""
    put_entities(desk, actor_id)
    desk.con.execute(
        "CREATE OR REPLACE TABLE work AS SELECT s.*, e.entity_id FROM staged s"
        " JOIN entities e ON e.code = coalesce(s.entity, '')"
    )
    for name, width in _WIDTHS.items():
        reason = (
            f"'the text is longer than {width} characters'" if width > 2 else "'a country is two letters (ISO 3166)'"
        )
        desk.note("work", f"length({name}) > {width}", name, "text.too_long", reason, value=name)
    _check_registrations(desk)
    keys = "SELECT customer_id FROM work UNION SELECT parent_id FROM work WHERE parent_id IS NOT NULL"
    put_customer_refs(desk, source_id, keys)
    _put_known(desk, source_id)
    desk.con.execute(
        "CREATE OR REPLACE TABLE parents AS SELECT DISTINCT entity_id, customer_id FROM work"
        " UNION SELECT DISTINCT entity_id, customer_key FROM refs"
    )
    lost = "(SELECT w.* FROM work w ANTI JOIN parents p ON p.entity_id = w.entity_id AND p.customer_id = w.parent_id)"
    reason = "'there is no customer ' || parent_id || ' to be the parent'"
    desk.note(lost, "parent_id IS NOT NULL", "parent_id", "customer.unknown_parent", reason, value="parent_id")
    desk.forget_faulty("work")
    compared = [name for name in _COMPARED if name in desk.columns]
    differs = " OR ".join([f"coalesce(w.{name}, '') NOT IN ('', k.{name})" for name in compared] or ["false"])
    more = [
        f"len(list_filter(string_split(coalesce(w.{name}, ''), ';'), lambda x: trim(x) <> '' AND"
        f" NOT list_contains(k.{name}, trim(x)))) > 0"
        for name in ("aliases", "payer_accounts")
        if name in desk.columns
    ]
    parent = ["coalesce(w.parent_id, '') <> coalesce(k.parent_key, '')"] if "parent_id" in desk.columns else []
    desk.con.execute(
        f"""CREATE OR REPLACE TABLE plan AS SELECT w.*, w.customer_id AS customer_key, w.name AS customer_name,
            k.account_id, CASE WHEN k.account_id IS NULL THEN 'new'
            WHEN {" OR ".join([differs, *more, *parent])} THEN 'changed' ELSE 'unchanged' END AS status
        FROM work w LEFT JOIN known_customers k ON k.entity_id = w.entity_id AND k.customer_key = w.customer_id"""
    )
    counts = Counts(dict.fromkeys(("new", "unchanged", "changed"), 0))
    counts.changes |= dict(desk.all("SELECT status, count(*) FROM plan GROUP BY status"))
    group = desk.options.customer_scope == "group"
    seen = "AND customer_key NOT IN (SELECT customer_key FROM refs)" if group else ""
    key = "customer_key" if group else "(entity_id, customer_key)"
    counts.new_customers = int(desk.one(f"SELECT count(DISTINCT {key}) FROM plan WHERE account_id IS NULL {seen}") or 0)
    return counts


def _put_known(desk: Desk, source_id: int) -> None:
    """Table ``known_customers``: master data as it stands of every customer the file names."""
    pairs = desk.all(
        "SELECT r.account_id, r.entity_id, r.customer_key, r.customer FROM refs r"
        " JOIN work w ON w.entity_id = r.entity_id AND w.customer_id = r.customer_key"
    )
    rows = []
    for start in range(0, len(pairs), _PART):
        part = _at_home(pairs[start : start + _PART])
        found = {
            customer.id: customer
            for customer in Customer.objects.filter(id__in=[row[3] for row in part]).prefetch_related(
                "aliases", "payer_accounts"
            )
        }
        parents = {
            (ref.entity_id, ref.account.customer_id): ref.external_id
            for ref in CustomerRef.objects.filter(
                source_id=source_id,
                account__customer_id__in=[one.parent_id for one in found.values() if one.parent_id is not None],
            ).select_related("account")
        }
        for account_id, entity_id, key, customer_id in part:
            one = found[customer_id]
            rows.append(
                {
                    "account_id": account_id,
                    "entity_id": entity_id,
                    "customer_key": key,
                    **{name: getattr(one, name) for name in _COMPARED},
                    "aliases": [alias.name for alias in one.aliases.all()],
                    "payer_accounts": [account.number for account in one.payer_accounts.all()],
                    "parent_key": parents.get((entity_id, one.parent_id)) if one.parent_id else None,
                }
            )
    schema = pa.schema(
        [("account_id", pa.int64()), ("entity_id", pa.int64()), ("customer_key", pa.string())]
        + [(name, pa.string()) for name in _COMPARED]
        + [("aliases", pa.list_(pa.string())), ("payer_accounts", pa.list_(pa.string())), ("parent_key", pa.string())]
    )
    desk.put("known_customers", pa.Table.from_pylist(rows, schema=schema))


def _at_home(pairs: list[Any]) -> list[tuple[int, int, str, int]]:
    """What a source says of a duplicate is compared with the duplicate, also while it is merged into another."""
    accounts = CustomerAccount.objects.filter(id__in=[row[0] for row in pairs], origin__isnull=False)
    homes = dict(accounts.values_list("id", "origin_id"))
    return [(number, entity, key, homes.get(number) or customer) for number, entity, key, customer in pairs]


def _check_registrations(desk: Desk) -> None:
    """A Chinese code of eighteen characters with a wrong check character is a fault; what else a Chinese customer's
    number may be, somebody should look at."""
    if "registration_number" not in desk.columns:
        return
    country = "coalesce(country, '')" if "country" in desk.columns else "''"
    pairs = desk.all(
        f"SELECT DISTINCT registration_number, {country} FROM work WHERE coalesce(registration_number, '') <> ''"
    )
    odd: list[tuple[str, str, str, str]] = []
    for number, where in pairs:
        try:
            check_registration(number, where)
        except Refusal as refusal:
            odd.append((number, where, refusal.code, refusal.message))
            continue
        if where == "CN" and not is_unified_code(number):
            reason = "this is not a unified social credit code of eighteen characters"
            odd.append((number, where, "registration.unusual", reason))
    columns = list(zip(*odd, strict=True)) or [(), (), (), ()]
    names = ("number", "country_code", "why", "reason")
    given = {name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)}
    desk.put("odd_registrations", pa.table(given))
    for code in sorted({one[2] for one in odd}):
        desk.note(
            "(SELECT w.row, w.registration_number AS number, o.reason, o.why FROM work w JOIN odd_registrations o"
            f" ON o.number = w.registration_number AND o.country_code = {country})",
            f"why = {quoted(code)}",
            "registration_number",
            code,
            "reason",
            value="number",
            warning=code == "registration.unusual",
        )


def post_customers(desk: Desk, *, source_id: int, actor_id: int | None, now: datetime) -> int:
    """Writes new and changed customers of the plan, then who belongs to whom; gives how many rows changed something."""
    source = Source.objects.get(id=source_id).code
    make_missing_customers(
        desk, plan="(SELECT * FROM plan WHERE status = 'new')", source_id=source_id, actor_id=actor_id, now=now
    )
    rows = desk.arrow("SELECT * FROM plan WHERE status <> 'unchanged' ORDER BY row").to_pylist()
    by_entity: dict[int, list[NewCustomer]] = {}
    for row in rows:
        new = NewCustomer(
            external_id=row["customer_key"],
            name=row["name"],
            aliases=_listed(row["aliases"]),
            payer_accounts=_listed(row["payer_accounts"]),
            registration_number=row["registration_number"] or "",
            country=row["country"] or "",
            language=row["language"] or "",
            segment=row["segment"] or "",
        )
        if row["status"] == "changed" or new != NewCustomer(new.external_id, new.name):
            by_entity.setdefault(row["entity_id"], []).append(new)
    for entity_id, group in sorted(by_entity.items()):
        add_customers(entity_id, group, source=source, actor_id=actor_id, now=now)
    _set_parents(source_id, [(row["entity_id"], row["customer_key"], row["parent_id"]) for row in rows])
    return len(rows)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(";") if part.strip())


def _set_parents(source_id: int, rows: list[tuple[int, str, str | None]]) -> None:
    for entity_id, key, parent_key in rows:
        if not parent_key:
            continue
        accounts = CustomerAccount.objects.filter(refs__source_id=source_id, refs__entity_id=entity_id)
        home = Coalesce("origin_id", "customer_id")
        child = accounts.filter(refs__external_id=key).values_list(home, flat=True).first()
        parent = accounts.filter(refs__external_id=parent_key).values_list(home, flat=True).first()
        if child is not None and parent not in (None, child):
            check_no_cycle(child, parent)
            Customer.objects.filter(id=child).update(parent_id=parent)

"""What stands on documents a file changes and keeps them, or is not posted again on their new version: said before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import pyarrow as pa
from django.db.models import Q

from huikuan.core.accounts import EntryKind, LedgerAccount
from huikuan.services.imports_desk import Desk
from huikuan.store.models import Posting

_WORDS = {
    EntryKind.RECOVERY.value: "recovery",
    EntryKind.PARK.value: "money kept on account",
    EntryKind.APPLICATION.value: "application across currencies",
}
_REFUND = EntryKind.REFUND.value
_PART = 500


def note_standing(desk: Desk, kind: str) -> None:
    """Notes each ``changed`` row of ``status`` (``kind`` is item or receipt) on whose old version something stands:
    a fault where money was sent back, which is not taken back with its receipt; a warning where something is taken back
    that ``imports_retake`` does not post again."""
    rows = desk.all(
        f"SELECT t.{kind}, t.row, w.external_id FROM status t JOIN work w ON w.row = t.row"
        f" WHERE t.status = 'changed' AND t.{kind} IS NOT NULL ORDER BY t.row"
    )
    standing = _standing(kind, [number for number, *_ in rows])
    refunded: list[tuple[int, str, str]] = []
    lost: list[tuple[int, str, str]] = []
    for number, row, external_id in rows:
        found = standing.get(number, Counter())
        if _REFUND in found:
            refunded.append((row, external_id, ""))
        elif found:
            what = ", ".join(f"{_WORDS[code]} ({n})" if n > 1 else _WORDS[code] for code, n in sorted(found.items()))
            lost.append((row, external_id, what))
    reason = "'money of it was sent back: reverse the refund first'"
    _note(desk, refunded, f"{kind}_id", f"{kind}.refunded", reason, warning=False)
    reason = "'taken back with the old version and not posted again: ' || what || '; do so by hand'"
    _note(desk, lost, f"{kind}_id", f"{kind}.not_reposted", reason, warning=True)


def _note(desk: Desk, rows: list[tuple[int, str, str]], field: str, code: str, reason: str, *, warning: bool) -> None:
    if rows:
        numbers, names, words = zip(*rows, strict=True)
        desk.put("standing", pa.table({"row": pa.array(numbers, pa.int64()), "name": names, "what": words}))
        desk.note("standing", "true", field, code, reason, value="name", warning=warning)


def count_not_reposted(desk: Desk, changes: dict[str, int]) -> None:
    """Sets ``not_reposted`` in ``changes`` to the number of good rows so noted, where there are any."""
    noted = "SELECT row FROM faults WHERE warning AND code LIKE '%.not_reposted'"
    if count := int(desk.one(f"SELECT count(*) FROM status WHERE row IN ({noted})")):
        changes["not_reposted"] = count


def _standing(kind: str, numbers: Sequence[int]) -> dict[int, Counter[str]]:
    """Per document, such entries on it by kind; what was reversed does not count."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    across = Q(entry__kind=EntryKind.APPLICATION.value, entry__postings__ledger_account=LedgerAccount.EXCHANGE_CLEARING)
    others = Q(entry__kind__in=[_REFUND, EntryKind.RECOVERY.value, EntryKind.PARK.value])
    for start in range(0, len(numbers), _PART):
        legs = Posting.objects.filter(across | others, entry__reversed_by__isnull=True)
        legs = legs.filter(**{f"{kind}_id__in": numbers[start : start + _PART]})
        for number, code, _entry in legs.values_list(f"{kind}_id", "entry__kind", "entry_id").distinct():
            found[number][code] += 1
    return found

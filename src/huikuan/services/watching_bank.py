"""Files of banks in watched folders: imported as a page imports them, by the system, for the folder's entity."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from huikuan.core.refusals import BadData, DataError, Refusal
from huikuan.core.said import Said
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_outcomes import NEEDS_ACCOUNT, NEEDS_DATE_ORDER, SETTLED, Outcome
from huikuan.services.bank_uploads import keep_upload, work_upload

BANK_STATEMENTS = "bank_statements"
SUFFIXES = frozenset(
    ".xml .sta .mt940 .mt942 .940 .942 .txt .bai .bai2 .ofx .qfx .qbo .csv .tsv .xls .xlsx .htm .html .zip".split()
)


def import_bank_file(entity_id: int, path: Path, now: datetime) -> Said:
    """Imports every statement of a file; gives the line of the log.

    Where one is refused or a person has to say something, the others are imported all the same: raises ``BadData``
    with the faults, or refuses ``watch.undecided`` and what ``import_statement`` refuses."""
    upload = keep_upload([BankFile(path.name, path=path)], entity_id=entity_id, actor_id=None, now=now)
    outcomes = work_upload(upload, actor_id=None, now=now)
    for one in outcomes:
        if one.state not in SETTLED:
            raise _why(path.name, one)
    new, posted = sum(one.lines_new for one in outcomes), sum(one.posted for one in outcomes)
    return Said("new lines: {n}, receipts posted: {posted}", {"n": new, "posted": posted})


def _why(name: str, one: Outcome) -> Refusal:
    if one.state in (NEEDS_ACCOUNT, NEEDS_DATE_ORDER):
        return Refusal("watch.undecided", "{name}: say under Cash, Bank statements, which account it is.", name=name)
    if one.failure:
        return Refusal(one.failure["code"], one.failure["template"], **one.failure["params"])
    errors = [DataError(name, fault["row"], fault["column"], fault["reason"], fault["code"]) for fault in one.faults]
    return BadData(errors, one.faults_total)

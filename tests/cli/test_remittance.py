"""``huikuan remittance``, and advices in watched folders."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import override_settings

from huikuan.cli.main import group
from huikuan.core.refusals import Refusal
from huikuan.core.said import line_text, read_line
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.bank_files import BankFile
from huikuan.services.bank_uploads import keep_upload, work_upload
from huikuan.services.watching import NewFolder, add_folder, look
from huikuan.store.models import BankLine, RemittanceAdvice, WatchedFile
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN, Row, camt053
from tests.services.ledger import Ledger
from tests.services.test_remittances import mail

pytestmark = pytest.mark.practice("E5")
SYSTEM: dict[str, Any] = {"actor_id": None, "now": datetime(2026, 6, 15, 8, 30, tzinfo=UTC)}


def bring(*rows: Row) -> None:
    work_upload(keep_upload([BankFile("a.xml", camt053(rows))], **SYSTEM), **SYSTEM)


def run(*words: str) -> str:
    done = CliRunner().invoke(group, ["remittance", *words])
    if isinstance(done.exception, Refusal):
        raise done.exception
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output


@pytest.fixture
def books(sqlite_db: LedgerDb) -> Ledger:
    made = Ledger("EUR")
    add_account(made.entity_id, NewAccount("Main", IBAN), **SYSTEM)
    return made


def test_kept_listed_and_linked(books: Ledger, tmp_path: Path) -> None:
    # Two lines of one amount and payer: which it is only a person can say.
    bring(*(Row("350.50", ref=ref, name="Alpha GmbH") for ref in ("B1", "B2")))
    (tmp_path / "advice.eml").write_bytes(mail())
    assert run("add", str(tmp_path / "advice.eml")) == "advice.eml: 1 new advices, 0 known, 0 linked\n"
    assert run("add", str(tmp_path / "advice.eml")) == "advice.eml: 0 new advices, 1 known, 0 linked\n"
    (row,) = json.loads(run("list", "--state", "open", "--json"))
    assert (row["payer"], row["total"], row["documents"], row["line"]) == ("Alpha GmbH", "350.50", 2, None)
    assert "Alpha GmbH  350.50 EUR  2 documents  open" in run("list")
    line = public_id("bln", BankLine.objects.get(bank_reference="B2").pk)
    run("link", row["id"], line)
    assert run("list", "--state", "open") == ""
    assert run("list", "--state", "linked").rstrip().endswith(line)
    with pytest.raises(Refusal, match="linked to a line already"):
        run("link", row["id"], line)
    run("unlink", row["id"])
    with pytest.raises(Refusal, match="not of the advice's amount"):
        run("link", row["id"], "bln_nothing")
    with pytest.raises(Refusal, match="no such remittance advice"):
        run("unlink", "rem_nothing")


def test_a_watched_folder_takes_advices(books: Ledger, tmp_path: Path) -> None:
    bring(Row("350.50", ref="B1", name="Alpha GmbH"))
    (tmp_path / "mails").mkdir()
    with override_settings(WATCH_DIRS=[tmp_path]):
        add_folder(NewFolder(books.entity_id, "mails", "remittances"), **SYSTEM)
        (tmp_path / "mails" / "advice.eml").write_bytes(mail())
        (tmp_path / "mails" / "nothing.txt").write_bytes(b"Dear all, see you on Monday.")
        (tmp_path / "mails" / "photo.jpg").write_bytes(b"no advice, and left alone")
        for _ in range(2):
            look(SYSTEM["now"])
        said = {one.file_name: (one.state, line_text(read_line(one.line))) for one in WatchedFile.objects.all()}
        assert said.pop("advice.eml") == ("imported", "new advices: 1, linked to their lines: 1")
        assert said.pop("nothing.txt")[0] == "refused"
        assert not said
        assert RemittanceAdvice.objects.get().line is not None
        # The same mail again, under another name: known by its content.
        (tmp_path / "mails" / "again.eml").write_bytes(mail())
        for _ in range(2):
            look(SYSTEM["now"])
        assert WatchedFile.objects.get(file_name="again.eml").state == "known"
    assert sorted(path.name for path in (tmp_path / "mails" / "done").iterdir()) == ["advice.eml", "again.eml"]
    assert (tmp_path / "mails" / "photo.jpg").exists()

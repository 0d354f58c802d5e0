"""``huikuan bank-statement``: files into the database, with exit codes a script can rely on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from huikuan.cli.main import main
from huikuan.core.said import line_text, read_line
from huikuan.services.bank_accounts import NewAccount, add_account
from huikuan.services.customers import add_entity
from huikuan.services.watching import NewFolder, add_folder, look
from huikuan.store.models import BankLineText, BankStatement, WatchedFile
from tests.databases import LedgerDb
from tests.services.bank_files import IBAN, Row, camt053

pytestmark = pytest.mark.practice("E2")
SYSTEM: dict[str, Any] = {"actor_id": None, "now": datetime(2026, 6, 15, 8, 30, tzinfo=UTC)}
ROWS = [Row("100.00", ref="B1", name="Alpha GmbH", text="INV 10023"), Row("-3.50", ref="B2", code="PMNT/MCOP/CHRG")]


@pytest.fixture
def entity(sqlite_db: LedgerDb) -> int:
    number = add_entity("DE01", "Beispiel GmbH", "EUR", timezone="Europe/Berlin", **SYSTEM)
    add_account(number, NewAccount("Main", IBAN), **SYSTEM)
    return number


def write(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    return str(folder / name)


def test_files_are_imported_and_listed(entity: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.xml", camt053(ROWS))
    main(["bank-statement", "import", path])
    assert f"a.xml: {IBAN} 2026-03-10: 2 new lines, 1 receipts" in capsys.readouterr().out
    main(["bank-statement", "import", path, "--json"])
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["file"], told["state"], told["lines_known"]) == ("a.xml", "known", 2)
    main(["bank-statement", "list"])
    assert "Main  1000.00 → 1096.50 EUR  2 lines, 1 to do" in capsys.readouterr().out
    main(["bank-statement", "list", "--json", "--state", "open", "--entity", "DE01"])
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["closing"], row["gap"]) == ("1096.50", None)


def test_what_is_refused_ends_with_65_and_the_rest_is_imported(
    entity: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    untied = write(tmp_path, "untied.xml", camt053(ROWS, closing="1.00"))
    strange = write(tmp_path, "strange.xml", camt053(ROWS, iban="GB29NWBK60161331926819"))
    good = write(tmp_path, "good.xml", camt053(ROWS))
    with pytest.raises(SystemExit) as ended:
        main(["bank-statement", "import", untied, strange, good])
    assert ended.value.code == 65
    told = capsys.readouterr()
    assert "balances do not tie" in told.out and "say whose account" in told.out
    assert "no account of ours is GB29NWBK60161331926819" in told.err
    assert BankStatement.objects.count() == 1


def test_an_account_can_be_named(entity: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write(tmp_path, "t.csv", b"Date,Description,Amount\n2026-03-14,from A,10.00\n")
    main(["bank-statement", "import", table, "--account", "Main"])
    assert "1 new lines" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["bank-statement", "import", table, "--account", "nobody's"])
    assert "no such bank account" in capsys.readouterr().err


def test_old_texts_are_erased(entity: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["bank-statement", "import", write(tmp_path, "a.xml", camt053(ROWS))])
    main(["bank-statement", "erase", "--before", "2026-04-01"])
    assert "2 lines erased" in capsys.readouterr().out
    assert not BankLineText.objects.exclude(remittance_text="").exists()
    with pytest.raises(SystemExit):
        main(["bank-statement", "erase", "--before", "soon"])


def test_a_watched_folder_takes_bank_files(entity: int, tmp_path: Path) -> None:
    root = tmp_path / "inbox"
    (root / "bank").mkdir(parents=True)
    with override_settings(WATCH_DIRS=[root]):
        add_folder(NewFolder(entity, "bank", "bank_statements"), **SYSTEM)
        write(root / "bank", "day.sta", camt053(ROWS))
        write(root / "bank", "odd.xml", camt053(ROWS, iban="GB29NWBK60161331926819"))
        write(root / "bank", "untied.xml", camt053([Row("1.00", ref="U")], closing="7.00"))
        for _ in range(2):
            look(SYSTEM["now"])
        said = {one.file_name: (one.state, line_text(read_line(one.line))) for one in WatchedFile.objects.all()}
        assert said["day.sta"] == ("imported", "new lines: 2, receipts posted: 1")
        assert said["odd.xml"][0] == "refused" and "which account it is" in said["odd.xml"][1]
        assert said["untied.xml"][0] == "refused"
        assert sorted(path.name for path in (root / "bank" / "done").iterdir()) == ["day.sta"]

"""``huikuan gl``, ``huikuan golive`` and the list of a month on the command line: what they print and how they end."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from huikuan.cli.main import main
from tests.databases import LedgerDb
from tests.services.ledger import Ledger

pytestmark = pytest.mark.practice("D8", "K7")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and everything printed."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as stop:
        code = int(stop.code or 0)
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_mapped_exported_and_reconciled(
    sqlite_db: LedgerDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger()
    ledger.item(10_00, on=date(2026, 1, 5), external_id="I-1")
    code, text = run(capsys, "gl", "export", "2026-01")
    assert code == 65 and "say first how vouchers are made" in text
    assert "no account yet: trade CNY" in run(capsys, "gl", "map", "--set", "bank=1002")[1]
    mapping = tmp_path / "map.csv"
    mapping.write_text("ledger_account,currency,code,name,dimensions\ntrade,,1122,应收账款,customer\n", "utf-8")
    assert "1 changed" in run(capsys, "gl", "map", str(mapping), "--chart", "cn")[1]
    mapping.write_text("ledger_account,currency,code,name,dimensions\ntrade,,1122,x,colour\n", "utf-8")
    assert run(capsys, "gl", "map", str(mapping))[0] == 65
    assert "1122" in run(capsys, "gl", "map")[1]
    assert "yonyou" in run(capsys, "gl", "settings", "--format", "yonyou", "--language", "zh")[1]
    assert run(capsys, "gl", "reconcile", "2026-01")[0] == 1, "nothing is exported yet"
    code, text = run(capsys, "gl", "export", "2026-01", "-o", str(tmp_path))
    assert code == 0 and "1 entries, 1 vouchers" in text
    data = (tmp_path / "gl-yonyou_E1_2026-01_01.txt").read_bytes()
    assert data.decode("gbk").startswith("填制凭证,V800\r\n2026-01-05,记,1,0,应收 I-1,1122,10.00,0.00,")
    code, text = run(capsys, "gl", "export", "2026-01", "-o", str(tmp_path / "again.txt"))
    assert code == 0 and "nothing new" in text
    assert (tmp_path / "again.txt").read_bytes() == data
    assert run(capsys, "gl", "export", "2026-01", "-o", str(tmp_path / "one.txt"), "--number", "1")[0] == 0
    assert run(capsys, "gl", "export", "2026-01", "--number", "2")[0] == 2
    code, text = run(capsys, "gl", "reconcile", "2026-01")
    assert code == 0 and "equal: 1 exports in yonyou" in text
    assert '"is_equal": true' in run(capsys, "gl", "reconcile", "2026-01", "--json")[1]


def test_a_month_by_its_list(sqlite_db: LedgerDb, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger().item(10_00, on=date(2026, 1, 5))
    code, text = run(capsys, "ledger", "checklist", "2026-01", "--tick", "ageing")
    assert code == 1 and "done  ageing" in text and "open  gl_export" in text
    code, text = run(capsys, "ledger", "period", "2026-01", "closed")
    assert code == 65 and "say why it is closed all the same" in text
    code, text = run(capsys, "ledger", "period", "2026-01", "closed", "--reason", "first month")
    assert (code, text) == (0, "2026-01 closed\n")


def test_going_live(sqlite_db: LedgerDb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger().item(10_00, on=date(2026, 1, 5), external_id="I-1")
    assert "cut-over 2026-02-01" in run(capsys, "golive", "begin", "2026-02-01")[1]
    balances = tmp_path / "balances.csv"
    balances.write_text("应收账款,CNY,20.00\n", "utf-8")
    assert "1 balances" in run(capsys, "golive", "balances", str(balances))[1]
    code, text = run(capsys, "golive", "check")
    assert code == 1 and "difference 10.00" in text and "same: I-1" in text
    assert run(capsys, "golive", "finish")[0] == 65
    balances.write_text("trade,CNY,10.00\n", "utf-8")
    run(capsys, "golive", "balances", str(balances))
    assert '"is_equal": true' in run(capsys, "golive", "check", "--json")[1]
    code, text = run(capsys, "golive", "finish")
    assert code == 0 and "live from 2026-02-01, sealed number 1" in text

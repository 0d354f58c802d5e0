"""Commands on files tell what is wrong with them in the language asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huikuan.cli.language import language_of
from huikuan.cli.main import main

ERRORS = Path(__file__).parents[1] / "errors"
FILES, BANK = ERRORS / "files", ERRORS / "bank"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    assert stop.value.code == 65
    return capsys.readouterr().err


@pytest.mark.practice("E4")
def test_matching_tells_every_fault_of_every_file_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    """An ambiguous column hides neither the other faults of its file nor those of the others."""
    items, lines = str(FILES / "amount_two_marks_and_more.csv"), str(FILES / "column_missing.csv")
    told = said(capsys, "match", lines, "--items", items, "--lang", "zh")
    assert "amount_two_marks_and_more.csv:amount: 无法区分小数点与千位分隔符" in told
    assert "amount_two_marks_and_more.csv:6:amount: 不是金额" in told
    assert "column_missing.csv:1:line_id: 缺少必需的列 line_id" in told
    assert told.rstrip().endswith("处错误，未写入任何内容")
    english = said(capsys, "match", lines, "--items", items)
    assert "use different decimal marks" in english and "'five' is not an amount" in english


@pytest.mark.practice("E2")
def test_bank_files_in_chinese_for_people_and_machines(capsys: pytest.CaptureFixture[str]) -> None:
    broken = str(BANK / "camt_closing_balance.xml")
    told = said(capsys, "bank", broken, "--lang=zh")
    assert "期末余额: 期初余额 1,000.00 加 2 行合计 234.56 等于 1,234.56，但期末余额为 1,243.56" in told
    answer = json.loads(said(capsys, "bank", broken, "--lang", "zh", "--json"))
    assert answer["message"] == "发现 1 处错误，未写入任何内容"
    assert answer["faults"][0]["reason"].startswith("期初余额 1,000.00")
    main(["bank", broken, "--accept-balances", "--lang", "zh"])
    shown = capsys.readouterr()
    assert "2 笔流水，来自 1 份对账单" in shown.out and "已接受: camt_closing_balance.xml" in shown.err


def test_the_language_is_read_from_the_arguments() -> None:
    assert language_of(["match", "--lang", "zh"]) == language_of(["bank", "--lang=zh"]) == "zh"
    assert language_of(["match"]) == language_of(["match", "--lang"]) == language_of(["match", "--lang", "fr"]) == "en"

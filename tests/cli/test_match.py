"""``huikuan match`` on files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huikuan.cli.main import main
from huikuan.cli.match_show import show_bar
from huikuan.engines.match_types import BarReport

pytestmark = pytest.mark.practice("E3")

ITEMS = """item_id,customer_id,document_date,due_date,amount,currency
INV10023,C1,2026-03-02,2026-04-01,20000.00,CNY
INV10024,C1,2026-03-02,2026-04-01,5097.98,CNY
"""
CUSTOMERS = "customer_id,name\nC1,上海华联贸易有限公司\n"
LINES = """line_id,booking_date,amount,payer_name,remittance_text,extra
L1,2026-03-20,25097.98,上海华联贸易有限公司,"INV 10023, 24",x
L2,2026-03-21,12.00,Somebody,interest,y
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("items", ITEMS), ("customers", CUSTOMERS), ("lines", LINES)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def call(folder: Path, *more: str) -> None:
    paths = {name: str(folder / f"{name}.csv") for name in ("lines", "items", "customers")}
    main(["match", paths["lines"], "--items", paths["items"], "--customers", paths["customers"], *more])


def test_lines_are_printed_with_reasons_and_the_bar(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(folder)
    out = capsys.readouterr().out
    assert "INV10023 and INV10024 named in the text; amounts add up to 25,097.98 exactly" in out
    assert "2 lines: 0 post themselves (0.0%), 1 proposed, 1 without a proposal" in out
    assert "there is no history to prove a bar on" in out


def test_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(folder, "--json", "--lang", "zh")
    told = json.loads(capsys.readouterr().out)
    rows = [row for row in told["matches"] if row["line_id"] == "L1" and row["rank"] == 1]
    assert [(row["item_id"], row["applied"]) for row in rows] == [("INV10023", "20000.00"), ("INV10024", "5097.98")]
    assert rows[0]["reason"].startswith("附言写明 INV10023、INV10024")
    assert told["bar"]["reason"] == "no_history"


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_the_answer_is_written_in_any_format(folder: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / f"matches.{suffix}"
    call(folder, "-o", str(out), "--evidence", str(folder / "evidence.csv"), "--learned", str(folder / "learned.csv"))
    assert out.stat().st_size > 100
    assert "rows written to" in capsys.readouterr().out
    assert (folder / "evidence.csv").read_text(encoding="utf-8").startswith("line_id,rank,kind,field,start,stop")
    if suffix == "csv":
        header = out.read_text(encoding="utf-8-sig").splitlines()[0]
        assert header == (
            "line_id,rank,decision,confidence,customer_id,item_id,applied,deduction_reason,deduction_amount,unapplied,"
            "ambiguous,reason"
        )


def test_all_faults_of_all_files_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "lines.csv").write_text(
        "line_id,booking_date,amount\nL1,2026-03-20,abc\nL1,someday,5\n", encoding="utf-8"
    )
    (folder / "items.csv").write_text(ITEMS.replace("5097.98", ""), encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        call(folder, "-o", str(folder / "out.csv"))
    assert stop.value.code == 65
    err = capsys.readouterr().err
    assert "items.csv:3:amount" in err
    assert "lines.csv:2:amount" in err
    assert "lines.csv:3:booking_date" in err
    assert not (folder / "out.csv").exists()


@pytest.mark.parametrize(
    "more", [("-o", "matches.txt"), ("--max-error", "0"), ("--lang", "fr"), ("-o", "/nowhere/x.csv")]
)
def test_wrong_usage(folder: Path, more: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as stop:
        call(folder, *more)
    assert stop.value.code == 2


def test_in_chinese_everything_is_chinese(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "lines.csv").open("a", encoding="utf-8") as file:
        file.write("L3,2026-03-22,-50.00,Somebody,refund,z\n")
    call(folder, "--lang", "zh")
    out = capsys.readouterr().out
    assert out.split()[:6] == ["流水", "金额", "结论", "把握", "客户", "理由"]
    assert "共 3 笔：0 笔可自动入账" in out
    assert "没有可据以验证门槛的历史" in out
    # Of money going out nothing is asked.
    assert [cell for line in out.splitlines() if line.startswith("L3") for cell in line.split()][3] == "-"


def test_past_lines_that_were_sure_and_wrong_are_printed() -> None:
    wrong = {"line_id": "P7", "confidence": 0.9981, "customer_id": "C1", "items": ["SI1"], "said_customer_id": "C1"}
    bar = BarReport(
        reason="too_many_errors",
        errors=1,
        above=900,
        lines_missing=1600,
        surest_wrong=[{**wrong, "said_items": [], "said_reason": None}],
    )
    said = list(show_bar(bar))
    assert said[0].startswith("Nothing posts itself: 1 of the 900 surest past lines would have been wrong")
    assert said[-1].split() == ["P7", "99.8%", "C1", "SI1", "C1", "on", "account"]


def test_kinds_that_the_past_lets_through_are_printed_in_words() -> None:
    bar = BarReport(threshold=0.95, bound=0.001, reason="", vouched={"names_paid": 0.96})
    assert list(show_bar(bar))[-1] == "  the text names something that is paid already: from 96.0%"
    assert list(show_bar(bar, "zh"))[-1] == "  附言写了已付清的单据：96.0% 起"

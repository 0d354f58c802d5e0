"""Exporting to the general ledger: once each, balanced, the same bytes again, and equal to what was posted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from huikuan.core.accounts import EntryKind
from huikuan.core.gl import AccountRule, Dimension
from huikuan.core.gl_charts import chart
from huikuan.core.periods import PeriodState
from huikuan.core.refusals import BadData, Refusal
from huikuan.queries.general_ledger import GlChoices, export_rows, reconcile, unmapped
from huikuan.services import general_ledger
from huikuan.services.general_ledger import export_bytes, export_month, map_accounts, save_choices
from huikuan.services.rights import Forbidden
from huikuan.services.users import create_user
from huikuan.store.models import CustomerAccount, GlExport, JournalEntry
from tests.databases import LedgerDb
from tests.services.ledger import NOW, Ledger

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def set_up(ledger: Ledger, format_code: str = "csv", grouping: str = "entry", **options: str) -> None:
    """The usual Chinese chart and these choices."""
    map_accounts(ledger.entity_id, chart("cn"), **ledger.common)
    choices = GlChoices(format_code, grouping, "zh", "document", "", options)
    save_choices(ledger.entity_id, choices, **ledger.common)


def january(ledger: Ledger) -> None:
    """An invoice of 1,000.00, 600.00 of it paid; 100 dollars at 7.10, revalued at 7.16."""
    ledger.rate("USD", "7.1")
    ledger.rate("USD", "7.16", date(2026, 1, 31))
    item = ledger.item(1_000_00, on=date(2026, 1, 10), external_id="I-1")
    receipt = ledger.receipt(600_00, on=date(2026, 1, 20), external_id="R-1")
    ledger.apply(receipt, (item, 600_00), on=date(2026, 1, 20))
    ledger.item(100_00, "USD", on=date(2026, 1, 12), external_id="I-2")
    ledger.revalue(JANUARY)


def export(ledger: Ledger, month: date = JANUARY, format_code: str = "") -> tuple[GlExport, bool]:
    number, is_new = export_month(ledger.entity_id, month, format_code=format_code, **ledger.common)
    return GlExport.objects.get(id=number), is_new


def content(made: GlExport) -> bytes:
    return export_bytes(made.id, actor_id=None)[1]


@pytest.mark.practice("D8", "K7")
def test_a_month_is_exported_once_and_again_with_the_same_bytes(ledger_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    january(ledger)
    first, is_new = export(ledger)
    assert is_new and first.entries == 5 and first.number == 1
    data = content(first)
    again, is_new = export(ledger)
    assert (again.id, is_new) == (first.id, False)
    assert content(again) == data
    assert JournalEntry.objects.count() == 6, "an export posts nothing"
    result = reconcile(ledger.entity_id, JANUARY, "csv")
    assert result.is_equal and result.waiting == 0 and result.rows
    by_account = {row.ledger_account: row for row in result.rows if row.currency == "CNY"}
    assert by_account["trade"].exported_minor == 400_00


@pytest.mark.practice("D8", "K7")
def test_what_comes_later_is_a_supplementary_export(ledger_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    january(ledger)
    first, _ = export(ledger)
    ledger.item(50_00, on=date(2026, 1, 30), external_id="I-3")
    waiting = reconcile(ledger.entity_id, JANUARY, "csv")
    assert not waiting.is_equal and waiting.waiting == 1
    assert [row.difference_minor for row in waiting.rows if row.ledger_account == "trade"] == [50_00, 0]
    second, is_new = export(ledger)
    assert is_new and second.number == 2 and second.entries == 1
    assert (second.from_seq, second.first_voucher) == (first.to_seq, first.first_voucher + first.vouchers)
    text = content(second).decode("utf-8-sig")
    assert "I-3" in text and "I-1" not in text
    assert reconcile(ledger.entity_id, JANUARY, "csv").is_equal


@pytest.mark.practice("D7", "D8")
def test_a_soft_closed_month_is_revalued_and_exported(ledger_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    ledger.rate("USD", "7.1")
    ledger.rate("USD", "7.2", date(2026, 1, 31))
    ledger.item(100_00, "USD", on=date(2026, 1, 12))
    ledger.set_period(JANUARY, PeriodState.SOFT_CLOSED)
    (entry,) = ledger.revalue(JANUARY)
    row = JournalEntry.objects.get(id=entry)
    assert row.posting_date == date(2026, 1, 31), "the adjustment belongs to the month, closed softly or not"
    assert export(ledger)[1]
    ledger.set_period(FEBRUARY, PeriodState.SOFT_CLOSED)
    assert ledger.revalue(JANUARY) == [], "a second run finds nothing new"
    ledger.set_period(JANUARY, PeriodState.CLOSED)
    assert reconcile(ledger.entity_id, JANUARY, "csv").is_equal
    with pytest.raises(Refusal) as refusal:
        ledger.revalue(JANUARY)
    assert refusal.value.code == "revaluation.period_closed"


def test_a_lost_file_is_made_anew_and_an_altered_past_is_refused(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    january(ledger)
    made, _ = export(ledger)
    data = content(made)
    path = Path(settings.HUIKUAN_HOME) / "files" / made.sha256[:2] / made.sha256
    path.write_bytes(b"altered")
    map_accounts(ledger.entity_id, [AccountRule("trade", "", "1122.99")], **ledger.common)
    assert content(made) == data, "made from the mapping of its day"
    path.unlink()
    CustomerAccount.objects.get().refs.update(external_id="C-other")
    with pytest.raises(Refusal) as refusal:
        content(made)
    assert refusal.value.code == "gl.file_lost"


def test_texts_that_look_like_formulas_are_guarded_and_older_exports_come_out_as_they_were(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    ledger.item(1_00, external_id="=1+1", document_number="=1+1", on=date(2026, 1, 5))
    made, _ = export(ledger)
    data = content(made)
    assert b",'=1+1," in data and b",=1+1," not in data
    older = replace_layout(made)
    assert b",=1+1," in general_ledger._bytes_of(older, general_ledger._vouchers_of(older)[0])


def replace_layout(made: GlExport) -> GlExport:
    """The same export, as one made before layouts were counted."""
    made.recipe = {name: value for name, value in made.recipe.items() if name != "layout"}
    return made


def test_only_sealed_entries_are_exported_and_the_export_seals(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    january(ledger)
    made, _ = export(ledger)
    assert JournalEntry.objects.filter(seal__isnull=True).count() == 0
    assert made.to_seq == JournalEntry.objects.count()


def test_refusals(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()

    def code(work: object) -> str:
        with pytest.raises(Refusal) as refusal:
            work()  # type: ignore[operator]
        return refusal.value.code

    assert code(lambda: export(ledger)) == "gl.not_set_up"
    save_choices(ledger.entity_id, GlChoices(), **ledger.common)
    assert code(lambda: export(ledger)) == "gl.nothing_to_export"
    january(ledger)
    with pytest.raises(Refusal) as refusal:
        export(ledger)
    assert refusal.value.code == "gl.unmapped"
    for name in ("trade CNY", "trade USD", "sales CNY", "bank CNY", "exchange_unrealised USD"):
        assert name in str(refusal.value), "all of them at once"
    assert ("trade", "CNY") in unmapped(ledger.entity_id)
    map_accounts(ledger.entity_id, chart("cn"), **ledger.common)
    assert unmapped(ledger.entity_id) == []
    map_accounts(ledger.entity_id, [AccountRule("revaluation", "", "1122.{customer}")], **ledger.common)
    assert code(lambda: export(ledger)) == "gl.no_customer"
    bad_rules = {
        "gl.unknown_account": AccountRule("cash", "", "1"),
        "money.unknown_currency": AccountRule("bank", "XXX", "1"),
        "gl.bad_code": AccountRule("bank", "", "{name}"),
        "text.too_long": AccountRule("bank", "", "1" * 61),
    }
    for expected, rule in bad_rules.items():
        assert code(lambda rule=rule: map_accounts(ledger.entity_id, [rule], **ledger.common)) == expected
    bad_choices = {
        "gl.unknown_format": GlChoices("abc"),
        "gl.option_missing": GlChoices("sap"),
        "gl.option_bad": GlChoices("sap", options={"company_code": "12345"}),
        "gl.bad_choice": GlChoices(grouping="week"),
    }
    for expected, choices in bad_choices.items():
        assert code(lambda choices=choices: save_choices(ledger.entity_id, choices, **ledger.common)) == expected
    assert code(lambda: export_bytes(99, actor_id=None)) == "gl.unknown_export"


def test_what_a_format_cannot_hold_is_refused_with_every_fault(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger, "datev", consultant="1001", mandate="1", account_length="4", fiscal_year_start="1")
    ledger.item(10_00, on=date(2026, 1, 5), external_id="发票一")
    ledger.item(10_00, on=date(2026, 1, 6), external_id="A_1")
    with pytest.raises(BadData) as refusal:
        export(ledger)
    assert {error.code for error in refusal.value.errors} == {"gl.bad_character"}
    assert {error.row for error in refusal.value.errors} == {1, 2}
    assert not export_rows(ledger.entity_id)


def test_rights_are_asked(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    january(ledger)
    who = create_user("nobody", password=None, actor_id=None, now=NOW)
    with pytest.raises(Forbidden):
        export_month(ledger.entity_id, JANUARY, actor_id=who, now=NOW)
    with pytest.raises(Forbidden):
        map_accounts(ledger.entity_id, [], actor_id=who, now=NOW)
    with pytest.raises(Forbidden):
        save_choices(ledger.entity_id, GlChoices(), actor_id=who, now=NOW)
    made, _ = export(ledger)
    with pytest.raises(Forbidden):
        export_bytes(made.id, actor_id=who)


@pytest.mark.practice("K7")
def test_days_and_months_are_summed_up_with_debits_and_credits_apart(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger, grouping="day")
    for day in (5, 5, 6):
        item = ledger.item(10_00, on=date(2026, 1, day))
    ledger.settle(EntryKind.WRITE_OFF, item, 10_00, on=date(2026, 1, 6))
    made, _ = export(ledger)
    assert (made.entries, made.vouchers) == (4, 2)
    rows = content(made).decode("utf-8-sig").splitlines()[1:]
    assert [row.split(",")[6:8] for row in rows[:2]] == [["20.00", "0.00"], ["0.00", "20.00"]]
    save_choices(ledger.entity_id, GlChoices("csv", "month", "en", "voucher"), **ledger.common)
    ledger.item(5_00, on=date(2026, 1, 9) + timedelta(days=0))
    later, _ = export(ledger)
    assert later.vouchers == 1 and "Receivables" in content(later).decode("utf-8-sig")
    assert reconcile(ledger.entity_id, JANUARY, "csv").is_equal


def test_a_rule_of_its_own_currency_comes_first_and_dimensions_are_shown_where_asked(sqlite_db: LedgerDb) -> None:
    ledger = Ledger()
    set_up(ledger)
    dollars = AccountRule("trade", "USD", "1122.02", "应收账款-美元", frozenset(Dimension))
    map_accounts(ledger.entity_id, [dollars], **ledger.common)
    ledger.rate("USD", "7")
    ledger.item(1_00, "USD", on=date(2026, 1, 5), sales_rep="王", region="华东", product="P1")
    rows = content(export(ledger)[0]).decode("utf-8-sig").splitlines()
    assert rows[1].split(",")[4] == "1122.02"
    assert rows[1].endswith(",C1,王,华东,P1,trade")
    assert rows[2].endswith(",,,,,sales") or rows[2].endswith(",I1,,,,,sales")

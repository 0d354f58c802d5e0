"""Every code of the ledger has a word; buckets keep their colour whatever the limits are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from huikuan.core import fault_words
from huikuan.core.accounts import EntryKind, ItemKind, LedgerAccount
from huikuan.core.refusals import DataError, Refusal
from huikuan.web import faults, words
from huikuan.web.ageing import read_buckets

ENGINES = Path(faults.__file__).parents[1] / "engines"


def test_every_kind_and_account_of_the_ledger_has_a_word() -> None:
    assert set(words.ITEM_KINDS) == {str(kind) for kind in ItemKind}
    assert set(words.ENTRY_KINDS) == {str(kind) for kind in EntryKind}
    assert set(words.LEDGER_ACCOUNTS) == {str(account) for account in LedgerAccount}


def test_a_code_without_a_word_is_shown_rather_than_hidden() -> None:
    assert words.word_of(words.ITEM_KINDS, "some_new_kind") == "Some new kind"


@pytest.mark.parametrize(
    ("bucket", "english", "chinese", "css"),
    [
        ("not_due", "Not due", "未到期", "b0"),
        ("1-30", "1–30 days", "1–30 天", "b1"),
        ("31-60", "31–60 days", "31–60 天", "b2"),
        ("61-90", "61–90 days", "61–90 天", "b3"),
        (">90", "Over 90 days", "90 天以上", "b4"),
        (">30", "Over 30 days", "30 天以上", "b2"),
        ("1-15", "1–15 days", "1–15 天", "b1"),
        ("unapplied", "Unapplied", "未核销收款", "bu"),
    ],
)
def test_a_bucket_is_named_in_both_languages_and_the_same_days_have_the_same_colour(
    bucket: str, english: str, chinese: str, css: str
) -> None:
    with override("en"):
        assert words.bucket_word(bucket) == english
    with override("zh-hans"):
        assert words.bucket_word(bucket) == chinese
    assert words.bucket_class(bucket) == css


def test_bucket_limits_are_read_or_refused() -> None:
    assert read_buckets("") == (0, 30, 60, 90)
    assert read_buckets("0, 15,30") == (0, 15, 30)
    assert read_buckets("0，15，30") == (0, 15, 30)
    for bad in ("a,b", "30,0", "0,0", "1.5", "-1", "0," * 20):
        with pytest.raises(Refusal):
            read_buckets(bad)


def test_every_fault_a_file_can_have_is_told_in_chinese_too() -> None:
    codes = {
        code
        for path in ENGINES.glob("files*.py")
        for code in re.findall(r'"([a-z]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert codes - set(fault_words.SENTENCES) == set()


def test_a_fault_keeps_its_own_words_in_english_and_what_only_they_say_in_chinese() -> None:
    fault = DataError("a.csv", 7, "id", "'A1' stands in row 3 too", "key.duplicate", "A1")
    with override("en"):
        assert faults.fault_text(fault) == "'A1' stands in row 3 too"
    with override("zh-hans"):
        assert faults.fault_text(fault) == "该编号在文件中重复出现。（'A1' stands in row 3 too）"


def test_the_rows_of_a_number_given_twice_are_named_in_the_readers_language() -> None:
    fault = DataError("a.csv", 7, "id", "the key 'A1' stands in 2 rows: 5, 7", "key.duplicate", "A1")
    with override("zh-hans"):
        assert faults.fault_text(fault) == "该编号在文件中重复出现。（第 5, 7 行）"

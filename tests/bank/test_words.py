"""Every fault of a bank file is told in Chinese too, and every refusal stands in the gallery or a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import huikuan.bank
from huikuan.core import fault_words as faults
from huikuan.core import fault_words_bank as bank_faults

pytestmark = pytest.mark.practice("E2")

BANK = Path(next(iter(huikuan.bank.__path__)))
PREFIXES = ("bank", "file", "xml", "remittance", "pain")


def codes() -> set[str]:
    pattern = rf'"((?:{"|".join(PREFIXES)})\.[a-z_]+)"'
    found = {code for path in BANK.glob("*.py") for code in re.findall(pattern, path.read_text(encoding="utf-8"))}
    return {code for code in found if not code.startswith("bank.profile")}


def test_every_fault_has_a_sentence() -> None:
    assert codes() - set(bank_faults.SENTENCES) - set(faults.SENTENCES) == set()


def test_every_fault_is_met_in_a_test() -> None:
    root = Path(__file__).resolve().parents[1]
    texts = [path.read_text(encoding="utf-8") for path in (root / "errors" / "bank").glob("*.txt")]
    texts += [path.read_text(encoding="utf-8") for path in (root / "bank").glob("*.py") if path.name != "test_words.py"]
    told = "\n".join(texts)
    assert {code for code in codes() if code not in told} == set()

"""Profiles: saved and loaded unchanged, checked when made, found by headings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import Refusal
from huikuan.engines.files import read_table
from huikuan.engines.profiles import (
    BUILT_IN,
    RULES,
    Profile,
    detect_profile,
    load_profile,
    named_profile,
    save_profile,
)
from huikuan.engines.schemas import SCHEMAS

FULL = Profile(
    name="Kingdee 金蝶",
    kind="items",
    columns={"item_id": "单据编号", "amount": '金额 "原币"'},
    date_format="dmy",
    number_format="1.234,56",
    currency="EUR",
    constants={"entity": "A\\B"},
    normalise={"customer_id": ("upper", "strip_leading_zeros")},
    terms={"Z030": 30},
    kinds={"RV": "invoice"},
    negative_invoice="credit_memo",
    positive_credit="negate",
    timezone="Asia/Shanghai",
    null_values=("NULL",),
    amount_unit=10000,
    header_row=3,
    sheet="应收",
    detect=("单据编号",),
    notes=("a\nb",),
)


@pytest.mark.parametrize("profile", [FULL, *BUILT_IN.values(), Profile("bare", "receipts")], ids=lambda one: one.name)
@pytest.mark.parametrize("suffix", [".json", ".toml"])
def test_saved_and_loaded(tmp_path: Path, profile: Profile, suffix: str) -> None:
    path = tmp_path / f"p{suffix}"
    save_profile(profile, path)
    assert load_profile(path) == profile
    assert named_profile(str(path)) == profile
    assert Profile.from_dict(profile.to_dict()) == profile


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["item_id", "amount", "region"]), st.text(st.characters(exclude_categories=["Cs"])))
)
def test_any_headings_survive_toml(columns: dict[str, str]) -> None:
    from huikuan.engines.profiles import _toml

    profile = Profile("p", "items", columns=columns)
    assert Profile.from_dict(tomllib.loads(_toml(profile.to_dict()))) == profile


@pytest.mark.parametrize(
    "change",
    [{"columns": {"nothing": "x"}}, {"date_format": "d/m/y"}, {"number_format": "1234"}, {"currency": "XXX"},
     {"constants": {"currency": "xxx"}}, {"normalise": {"customer_id": ["shout"]}}, {"kinds": {"RV": "bill"}},
     {"negative_invoice": "yes"}, {"positive_credit": "yes"}, {"timezone": "Mars"}, {"amount_unit": 7},
     {"terms": {"a": -1}}, {"terms": {"a": "x"}}, {"unknown": 1}, {"detect": "abc"}, {"columns": 5}, {"kind": "bills"}],
    ids=str,
)  # fmt: skip
def test_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        Profile.from_dict({"name": "p", "kind": "items", **change})


@pytest.mark.parametrize("text", ["{", "[]", "5"])
def test_unreadable(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(Refusal):
        load_profile(path)
    with pytest.raises(Refusal, match="not a profile"):
        named_profile("unheard_of")


def test_detected_by_headings() -> None:
    for profile in BUILT_IN.values():
        assert detect_profile([*profile.detect, "more"], profile.kind) == profile
        assert detect_profile(profile.detect[:-1], profile.kind) != profile
        assert profile.kind in SCHEMAS


def test_leading_zeros_go_only_where_a_profile_says_so_and_all_are_digits() -> None:
    head = "item_id,customer_id,document_date,due_date,currency,amount\n"
    data = head + "".join(
        f"{n},{one},2026-01-01,2026-01-02,CNY,1\n" for n, one in enumerate(["0140", "CC05", "0A1", "000"])
    )
    columns = {name: name for name in head.strip().split(",")}
    plain = read_table(data.encode(), "items").table["customer_id"].to_pylist()
    profile = Profile("p", "items", columns=columns, normalise={"customer_id": ("strip_leading_zeros",)})
    assert plain == ["0140", "CC05", "0A1", "000"]
    assert read_table(data.encode(), "items", profile=profile).table["customer_id"].to_pylist() == [
        "140",
        "CC05",
        "0A1",
        "0",
    ]
    assert set(RULES) == {"strip_leading_zeros", "upper", "collapse_spaces"}


def test_the_profile_in_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
    profile = Profile.from_dict(tomllib.loads(page.split("```toml\n")[1].split("```")[0]))
    assert (profile.terms, profile.amount_unit, profile.sheet) == ({"Z030": 30}, 10000, "应收")

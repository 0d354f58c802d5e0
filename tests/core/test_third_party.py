"""Who paid, against who owes."""

from __future__ import annotations

from datetime import date

import pytest

from huikuan.core.third_party import Mandate, Payer, is_private_name, judge_payer

pytestmark = pytest.mark.practice("E8")
DAY = date(2026, 3, 10)
PAPERS = [
    Mandate("华联（集团）有限公司", "", date(2026, 1, 1), date(2026, 12, 31)),
    Mandate("王小明", "6222", date(2026, 1, 1), None),
]


@pytest.mark.parametrize(
    ("name", "account", "on", "found"),
    [
        ("", "", DAY, Payer.UNSAID),
        ("北京华联商贸有限公司", "", DAY, Payer.OWN),
        ("北京 华联商贸有限公司", "", DAY, Payer.OWN),
        ("谁也不知道", "1100", DAY, Payer.OWN),
        ("华联(集团)有限公司", "", DAY, Payer.COVERED),
        ("华联(集团)有限公司", "", date(2027, 1, 1), Payer.OTHER),
        ("王小明", "6222", DAY, Payer.COVERED),
        ("王小明", "62 22", DAY, Payer.COVERED),
        ("谁也不知道", "11-00", DAY, Payer.OWN),
        ("王小明", "", DAY, Payer.PRIVATE),
        ("王小明", "6333", DAY, Payer.PRIVATE),
        ("李华", "", DAY, Payer.PRIVATE),
        ("利民五金店", "", DAY, Payer.OTHER),
        ("John Smith", "", DAY, Payer.OTHER),
    ],
)
def test_who_paid(name: str, account: str, on: date, found: Payer) -> None:
    own = ["北京华联商贸有限公司", "华联"]
    assert judge_payer(name, account, on, own_names=own, own_accounts=["1100"], mandates=PAPERS) == found


def test_names_of_persons() -> None:
    assert is_private_name("欧阳娜娜") and is_private_name("李华")
    assert not any(is_private_name(name) for name in ("李", "华联商店", "中国银行", "北京华联商贸", "Li Hua", ""))

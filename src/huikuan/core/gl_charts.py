"""Usual charts of accounts, as a first proposal for an entity's mapping. An accountant checks them; what has no usual
place there (opening balances, settlements of a source system) is left to be said.

CN: Accounting Standards for Business Enterprises, application guide, annex of accounts. SKR03 and SKR04: DATEV's
standard charts.
"""

from __future__ import annotations

from huikuan.core.gl import AccountRule, Dimension

_BY_CUSTOMER = frozenset({"trade", "notes", "advances", "unapplied"})

_CHARTS: dict[str, str] = {
    "cn": """
        trade 1122 应收账款 | notes 1121 应收票据 | advances 2203 预收账款 | unapplied 1122 应收账款
        suspense 2241 其他应付款 | bank 1002 银行存款 | sales 6001 主营业务收入 | other_income 6051 其他业务收入
        discount 6603 财务费用 | interest_income 6603 财务费用 | cost_recovery 6602 管理费用 | bad_debt 1231 坏账准备
        recovery 1231 坏账准备 | payables 2202 应付账款 | assigned 1221 其他应收款 | exchange_clearing 6061 汇兑损益
        exchange_difference 6061 汇兑损益 | exchange_unrealised 6061 汇兑损益 | revaluation 1122 应收账款
        rounding 6603 财务费用
        finance_cost 6603 财务费用 | assets_received 1441 抵债资产
    """,
    "skr03": """
        trade 1400 Forderungen aus L+L | notes 1300 Wechsel aus L+L | advances 1710 Erhaltene Anzahlungen
        unapplied 1590 Durchlaufende Posten | suspense 1590 Durchlaufende Posten | bank 1200 Bank
        sales 8200 Erlöse | other_income 2700 Sonstige Erträge | discount 8730 Gewährte Skonti
        interest_income 2650 Zinserträge | cost_recovery 2700 Sonstige Erträge | bad_debt 2400 Forderungsverluste
        recovery 2732 Erträge aus abgeschriebenen Forderungen | payables 1600 Verbindlichkeiten aus L+L
        assigned 1500 Sonstige Vermögensgegenstände | exchange_clearing 1590 Durchlaufende Posten
        exchange_difference 2150 Währungsdifferenzen | exchange_unrealised 2150 Währungsdifferenzen
        revaluation 1400 Forderungen aus L+L
        finance_cost 2130 Diskontaufwendungen | assets_received 1500 Sonstige Vermögensgegenstände
    """,
    "skr04": """
        trade 1200 Forderungen aus L+L | notes 1230 Wechsel aus L+L | advances 3250 Erhaltene Anzahlungen
        unapplied 1370 Durchlaufende Posten | suspense 1370 Durchlaufende Posten | bank 1800 Bank
        sales 4200 Erlöse | other_income 4830 Sonstige Erträge | discount 4730 Gewährte Skonti
        interest_income 7100 Zinserträge | cost_recovery 4830 Sonstige Erträge | bad_debt 6930 Forderungsverluste
        recovery 4925 Erträge aus abgeschriebenen Forderungen | payables 3300 Verbindlichkeiten aus L+L
        assigned 1300 Sonstige Vermögensgegenstände | exchange_clearing 1370 Durchlaufende Posten
        exchange_difference 6880 Währungsdifferenzen | exchange_unrealised 6880 Währungsdifferenzen
        revaluation 1200 Forderungen aus L+L
        finance_cost 7340 Diskontaufwendungen | assets_received 1300 Sonstige Vermögensgegenstände
    """,
}
CHARTS = tuple(_CHARTS)


def chart(name: str) -> list[AccountRule]:
    """The rules of a usual chart, for every currency; customers stand beside the receivables."""
    rules = []
    for cell in _CHARTS[name].replace("\n", "|").split("|"):
        if cell.strip():
            account, code, title = cell.split(maxsplit=2)
            shown = frozenset({Dimension.CUSTOMER}) if account in _BY_CUSTOMER else frozenset()
            rules.append(AccountRule(account, "", code, title.strip(), shown))
    return rules

"""The practice of collecting, row by row: what the product is to do, and where it does it.

The numbers never change: tests carry them as ``@pytest.mark.practice("D3")`` and ``huikuan practice`` prints them with
their places and tests. A row without a place is not built yet.
"""

from __future__ import annotations

from dataclasses import dataclass

CHAPTERS = {
    "A": ("The customer file", "客户档案"),
    "B": ("Credit before the sale", "信用"),
    "C": ("Contract and terms", "合同"),
    "D": ("The ledger", "应收账"),
    "E": ("Cash in", "收款与核销"),
    "F": ("Reconciliation with the customer", "对账"),
    "G": ("Collection", "催收"),
    "H": ("When it goes wrong", "坏账与法律"),
    "I": ("People and targets", "目标与激励"),
    "J": ("Insight", "数据分析"),
    "K": ("Platform", "平台"),
    "L": ("Learning the practice", "培训"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number, its title in English and Chinese, and the modules it lives in (under ``huikuan``).
    ``is_partial``: what is there does not yet do the whole row."""

    number: str
    english: str
    chinese: str
    places: tuple[str, ...] = ()
    is_partial: bool = False


_TITLES = """
A1 Customer master data | 客户主数据
A2 People and their part in a payment | 付款相关人
A3 How this customer pays | 付款习惯与最佳催款日
A4 Every touch in one timeline | 往来时间线
A5 Customer care | 客户关怀
A6 Review cycle | 月评、季检、年审
B1 Scorecard | 信用评分卡
B2 Rating, limit and terms | 信用等级、额度与账期
B3 Exposure and hold | 敞口检查与冻结
B4 Early warnings | 风险预警
B5 Sanctions | 停供与制裁措施
B6 Expected credit loss | 预期信用损失
C1 Contract | 合同
C2 The four ways of being paid | 四种付款方式
C3 Payment plan | 回款计划
C4 Clauses that matter to collection | 回款相关条款
C5 Approval of contracts | 合同审批
C6 Custody of the signed original | 合同原件保管
C7 Delivery and acceptance | 交付与验收
C8 Readiness of a claim | 回款前的五个准备
C9 Property sales | 房地产销售
C10 Rebates | 返利
D1 Open items | 应收项
D2 Double entry, append only, exact money | 只增不改的复式账
D3 Two dates on every entry | 生效日与记录日
D4 Applying money | 核销
D5 Unapply, reverse, refund, offset, assign | 撤销核销、冲销、退款、抵冲、转让
D6 Late interest, fees and early-payment discount | 逾期利息、费用与现金折扣
D7 Exchange differences | 汇兑差额
D8 Periods and the general ledger | 会计期间与总账
D9 Tamper evidence | 防篡改证据
D10 Delivery, invoice, money | 发货、开票、收款三对照
E1 Channels of payment | 收款渠道与票据
E2 Bank statements | 银行流水
E3 Cash application that knows when it is sure | 有把握的自动核销
E4 The workbench | 核销工作台
E5 Remittance advice | 汇款通知
E6 Shop and platform sales | 网店与平台结算
E7 Deductions and short payments | 扣款与短付
E8 The payer is not the customer | 第三方代付
F1 Statement of account | 对账单
F2 The monthly calendar | 月度对账日程
F3 Balance confirmation | 余额确认函
F4 Confirmation as evidence, and the auditor's | 确认的证据效力与审计函证
F5 Reconciliation of balances | 往来余额调节表
G1 Reminder before due | 到期前提醒
G2 Dunning ladder | 催收阶梯
G3 Who acts | 催收分工与移交
G4 Why it is urgent | 回收概率
G5 Worklist | 催收工作清单
G6 Promise to pay | 付款承诺
G7 Dispute | 争议
G8 Instalment plan | 分期还款
G9 The class of each receivable | 应收分类
G10 Nature of the arrears | 欠款性质与文收武收
G11 Playbooks | 话术与策略
G12 Letters and mails | 信函与消息
G13 Escalation | 升级
H1 Bad debt, write-off, recovery | 坏账核销与收回
H2 Legal case | 法律案件
H3 Other ways with bad debts | 其他清收办法
H4 Limitation clock | 诉讼时效
I1 Collection targets | 回款目标
I2 Commission on money received | 按回款提成
I3 Zero-receivable board | 归零管理
I4 The four attitudes | 四种态度
I5 Rules against misconduct | 防舞弊规则
J1 Ageing as of any day | 任意日账龄
J2 Measures of collection | 回款指标
J3 Charts and registers | 图表与回款表格
J4 Cash forecast | 回款预测
J5 Policy laboratory | 政策实验室
J6 Anomalies | 异常
K1 Roles and rights | 角色与权限
K2 Programming interface | 接口
K3 Chinese and English | 中英文
K4 Scheduled work | 定时任务
K5 One command; PostgreSQL; a cluster | 一条命令、PostgreSQL、集群
K6 Backup, restore, upgrade | 备份、恢复、升级
K7 Living beside an ERP | 与 ERP 并行
K8 Where people work | 移动与协作平台
L1 Lessons where the work is done | 随用随学
L2 Practice mode | 演练
"""

PLACES: dict[str, tuple[str, ...]] = {
    "A1": (
        "core.registration",
        "store.parties",
        "services.customer_file",
        "services.merging",
        "web.customer_file",
        "cli.customer",
    ),
    "A2": ("core.contacts", "store.customer_file", "services.contacts", "web.contacts"),
    "A3": (
        "core.habits_windows",
        "core.habits_days",
        "core.habits",
        "core.asking_day",
        "engines.working_days",
        "services.habits",
        "queries.habits",
        "web.habits",
    ),
    "A4": ("queries.timeline", "services.contacts", "web.customer_page"),
    "C7": ("core.documents", "store.documents", "services.documents", "queries.documents", "web.documents"),
    "D1": ("store.ledger", "services.items", "queries.items", "web.items"),
    "D2": ("core.money", "core.journal", "store.triggers", "services.posting"),
    "D3": ("core.journal", "services.sealing", "queries.frame"),
    "D4": ("core.applications", "services.applications", "services.short_payments"),
    "D5": ("services.reversals", "services.adjustments", "core.agreements", "services.agreements", "web.agreements"),
    "E3": ("engines.match", "engines.match_bar", "cli.match", "services.matching", "services.matching_audit"),
    "E4": ("core.matching", "services.line_decisions", "services.line_undoing", "web.workbench", "cli.workbench"),
    "E6": (
        "bank.shop_table",
        "core.payouts",
        "core.payout_differences",
        "services.shop_files",
        "services.payouts",
        "web.shops",
    ),
    "E8": ("core.payment_reference", "engines.match_structured", "core.third_party", "services.mandates"),
    "E2": (
        "bank.reading",
        "bank.table",
        "bank.collecting",
        "cli.bank",
        "services.bank_import",
        "services.bank_fees",
        "services.bank_known",
        "services.bank_spool",
        "queries.bank",
        "web.bank",
        "cli.bank_statement",
    ),
    "E5": ("bank.remittance", "services.remittances", "web.remittances"),
    "E1": (
        "core.notes",
        "services.notes",
        "services.notes_steps",
        "services.cash_slips",
        "services.channels",
        "core.direct_debits",
        "services.debit_runs",
        "services.debit_settling",
        "services.debit_amending",
        "services.debit_recalls",
        "web.debits",
        "queries.collected",
    ),
    "D6": ("services.adjustments",),
    "D7": ("core.exchange", "services.revaluation"),
    "D8": ("core.periods", "services.periods", "services.closing", "core.gl", "letters.gl_formats", "cli.gl"),
    "D9": ("core.sealing", "mirror.proofs", "services.verifying", "cli.verify"),
    "D10": ("invoices", "services.einvoices", "queries.einvoices", "web.einvoices", "cli.invoice"),
    "E7": ("core.short_payments", "services.short_payments", "services.short_payment_state", "web.short_payments"),
    "J1": ("core.ageing", "engines.age", "queries.ageing", "web.ageing", "cli.age"),
    "I5": ("core.rights", "services.people", "services.approvals", "services.auditing", "web.audit"),
    "J3": ("web.tables", "web.ageing", "queries.ageing_sheet", "web.journal"),
    "K1": (
        "core.rights",
        "services.rights",
        "services.people",
        "services.approvals",
        "core.approvals",
        "config.accounts",
        "queries.frame",
        "web.people",
        "web.approvals",
    ),
    "K2": ("api.site", "services.api_keys", "services.outbox", "delivery.webhooks", "cli.apikey"),
    "K3": ("web.words", "services.preferences"),
    "K4": (
        "jobs.scheduler",
        "services.schedule",
        "services.watching",
        "services.reports",
        "services.imports_background",
        "services.resuming",
    ),
    "K5": ("cli.serve", "jobs.supervisor", "config.environment"),
    "K6": ("services.backup", "services.restore", "store.dump"),
    "K7": (
        "services.imports",
        "services.source_settlements",
        "services.general_ledger",
        "services.going_live",
        "web.going_live",
    ),
}

PARTIAL = frozenset({"E8", "J3", "A4", "C7", "D10", "D6", "I5", "K2", "K3", "K5"})
"""Rows of which a part is there: other payers and their papers, without knowing which private accounts are those of
one's own people; e-invoices without deliveries and contract lines beside them, a timeline without letters, promises and
disputes, evidence without deliveries of its own, discounts without interest, who did what without alerts, no
assistant's server (MCP), no cluster, Excel of every table without charts to print and the register of collections."""


def _rows() -> dict[str, Row]:
    rows = {}
    for line in _TITLES.strip().splitlines():
        number, _, titles = line.partition(" ")
        english, chinese = (title.strip() for title in titles.split("|"))
        rows[number] = Row(number, english, chinese, PLACES.get(number, ()), number in PARTIAL)
    return rows


ROWS: dict[str, Row] = _rows()
"""Every row by its number, in order."""

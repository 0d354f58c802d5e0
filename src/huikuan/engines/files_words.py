"""Headings people and programs give our columns, in Chinese and English: field → headings by how telling they are."""

from __future__ import annotations

from huikuan.engines.files_text import fold

SURE, LIKELY, WEAK = 0.95, 0.9, 0.7

_ITEMS: dict[str, tuple[str, str, str]] = {
    "item_id": (
        "单据编号 单据号 单据编码 凭证编号 凭证号 应收单号 应收单据号 会计凭证 BELNR doc_id docid "
        "document_id invoice_id  "
        "transaction_id voucher_no entry_no 流水号 单号",
        "发票号 发票号码 发票编号 数电票号码 数电发票号码 全电发票号码 票据号 invoice_number invoice_no invoice_num "
        "invoice# invoice doc_no doc_number document_no document_number document num 编号",
        "number no reference ref",
    ),
    "document_number": (
        "document_number 外部单号 原始单号",
        "发票号 发票号码 发票编号 票号 XBLNR invoice_number invoice_no document_no num",
        "reference 参考号 参照",
    ),
    "customer_id": (
        "客户编号 客户编码 客户代码 客户号 客户ID 往来单位编码 往来单位编号 购买方编号 购方编号 KUNNR cust_number "
        "customer_number customer_no customer_code customer_num cust_no cust_id account_number account_no",
        "customer partner 客户 往来单位 客商 客商编码 party debtor debtor_no sold_to bill_to customer_account",
        "account 单位编码 单位",
    ),
    "customer_name": (
        "客户名称 客户全称 客户简称 往来单位名称 客商名称 购买方名称 购方名称 购货单位 customer_name "
        "name_customer NAME1  "
        "customer_full_name partner_name invoice_partner_display_name",
        "单位名称 公司名称 company_name party_name bill_to_name",
        "name 名称",
    ),
    "kind": (
        "单据类型 凭证类型 票据类型 发票类型 业务类型 BLART document_type doc_type transaction_type "
        "voucher_type move_type",
        "类型 type",
        "",
    ),
    "document_date": (
        "开票日期 发票日期 单据日期 凭证日期 业务日期 制单日期 BLDAT invoice_date document_date doc_date bill_date "
        "issue_date date_invoice",
        "日期 date transaction_date",
        "date_created created",
    ),
    "due_date": (
        "到期日 到期日期 应收日期 应收款日 应付日期 付款到期日 收款到期日 约定付款日 回款日期 "
        "计划回款日期 NETDT FAEDT  "
        "due_in_date due invoice_date_due date_due net_due_date payment_due_date maturity_date",
        "due_on deadline",
        "",
    ),
    "terms": (
        "账期 账期天数 信用期 信用天数 付款条件 收款条件 付款期限 结算期 ZTERM payment_terms terms payment_term "
        "cust_payment_terms net_days credit_days invoice_payment_term",
        "term",
        "",
    ),
    "posting_date": (
        "记账日期 过账日期 入账日期 入账日 BUDAT posting_date accounting_date gl_date",
        "post_date date_posted",
        "",
    ),
    "effective_date": ("生效日期 生效日 effective_date value_date", "", ""),
    "recorded_at": ("录入时间 创建时间 recorded_at entered_at created_at creation CPUDT", "", ""),
    "currency": (
        "币种 币别 货币 结算币种 原币币种 WAERS currency currency_code curr currency_id invoice_currency_code",
        "ccy cur",
        "",
    ),
    "amount": (
        "应收金额 价税合计 应收账款 发票金额 开票金额 含税金额 原币金额 单据金额 应收总额 WRBTR "
        "invoice_amount invoiced_amount total_amount  "
        "grand_total amount_total gross_amount original_amount doc_amount amount_in_document_currency",
        "金额 amount total DMBTR 本币金额 amt",
        "sum value",
    ),
    "open_amount": (
        "未收金额 未核销金额 未回款金额 应收余额 余额 欠款金额 未清金额 尚欠金额 剩余金额 outstanding "
        "outstanding_amount  "
        "open_balance open_amount total_open_amount amount_residual balance balance_due amount_due remaining",
        "未付金额 open unpaid",
        "",
    ),
    "settled_date": (
        "结清日期 核销日期 收款日期 到账日期 实际回款日期 付清日期 AUGDT settled_date clear_date "
        "clearing_date date_paid  "
        "paid_date payment_date",
        "",
        "",
    ),
    "disputed": ("有争议 是否争议 争议 disputed in_dispute dispute", "", ""),
    "discount_date": ("折扣截止日 折扣日期 现金折扣日 discount_date discount_due_date", "", ""),
    "discount_percent": ("折扣率 现金折扣率 折扣百分比 discount_percent discount_rate cash_discount_percent", "", ""),
    "sales_rep": (
        "业务员 销售员 销售代表 客户经理 营销员 销售人员 sales_rep salesperson sales_person salesman rep "
        "invoice_user_id",
        "负责人 owner 跟单员",
        "",
    ),
    "region": ("地区 区域 大区 省份 销售区域 region territory sales_region", "area 城市 city state", "country"),
    "product": (
        "产品 产品名称 商品名称 货物名称 品名 物料名称 物料 product product_name item_name",
        "产品线 商品 sku 规格型号",
        "",
    ),
    "po_number": (
        "采购订单号 客户订单号 采购单号 客户采购单号 BSTNK po_number po_no purchase_order po customer_po po#",
        "订单号 订单编号",
        "",
    ),
    "contract_number": ("合同号 合同编号 合同编码 contract_number contract_no contract contract_id", "", ""),
    "entity": (
        "公司代码 公司编码 法人实体 账套 组织 核算主体 BUKRS business_code company_code entity",
        "所属公司 company",
        "",
    ),
}

_SHARED = {name: _ITEMS[name] for name in ("currency", "posting_date", "effective_date", "recorded_at", "entity")}

_CUSTOMERS: dict[str, tuple[str, str, str]] = {
    "customer_id": (_ITEMS["customer_id"][0] + " id", "编号 编码 代码 code", ""),
    "name": (_ITEMS["customer_name"][0], "name 名称 公司名称 单位名称 客户 customer display_name company_name", ""),
    "aliases": ("别名 曾用名 简称 aliases alias former_names short_name", "", ""),
    "parent_id": ("上级客户 母公司编号 集团编号 所属集团 parent_id parent parent_code group_code", "", ""),
    "registration_number": (
        "统一社会信用代码 社会信用代码 税号 纳税人识别号 营业执照号 registration_number tax_id vat "
        "vat_number tax_number STCD1  "
        "company_registration",
        "",
        "",
    ),
    "country": ("国家 国家地区 国别 LAND1 country country_code countrycode country_id", "", ""),
    "language": ("语言 语种 SPRAS language lang", "", ""),
    "segment": (
        "客户分类 客户类别 客户等级 客户群 行业 segment customer_group customer_type KTOKD industry category",
        "",
        "",
    ),
    "payer_accounts": (
        "付款账号 银行账号 账号 开户账号 payer_accounts bank_account bank_accounts iban account_number",
        "",
        "",
    ),
    "entity": _ITEMS["entity"],
}

_APPLICATIONS: dict[str, tuple[str, str, str]] = {
    "application_id": ("核销单号 核销编号 核销流水号 application_id application_no", "单号 流水号 编号 id", ""),
    "item_id": (_ITEMS["item_id"][0] + " against_invoice applied_to", _ITEMS["item_id"][1], ""),
    "receipt_id": ("收款单号 收款编号 收款单编号 receipt_id receipt_no payment_id payment_no", "", ""),
    "amount": (
        "核销金额 本次核销 本次核销金额 冲销金额 applied_amount allocated_amount amount_applied",
        "金额 amount applied",
        "",
    ),
    "reverses_id": ("冲销单号 反核销单号 被冲销单号 reverses_id reverses", "", ""),
    "source": ("来源 核销类型 核销方式 source", "类型 type", ""),
    **_SHARED,
    "effective_date": ("核销日期 生效日期 effective_date application_date", "日期 date payment_date 收款日期", ""),
}

_RECEIPTS: dict[str, tuple[str, str, str]] = {
    "receipt_id": (
        "收款单号 收款编号 收款单编号 收款单据号 receipt_id receipt_no receipt_number payment_id "
        "payment_no payment_number",
        "单号 单据编号 单据号 流水号 编号 id BELNR",
        "",
    ),
    "customer_id": _ITEMS["customer_id"],
    "amount": (
        "收款金额 到账金额 实收金额 回款金额 received_amount paid_amount payment_amount",
        "金额 amount DMBTR WRBTR",
        "",
    ),
    "reference": ("附言 摘要 备注 用途 reference memo remittance_text", "ref", ""),
    **_SHARED,
    "posting_date": (
        "收款日期 到账日期 入账日期 记账日期 BUDAT posting_date payment_date receipt_date",
        "日期 date",
        "",
    ),
}

_LINES: dict[str, tuple[str, str, str]] = {
    "line_id": ("交易流水号 银行流水号 流水号 line_id transaction_id statement_line", "id 序号 编号", ""),
    "booking_date": ("记账日期 入账日期 交易日期 booking_date booked_on transaction_date", "日期 date 交易时间", ""),
    "value_date": ("起息日 value_date", "", ""),
    "amount": ("交易金额 收入金额 贷方发生额 贷方金额 credit_amount", "金额 amount", ""),
    "currency": _ITEMS["currency"],
    "payer_name": ("对方户名 付款人名称 付款人 对方名称 payer_name payer remitter", "户名 name", ""),
    "payer_account": (
        "对方账号 付款人账号 付款账号 payer_account payer_iban remitter_account",
        "账号 account iban",
        "",
    ),
    "remittance_text": (
        "附言 摘要 用途 remittance_text remittance_information purpose",
        "备注 memo text description",
        "",
    ),
    "end_to_end_id": ("end_to_end_id end_to_end_reference", "", ""),
    "bank_reference": ("银行参考号 bank_reference", "", ""),
    "transaction_code": ("交易代码 transaction_code", "交易类型", ""),
    "entity": _ITEMS["entity"],
}

WORDS: dict[str, dict[str, tuple[str, str, str]]] = {
    "items": _ITEMS,
    "customers": _CUSTOMERS,
    "applications": _APPLICATIONS,
    "receipts": _RECEIPTS,
    "lines": _LINES,
    "history": {
        **_LINES,
        "customer_id": _ITEMS["customer_id"],
        "item_id": ("item_id", "", ""),
        "document_number": ("document_number 发票号 发票号码 invoice_number invoice_no", "", ""),
        "applied": ("applied 核销金额 applied_amount", "", ""),
    },
}


def headings(kind: str) -> dict[str, list[tuple[str, float]]]:
    """Folded heading → the fields it can mean with how sure that is, surest first."""
    found: dict[str, list[tuple[str, float]]] = {}
    for field, groups in WORDS[kind].items():
        for words, score in zip(groups, (SURE, LIKELY, WEAK), strict=True):
            for word in words.split():
                entry = found.setdefault(fold(word), [])
                if all(known != field for known, _ in entry):
                    entry.append((field, score))
    for entry in found.values():
        entry.sort(key=lambda one: -one[1])
    return found

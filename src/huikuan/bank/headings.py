"""What the heading of a bank's column means, in Chinese, English and German: by its words, not by the bank's name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

IGNORED = "ignored"
"""A heading that is understood and not needed (a branch, a rate, the kind of voucher)."""

_OTHER = r"(?:对方|对手|交易对[方手]|往来|收付方|收支方|对应|partner|counterparty|otherparty|opposing)"
_PAYER = r"(?:付款方?人?|付方|汇款人?|打款方?|payers?|debtors?|remitters?|senders?|from|orderingparty)"
_PAYEE = r"(?:收款方?人?|收方|payees?|beneficiary|beneficiaries|recipients?|receivers?|to|destination)"
_NAME = r"(?:单位|账户|账号|客户)?(?:户名|账户名|名称|姓名|单位|信息|name|names?ofaccount|accountname|fullname|昵称)"
_ACCOUNT = (
    r"(?:卡号)?(?:账号|帐号|账户|帐户|卡号|accountnumber|accountno|account|acct|acctno|iban|ibankontonummer|kontonummer|email|"
    r"emailaddress)(?:或卡号|卡号)?"
)
_BANK = (
    r"(?:账户?|账号)?(?:开户)?(?:银行|行名|行号|行|机构|网点|分行|分行名|联行号|支行|bank|bankname|bic|swift|swiftcode|"
    r"sortcode.*)(?:名称|名|号|行号)?"
)

_RULES: tuple[tuple[str, str, int], ...] = (
    # what looks like something else
    (r"(可用|冻结|透支|可取|保留).*|.*availablebalance.*|.*brought(forward)?from|.*(balance)brought.*", IGNORED, 9),
    (r".*(汇率|费率|rate|rates)$|exchange(to|from|rate).*", IGNORED, 9),
    (r".*(凭证种类|凭证类型|钞汇|柜员|网点名称?|交易网点|国家|地区|简称|设备号|公众账号id|流程实例号).*", IGNORED, 8),
    (
        r".*(付款方式|收款方式|支付方式|收付款方式|付款银行|交易渠道|渠道|cardlabel|cardstate|mcc|timezone|attachment)$",
        IGNORED,
        8,
    ),
    (r"(代金券|优惠|红包|充值券|申请退款|feecurrency|origcurrency|originalcurrency|shipping|receiptid).*", IGNORED, 8),
    (r"(closing|opening|current)(ledger|cleared)?balance.*|期[初末]余额", IGNORED, 7),
    # balances
    (
        r"(交易后|变动后|操作后|入账后)?(账户|帐户|账面|联机|本次|当前|结余|活期)*余额(\(元\)|元)?|账户结余元?|结余|结存(金额|数)?",
        "balance",
        9,
    ),
    (
        r"(running|account|ledger|book|aftertransaction)?bal(ance)?(after.*)?|closingbal|kontostand|saldo.*|solde",
        "balance",
        8,
    ),
    # money in two columns
    (r"(记账金额|入账金额)(收入|贷方?)", "credit", 9),
    (r"(记账金额|入账金额)(支出|借方?)", "debit", 9),
    (r"(借方?|支出|支取|转出|付出|付款|支付|取出|减少)(交易)?(发生)?(金额|额|数)?(支取|支出|元|-元)*", "debit", 8),
    (r"(贷方?|收入|存入|转入|收款|收到|增加|存款)(交易)?(发生)?(金额|额|数)?(收入|存入|元|\+元)*", "credit", 8),
    (r"(交易|发生)(金额|额)(支出|借方?|转出)", "debit", 7),
    (r"(交易|发生)(金额|额)(收入|贷方?|转入)", "credit", 7),
    (r"(往账|出账|汇出|划出|流出|借记)(金额|额|数)?元?", "debit", 7),
    (r"(来账|进账|入账|汇入|划入|流入|贷记)(金额|额|数)元?|来账|进账", "credit", 7),
    (
        r"(débit(euros?)?|belastung|debits?|withdrawals?|moneyout|paidout|paymentsout|outflow|soll|dr|outgoing|spent|ausgang|auszahlung)"
        r"(amount|amt|s)?([a-z]{3})?",
        "debit",
        8,
    ),
    (
        r"(crédit(euros?)?|gutschrift|credits?|deposits?|moneyin|paidin|paymentsin|inflow|haben|cr|incoming|lodgements?|received|eingang|einzahlung)"
        r"(amount|amt|s)?([a-z]{3})?",
        "credit",
        8,
    ),
    (r"amount(debit|out|withdrawn)|debitbetrag", "debit", 8),
    (r"amount(credit|in|deposited)|creditbetrag", "credit", 8),
    # which way
    (
        r"(借贷|收支|收付|资金|交易|发生|往来)?(标志|标识|方向|流向)|借贷|收支(类型)?|收付|收付款|借贷(状态|别)|来往账",
        "mark",
        9,
    ),
    (
        r"(dc|drcr|crdr|cd)(mark|flag|flg|indicator|ind)?|creditdebit(indicator|flag|mark)?|debitcredit(indicator|flag)?",
        "mark",
        9,
    ),
    (r"收入支出|支出收入|借方贷方|afbij|sollhaben(kennzeichen)?|sh|direction|sign|cdtdbtind", "mark", 8),
    # amounts
    (r"记账金额|入账金额|收支金额|净额|(商家)?实收(金额)?元?|到账金额|结算金额", "amount", 9),
    (r"(交易|发生|本币|业务|订单|应结订单|转账|收付|变动)?(金额|额)(元)?|发生额元?", "amount", 8),
    (r"net(amount|total)?|totalamount", "amount", 9),
    (
        r"(transaction|tran|trans|txn|trade|booking|posted|local)?(amount|amt)(in)?([a-z]{3}|(account|local|transaction)currency)?|(betrag|bedrag)([a-z]{3}|€)?",
        "amount",
        8,
    ),
    (r"umsatzart|umsatztyp|mutatiesoort", "transaction_text", 7),
    (r"umsatz([a-z]{3})?|montant|importe|value([a-z]{3})", "amount", 7),
    (r"gross(amount)?|bruttobetrag", "gross", 8),
    (r"退款(总)?金额元?|成功退款(金额)?元?", "refund", 8),
    (r"(orig|original|instructed)(amount|betrag)|lastschriftursprungsbetrag|原币金额|外币金额", IGNORED, 9),
    (r"(交易|转账)?(手续费|服务费|费用)(总额|金额|元)*", "fee", 8),
    (r"(total|transaction|processing|bank)?(fees?|charges?|commission|gebühr|entgelt)(amount)?([a-z]{3})?", "fee", 7),
    # days
    (
        r"起息日?期?|计息日|生息日|value(date|dt)|valuta(datum)?|wertstellung(stag)?|wert|dateofvalue|availableon.*",
        "value_date",
        9,
    ),
    (
        r"(记账|入账|过账|会计|清算|银行)(日期?|时间)|(post(ing|ed)?|booking|book|entry|process|settlement)(ed|ing)?(date|dt)|"
        r"buchungs(tag|datum)|(date)?completed(date)?(utc)?|buchung|date(posted|completed).*",
        "booking_date",
        9,
    ),
    (
        r"(交易|业务|发生|付款|收款|到账|创建|完成|支付|发起|操作|转账)?(日期时间|日期|时间戳|日)|(transaction|trans?|txn|trade)(date|dt)|date|"
        r"datum|fecha|arrivaldate.*",
        "booking_date",
        8,
    ),
    (
        r"(交易|业务|发生|付款|收款|到账|创建|交易创建|(交易)?完成|支付|发起|操作|转账)?时间|(transaction|tran|trans|txn)?(datetime|dateandtime)|"
        r"created(at|date|on|utc)*|(date)?started(date)?(utc)?|timestamp|(transaction|trans|tran)?time",
        "booking_date",
        7,
    ),
    # currencies
    (r"(记账|入账)币[种别]", "currency", 9),
    (
        r"(交易|账户)?(币[种别](名称|代码)?|货币(种类)?)|(transaction|trade|account|payment)?(currency|ccy|curr|currencycode)|währung|waehrung|devise",
        "currency",
        8,
    ),
    # the other side
    (rf"{_OTHER}(?:方)?{_BANK}", "payer_bank", 8),
    (
        rf"{_OTHER}(?:方)?(?:账户|账号|帐户|帐号|卡号){_NAME}|{_OTHER}(?:方)?{_NAME}|{_OTHER}|交易对方名称",
        "payer_name",
        8,
    ),
    (rf"{_OTHER}(?:方)?{_ACCOUNT}", "payer_account", 8),
    (rf"{_PAYER}{_PAYEE}{_NAME}|auftraggeberbegünstigter|begünstigterauftraggeber", "payer_name", 8),
    (r"zahlungspflichtiger?", "from_name", 7),
    (r"zahlungsempfänger(in)?", "to_name", 7),
    (r"naam(omschrijving)?|tegenpartij|naamtegenpartij", "payer_name", 8),
    (r"tegenrekening(iban)?", "payer_account", 8),
    (
        r"(beguenstigter|begünstigter|empfänger|auftraggeber|zahlungspflichtiger|zahlungsbeteiligter|zahlungsempfänger)+r?"
        r"(name)?|nameauftraggeber.*",
        "payer_name",
        8,
    ),
    (r"(name|merchant(name)?|party|thirdparty|客户名称)", "payer_name", 7),
    (r"abweichender(empfänger|auftraggeber|zahler).*|实际付款人|最终付款人|ultimate.*", "ultimate_party", 8),
    (rf"{_PAYER}(?:账户|账号)?{_BANK}|accountholdingbanknumberofpayer|payeraccountbank", "from_bank", 7),
    (rf"{_PAYEE}(?:账户|账号)?{_BANK}|beneficiaryaccountbank", "to_bank", 7),
    (rf"{_PAYER}s?{_NAME}|付款[方人]|付方|payer|remitter|sender", "from_name", 7),
    (rf"{_PAYEE}s?{_NAME}|收款[方人]|收方|payee|beneficiary|recipient", "to_name", 7),
    (rf"{_PAYER}s?{_ACCOUNT}|debitaccountno", "from_account", 7),
    (rf"{_PAYEE}s?{_ACCOUNT}", "to_account", 7),
    # references
    (
        r"账户明细编号.*|(银行|交易|业务|系统|核心|主机交易|资金|支付|账务|记账)?流水(编号|号)?|(交易|微信)?(单号|订单号|流水)|"
        r"(支付宝)?交易号|支付宝流水号|(微信)?支付业务单号|资金流水单号|(全局)?日志号|记录标识号|transactionid|transferwiseid|txnid|fitid|"
        r"bankreference(number)?|transactionreference(number)?|referencenumber|refno|referenceno|transaktionsnr|balancetransaction.*",
        "bank_reference",
        9,
    ),
    (r"id|业务参考号|参考号|交易参考号|业务编号|sammlerreferenz", "bank_reference", 7),
    (r"凭证号码?|传票号|check(no|number|orslip)*|chequeno|chequenumber|number|票据号码?", "voucher", 6),
    (
        r"(商户|商家|企业|客户|商务支付)?(订单号|单号|流水号|申请号|业务编号|订单编号)|endtoendid.*|e2e(id)?|kundenreferenz.*|customer(reference|ref)",
        "end_to_end_id",
        7,
    ),
    (r"mandatsreferenz|mandate(reference|id|ref)?", "mandate_id", 8),
    (r"glaeubigerid|gläubigerid|creditorid|relatedtransactionid|referencetxnid", IGNORED, 8),
    # what for
    (
        r"(交易|客户|个性化)?(附言|用途|备注|留言|说明|信息|详情|事由)(摘要)?|(交易|客户|业务|其[它他]|备注)?摘要(内容|说明|信息)?|"
        r"(资金|款项|付款|汇款)(用途|事由|说明|附言)|商品(名称|说明)?|交易说明|附言用途|备注附言",
        "remittance_text",
        8,
    ),
    (
        r"(transaction|payment|trade)?(narratives?|narration|details?|particulars|memo|remarks?|description|purpose|notes?|"
        r"message|information|info)\d?|purposeofpayment|detailsofpayment|verwendungszweck.*|verwendung|libellé|beschreibung\d?|omschrijving|mededelingen|concepto|abstract|itemtitle|invoicenumber|text|"
        r"paymentreference|reference|remittance.*|additional(info|information|details)",
        "remittance_text",
        8,
    ),
    (r"交易(地点|场所|地点附言)", "place", 6),
    (
        r"(交易|业务)?(类型|名称|种类|分类|类别)|交易方式|(transaction|tran|trn|trading|trade|txn|business)?(type|code)|buchungstext|"
        r"umsatzart|subcategory|category|vorgang|textschlüssel",
        "transaction_text",
        7,
    ),
    # this account
    (
        r"(本方|我方|查询|借记|本人|己方)?(账号|帐号|账户|帐户|卡号|借记卡号)(卡号)?|商户号|account(number|no)?|auftragskonto|rekening|ibanaccountnumber",
        "account",
        8,
    ),
    (r"bic(swiftcode)?|swift(code|bic)?", "bic", 7),
    (r"iban|ibankontonummer|kontonummeriban|kontonummer", "iban", 7),
    (r"(本方|我方|账户)?(户名|账户名称|账户名|单位名称|帐户名称)|accountname|accountholder", "owner", 7),
    (r"(当前|交易|订单|业务|处理|退款)?状态|(transaction|payment)?(status|state)", "status", 8),
)
_COMPILED = tuple((re.compile(pattern), field, score) for pattern, field, score in _RULES)
FIELDS = frozenset(field for _, field, _ in _RULES) - {IGNORED}
"""Every field a column can be."""
_DROPPED = re.compile(r"[\s_\-./\\:：'\"#*№`,，、|&]+")
_BRACKETS = re.compile(r"[(\[{（【〔].*?[)\]}）】〕]")


def fold(text: str) -> str:
    """A heading as it is compared: full width made half, small letters, without spaces and punctuation."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=4096)
def meaning(heading: str) -> tuple[str, int] | None:
    """The field a heading names and how surely (6 to 9); ``None`` where it names none.

    A heading in two languages, or with a unit in brackets, is understood by any of its parts.
    """
    if not heading.strip() or len(heading) > 120:
        return None
    found = [one for part in _parts(heading) if (one := _match(part))]
    # The first part that is understood: the whole heading before its pieces.
    return found[0] if found else None


def _parts(heading: str) -> list[str]:
    text = unicodedata.normalize("NFKC", heading)
    whole = fold(text)
    parts = [whole.translate({ord(mark): None for mark in "()[]{}【】〔〕"}), fold(_BRACKETS.sub(" ", text))]
    parts += [fold(one) for one in re.split(r"[\n\r/|]|(?<=[\u4e00-\u9fff])\s+(?=[A-Za-z])", _BRACKETS.sub(" ", text))]
    chinese = "".join(re.findall(r"[\u4e00-\u9fff]+", _BRACKETS.sub(" ", text)))
    latin = fold(" ".join(re.findall(r"[A-Za-zÀ-ÿ' ]+", text))) if chinese else ""
    return [part for part in dict.fromkeys([*parts, chinese, latin]) if part]


def _match(part: str) -> tuple[str, int] | None:
    for pattern, field, score in _COMPILED:
        if pattern.fullmatch(part):
            return field, score
    return None

# ruff: noqa: E501 - lines as long as the banks' own
"""Exports as the big banks lay them out, made up by us: the headings are theirs, the payments are not."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Layout:
    """A file and what must be read from it: (day, amount, currency, other side's name) per booked line."""

    name: str
    text: str
    lines: tuple[tuple[str, str, str, str], ...]
    encoding: str = "utf-8"
    account: str = ""
    facts: dict[int, dict[str, object]] = field(default_factory=dict)


CHINESE = [
    Layout(
        "icbc_corporate.csv",
        "[HISTORYDETAIL]\n"
        "凭证号,本方账号,对方账号,交易时间,借/贷,借方发生额,贷方发生额,对方行号,摘要,用途,对方单位名称,余额,个性化信息\n"
        '00000000000000000,1202000000000012345,3301040160000012345,2026-03-02 09:15:11,贷,,"113,000.00",102331000012,货款,INV-2026-0031,'
        '杭州云杉贸易有限公司,"513,000.00",\n'
        '00000000000000000,1202000000000012345,1202009900000011111,2026-03-02 16:00:02,借,"2,500.50",,102331000012,手续费,对公账户费,'
        '工行手续费账户,"510,499.50",\n',
        (
            ("2026-03-02", "113000.00", "CNY", "杭州云杉贸易有限公司"),
            ("2026-03-02", "-2500.50", "CNY", "工行手续费账户"),
        ),
        "gb18030",
        "1202000000000012345",
        {0: {"payer_account": "3301040160000012345", "remittance_text": "货款 INV-2026-0031"}},
    ),
    Layout(
        "abc_corporate.csv",
        "账户明细查询,,,,,,,,,,,\n账号：,19030101040012345,,户名：,上海回款示范有限公司,,,,,,,\n"
        "币种：,人民币,,起始日期：,20260301,,截止日期：,20260331,,,,\n"
        "交易时间,收入金额,支出金额,账户余额,对方账号,对方户名,对方开户行,交易用途,交易摘要,交易附言,交易流水号,凭证号\n"
        '2026-03-05 10:22:33,"58,000.00",0.00,"158,000.00",6228480000000001234,苏州澄湖电子有限公司,农行苏州分行,货款,转账,合同HT-77,JE0001,\n'
        '2026-03-06 11:02:03,0.00,"8,000.00","150,000.00",6228480000000009999,昆山包装厂,农行昆山支行,采购,转账,,JE0002,\n'
        '合计,"58,000.00","8,000.00",,,,,,,,,\n',
        (
            ("2026-03-05", "58000.00", "CNY", "苏州澄湖电子有限公司"),
            ("2026-03-06", "-8000.00", "CNY", "昆山包装厂"),
        ),
        "gb18030",
        "19030101040012345",
        {0: {"bank_reference": "JE0001", "payer_bank": "农行苏州分行"}},
    ),
    Layout(
        "boc_corporate.csv",
        "查询账号[ Inquirer account number ],450000012345,,,,,,,\n"
        "交易类型[ Transaction Type ],付款人账号[ Debit Account No. ],付款人名称[ Payer's Name ],"
        "收款人账号[ Payee's Account Number ],收款人名称[ Payee's Name ],交易日期[ Transaction Date ],"
        "交易时间[ Transaction time ],交易货币[ Trade Currency ],交易金额[ Trade Amount ],"
        "交易后余额[ After-transaction balance ],起息日期[ Value Date ],交易流水号[ Transaction reference number ],"
        "摘要[ Reference ],用途[ Purpose ],交易附言[ Remark ]\n"
        "来账[ Incoming ],778812345678,宁波海曙机械有限公司,450000012345,上海回款示范有限公司,20260310,101530,CNY,20000.00,"
        "70000.00,20260311,20260310001,货款,还3月货款,INV0099\n"
        "往账[ Outgoing ],450000012345,上海回款示范有限公司,990011223344,市税务局,20260312,090000,CNY,-1234.56,68765.44,20260312,"
        "20260312002,税费,,\n",
        (
            ("2026-03-10", "20000.00", "CNY", "宁波海曙机械有限公司"),
            ("2026-03-12", "-1234.56", "CNY", "市税务局"),
        ),
        "utf-8-sig",
        "450000012345",
        {0: {"payer_account": "778812345678", "bank_reference": "20260310001"}},
    ),
    Layout(
        "ccb_corporate.csv",
        "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,对方开户机构,记账日期,摘要,备注,账户明细编号-交易流水号,"
        "企业流水号,凭证种类,凭证号\n"
        "31050100000000012345,上海回款示范有限公司,20260315 10:15:16,0,3600.00,13600.00,人民币元,无锡太湖新材,32050100000000054321,"
        "建行无锡分行,20260315,电子汇入,货款,1-310000001,,,\n"
        "31050100000000012345,上海回款示范有限公司,20260316 08:00:00,600.00,0,13000.00,人民币元,上海电力,31050100000000099999,建行上海,"
        "20260316,代扣,电费,2-310000002,,,\n",
        (("2026-03-15", "3600.00", "CNY", "无锡太湖新材"), ("2026-03-16", "-600.00", "CNY", "上海电力")),
        "gb18030",
        "31050100000000012345",
        {0: {"bank_reference": "1-310000001"}},
    ),
    Layout(
        "bocom_two_languages.csv",
        "交通银行交易流水,,,,,,,,,,\n账号/卡号Account/Card No: 6222600000001234  户名Account Name: 张三,,,,,,,,,,\n"
        "序号,交易日期,交易时间,交易类型,借贷,交易金额,余额,对方账号,对方户名,交易地点,摘要\n"
        "Serial Num,Trans Date,Trans Time,Trading Type,Dc Flg,Trans Amt,Balance,Payment Receipt Account,"
        "Payment Receipt Account Name,Trading Place,Abstract\n"
        "1,2026-03-01,09:00:00,转账汇款,贷 Cr,500.00,1500.00,6222600000009999,李四,网银,货款\n"
        "2,2026-03-02,10:00:00,消费,借 Dr,200.00,1300.00,,超市,POS,消费\n",
        (("2026-03-01", "500.00", "CNY", "李四"), ("2026-03-02", "-200.00", "CNY", "超市")),
        account="6222600000001234",
    ),
    Layout(
        "cmb_corporate.csv",
        "招商银行账户交易,,,,,,,,,,,,\n账号：,571900000012345,,币种：,人民币,,,,,,,,\n"
        "交易日,交易时间,起息日,交易类型,借方金额,贷方金额,余额,摘要,流水号,用途,收(付)方名称,收(付)方帐号,收(付)方开户行名\n"
        '20260320,143000,20260320,网银互联,,"6,666.66","16,666.66",,K00001,货款INV-5,南京紫金软件,571900000054321,招行南京\n'
        '20260321,150000,20260321,代发,"1,666.66",,"15,000.00",工资,K00002,,,,\n',
        (("2026-03-20", "6666.66", "CNY", "南京紫金软件"), ("2026-03-21", "-1666.66", "CNY", "")),
        "gb18030",
        "571900000012345",
        {0: {"bank_reference": "K00001", "payer_account": "571900000054321"}},
    ),
    Layout(
        "spdb_corporate.csv",
        "交易日期\t交易时间\t交易流水号\t借方金额\t贷方金额\t账户余额\t对方账号\t对方户名\t对方行名\t摘要\t附言\n"
        "2026/3/3\t9:00:01\tP1\t\t10,000.00\t20,000.00\t97010000001\t合肥科大智能\t浦发合肥\t转账\t预付款\n"
        "2026/3/4\t10:10:10\tP2\t5,000.00\t\t15,000.00\t97010000002\t物流公司\t浦发上海\t转账\t运费\n",
        (("2026-03-03", "10000.00", "CNY", "合肥科大智能"), ("2026-03-04", "-5000.00", "CNY", "物流公司")),
        "gb18030",
    ),
    Layout(
        "citic_newest_first.csv",
        "中信银行账户明细,,,,,,,,,\n"
        "交易日期,交易时间,对方账号,对方账户名称,对方开户行名称,借方发生额,贷方发生额,账户余额,柜员交易号,摘要\n"
        "20260409,10:00:00,811000,北京远望,中信北京,,300.00,1300.00,T3,货款\n"
        "20260408,09:00:00,811000,北京远望,中信北京,,300.00,1000.00,T2,货款\n"
        "20260407,08:00:00,822000,上海房东,中信上海,300.00,,700.00,T1,房租\n",
        (
            ("2026-04-09", "300.00", "CNY", "北京远望"),
            ("2026-04-08", "300.00", "CNY", "北京远望"),
            ("2026-04-07", "-300.00", "CNY", "上海房东"),
        ),
    ),
    Layout(
        "pab_corporate.csv",
        "交易时间,账号,借,贷,账户余额,对方账户,对方账户名称,交易流水号,摘要,用途\n"
        "2026-05-01 12:00:00,15000012345,,88.80,188.80,15000054321,深圳前海贸易,PA001,转账,货款\n"
        "2026-05-02 12:00:00,15000012345,8.80,,180.00,15000000001,平安手续费,PA002,收费,\n",
        (("2026-05-01", "88.80", "CNY", "深圳前海贸易"), ("2026-05-02", "-8.80", "CNY", "平安手续费")),
        account="15000012345",
    ),
    Layout(
        "one_amount_and_a_mark.csv",
        "记账日期,收支方向,发生额,本次余额,往来单位名称,往来账号,附言\n"
        '2026年5月6日,收入,"¥1,000.00","¥3,000.00",青岛海风,12345678,货款\n'
        '2026年5月7日,支出,"¥400.00","¥2,600.00",济南泉城,87654321,退货款\n',
        (("2026-05-06", "1000.00", "CNY", "青岛海风"), ("2026-05-07", "-400.00", "CNY", "济南泉城")),
    ),
    Layout(
        "alipay_funds.csv",
        "#支付宝账务明细查询\n#账号：[20880000000000000156]\n#起始日期：[2026年05月01日 00:00:00]   终止日期：[2026年06月01日 00:00:00]\n"
        "#-----------------------------------------账务明细列表----------------------------------------\n"
        "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注\n"
        "2026050100001\t,2026050122001\t,SO-1001\t,订单SO-1001\t,2026-05-01 10:00:00,buyer@example.com,199.00,0.00,1199.00,支付宝,"
        "在线支付,\n"
        "2026050100002\t,2026050122001\t,SO-1001\t,订单SO-1001\t,2026-05-01 10:00:01,,0.00,-1.19,1197.81,支付宝,收费,手续费\n"
        "#-----------------------------------------账务明细列表结束------------------------------------\n"
        "#支出合计：1笔，共-1.19元\n#收入合计：1笔，共199.00元\n#导出时间：[2026年06月01日 09:00:00]\n",
        (("2026-05-01", "199.00", "CNY", ""), ("2026-05-01", "-1.19", "CNY", "")),
        "gb18030",
        "20880000000000000156",
        {0: {"end_to_end_id": "SO-1001", "bank_reference": "2026050100001", "payer_account": "buyer@example.com"}},
    ),
    Layout(
        "wechat_funds.csv",
        "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号\n"
        "`2026-05-03 10:00:00,`4200001,`F001,`交易,`交易,`收入,`88.00,`188.00,`system,`,`SO-9\n"
        "`2026-05-03 10:00:01,`4200001,`F002,`扣除交易手续费,`扣除交易手续费,`支出,`0.53,`187.47,`system,`结算总金额 88.00 元;,`SO-9\n"
        "`2026-05-04 09:00:00,`5000009,`F003,`退款,`退款,`支出,`8.00,`179.47,`1500@1500,`,`RF-1\n"
        "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`3,`1,`88.00,`2,`8.53\n",
        (
            ("2026-05-03", "88.00", "CNY", ""),
            ("2026-05-03", "-0.53", "CNY", ""),
            ("2026-05-04", "-8.00", "CNY", ""),
        ),
        "utf-8-sig",
        facts={1: {"bank_reference": "F002"}},
    ),
    Layout(
        "wechat_orders.csv",
        "交易时间,公众账号ID,商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,"
        "商户退款单号,退款金额,退款类型,退款状态,商品名称,手续费,费率,订单金额,申请退款金额\n"
        "`2026-05-03 10:00:00,`wx1,`1500,`4200001,`SO-9,`u1,`JSAPI,`SUCCESS,`ICBC,`CNY,`88.00,`0.00,`0,`0,`0.00,`,`,`茶叶,`0.53,"
        "`0.60%,`88.00,`0.00\n"
        "`2026-05-04 09:00:00,`wx1,`1500,`4200001,`SO-9,`u1,`JSAPI,`REFUND,`ICBC,`CNY,`0.00,`0.00,`500,`RF-1,`8.00,`ORIGINAL,"
        "`SUCCESS,`茶叶,`-0.05,`0.60%,`0.00,`8.00\n"
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n`2,`88.00,`8.00,`0.00,`0.48,`88.00,`8.00\n",
        (("2026-05-03", "87.47", "CNY", ""), ("2026-05-04", "-7.95", "CNY", "")),
        account="1500",
        facts={
            0: {"end_to_end_id": "SO-9", "remittance_text": "茶叶", "fee": "0.53", "kept": "0.53"},
            1: {"original_amount": "-8.00", "kept": "-0.05", "is_return": "True"},
        },
    ),
]

WESTERN = [
    Layout(
        "hsbc.csv",
        "Account name,Account number,Bank name,Currency,Location,BIC,IBAN,Account status,Account type,Closing ledger balance,"
        "Closing available balance,Bank reference,Narrative,Customer reference,TRN type,Value date,Credit amount,"
        "Debit amount,Time,Post date,Balance\n"
        "DEMO LTD,40051512345678,HSBC UK,GBP,GB,HBUKGB4B,GB29NWBK60161331926819,Active,CURRENT,900.00,900.00,HB001,"
        "ACME SUPPLIES INV 2231,INV2231,CR,03/04/2026,1000.00,,09:00,03/04/2026,1000.00\n"
        "DEMO LTD,40051512345678,HSBC UK,GBP,GB,HBUKGB4B,GB29NWBK60161331926819,Active,CURRENT,900.00,900.00,HB002,"
        "BANK CHARGES,NONREF,DR,13/04/2026,,100.00,09:00,13/04/2026,900.00\n",
        (("2026-04-03", "1000.00", "GBP", ""), ("2026-04-13", "-100.00", "GBP", "")),
        account="40051512345678",
        facts={0: {"bank_reference": "HB001", "end_to_end_id": "INV2231", "value_date": "2026-04-03"}},
    ),
    Layout(
        "chase.csv",
        "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n"
        'CREDIT,04/14/2026,"ORIG CO NAME:ACME CORP DES:PAYMENT INV 5521",2500.00,ACH_CREDIT,7500.00,,\n'
        "DEBIT,04/13/2026,MONTHLY SERVICE FEE,-15.00,FEE_TRANSACTION,5000.00,,\n",
        (("2026-04-14", "2500.00", "USD", ""), ("2026-04-13", "-15.00", "USD", "")),
    ),
    Layout(
        "deutsche_bank.csv",
        "Umsätze Girokonto;;;;;;;;;;\n01.04.2026 - 30.04.2026;;;;;;;;;;\nAlter Kontostand;;;;1.000,00;EUR;;;;;\n"
        "Buchungstag;Wert;Umsatzart;Begünstigter / Auftraggeber;Verwendungszweck;IBAN / Kontonummer;BIC;Kundenreferenz;"
        "Mandatsreferenz;Gläubiger ID;Fremde Gebühren;Betrag;Abweichender Empfänger;Anzahl der Aufträge;Anzahl der Schecks;"
        "Soll;Haben;Währung\n"
        "01.04.2026;01.04.2026;SEPA-Überweisung von;Müller & Söhne GmbH;Rechnung 4711 vom 01.03.2026;DE89370400440532013000;"
        "COBADEFFXXX;RE-4711;;;;;;;;;1.234,56;EUR\n"
        "02.04.2026;02.04.2026;SEPA-Lastschrift;Stadtwerke;Abschlag April;DE02120300000000202051;BYLADEM1001;;M-1;DE98ZZZ;;;;;;"
        "-34,56;;EUR\n"
        "Kontostand;30.04.2026;;;2.200,00;EUR;;;;;;;;;;;;\n",
        (("2026-04-01", "1234.56", "EUR", "Müller & Söhne GmbH"), ("2026-04-02", "-34.56", "EUR", "Stadtwerke")),
        "cp1252",
        facts={0: {"payer_account": "DE89370400440532013000", "end_to_end_id": "RE-4711"}, 1: {"mandate_id": "M-1"}},
    ),
    Layout(
        "sparkasse.csv",
        '"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Glaeubiger ID";"Mandatsreferenz";'
        '"Kundenreferenz (End-to-End)";"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"BIC (SWIFT-Code)";"Betrag";'
        '"Waehrung";"Info"\n'
        '"DE12500105170648489890";"28.04.26";"28.04.26";"GUTSCHR. UEBERWEISUNG";"RG 2026-17";"";"";"NOTPROVIDED";"Bäckerei Kern";'
        '"DE89370400440532013000";"COBADEFFXXX";"89,90";"EUR";"Umsatz gebucht"\n'
        '"DE12500105170648489890";"27.04.26";"27.04.26";"ENTGELT";"Kontofuehrung";"";"";"";"";"0000000000";"WELADED1XXX";"-4,50";'
        '"EUR";"Umsatz gebucht"\n',
        (("2026-04-28", "89.90", "EUR", "Bäckerei Kern"), ("2026-04-27", "-4.50", "EUR", "")),
        "cp1252",
        "DE12500105170648489890",
    ),
    Layout(
        "barclays.csv",
        "Number,Date,Account,Amount,Subcategory,Memo\n"
        "\t ,14/04/2026,20-00-00 12345678,150.25,FT,SMITH BUILDERS INV 77\n"
        "\t ,13/04/2026,20-00-00 12345678,-20.00,DEBIT,STATIONERY\n",
        (("2026-04-14", "150.25", "GBP", ""), ("2026-04-13", "-20.00", "GBP", "")),
        account="20-00-00 12345678",
    ),
    Layout(
        "revolut_personal.csv",
        "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
        "TOPUP,Current,2026-04-01 10:00:00,2026-04-01 10:00:01,Payment from Jane Roe,100.00,0.00,EUR,COMPLETED,100.00\n"
        "TRANSFER,Current,2026-04-02 10:00:00,2026-04-02 10:00:01,To John Doe,-50.00,0.50,EUR,COMPLETED,49.50\n"
        "CARD_PAYMENT,Current,2026-04-03 10:00:00,,Coffee,-3.00,0.00,EUR,REVERTED,\n"
        "CARD_PAYMENT,Current,2026-04-04 10:00:00,,Lunch,-9.00,0.00,EUR,PENDING,\n",
        (("2026-04-01", "100.00", "EUR", ""), ("2026-04-02", "-50.50", "EUR", "")),
        facts={1: {"fee": "0.50", "original_amount": "-50.00"}},
    ),
    Layout(
        "revolut_business.csv",
        "Date started (UTC),Date completed (UTC),ID,Type,State,Description,Reference,Payer,Card number,Card label,Card state,"
        "Orig currency,Orig amount,Payment currency,Amount,Total amount,Exchange rate,Fee,Fee currency,Balance,Account,"
        "Beneficiary account number,Beneficiary IBAN,Beneficiary BIC,MCC\n"
        "2026-04-01,2026-04-01,6a1,TOPUP,COMPLETED,Payment from ACME,INV-9,ACME,,,,GBP,500,GBP,500,500,,0,GBP,500,Main,,,,\n"
        "2026-04-02,2026-04-02,6a2,TRANSFER,COMPLETED,To Paper Ltd,PO-1,,,,,GBP,-20,GBP,-20,-20.20,,0.20,GBP,479.80,Main,12345678,,,\n",
        (("2026-04-01", "500.00", "GBP", "ACME"), ("2026-04-02", "-20.20", "GBP", "")),
        account="Main",
        facts={0: {"bank_reference": "6a1"}, 1: {"payer_account": "12345678"}},
    ),
    Layout(
        "wise.csv",
        '"TransferWise ID",Date,Amount,Currency,Description,"Payment Reference","Running Balance","Exchange From","Exchange To",'
        '"Exchange Rate","Payer Name","Payee Name","Payee Account Number",Merchant,Note,"Total fees"\n'
        'TRANSFER-1,14-04-2026,250.00,EUR,"Received money from Nordic AB with reference RF18539007547034",RF18539007547034,'
        '1250.00,,,,"Nordic AB",,,,,0.00\n'
        'CARD-2,13-04-2026,-10.00,EUR,"Card transaction of EUR issued by Rail",,1000.00,,,,,,,Rail,,0.00\n',
        (("2026-04-14", "250.00", "EUR", "Nordic AB"), ("2026-04-13", "-10.00", "EUR", "Rail")),
        facts={0: {"bank_reference": "TRANSFER-1"}},
    ),
    Layout(
        "paypal.csv",
        '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address","To Email Address",'
        '"Transaction ID","Item Title","Invoice Number","Balance"\n'
        '"4/13/2026","10:00:00","PDT","Jane Roe","Website Payment","Completed","USD","100.00","-3.20","96.80","jane@example.com",'
        '"shop@example.com","8AB1","Lamp","1001","96.80"\n'
        '"4/14/2026","11:00:00","PDT","Jane Roe","Payment Refund","Completed","USD","-50.00","1.60","-48.40","shop@example.com",'
        '"jane@example.com","8AB2","","1001","48.40"\n'
        '"4/15/2026","12:00:00","PDT","Max Moe","Website Payment","Pending","USD","10.00","-0.50","9.50","max@example.com",'
        '"shop@example.com","8AB3","","1002","48.40"\n',
        (("2026-04-13", "96.80", "USD", "Jane Roe"), ("2026-04-14", "-48.40", "USD", "Jane Roe")),
        facts={0: {"fee": "3.20", "original_amount": "100.00", "payer_account": "jane@example.com"}},
    ),
    Layout(
        "stripe_balance.csv",
        "id,Type,Source,Amount,Fee,Destination Platform Fee,Net,Currency,Created (UTC),Available On (UTC),Description,Transfer\n"
        "txn_1,charge,ch_1,120.00,3.78,,116.22,eur,2026-04-13 10:00:00,2026-04-20 00:00:00,Order 55,po_1\n"
        "txn_2,payout,po_1,-116.22,0.00,,-116.22,eur,2026-04-20 00:00:00,2026-04-20 00:00:00,STRIPE PAYOUT,\n",
        (("2026-04-13", "116.22", "EUR", ""), ("2026-04-20", "-116.22", "EUR", "")),
        facts={0: {"fee": "3.78", "bank_reference": "txn_1", "value_date": "2026-04-20"}},
    ),
    Layout(
        "stripe_payouts.csv",
        "id,Amount,Created (UTC),Arrival Date (UTC),Currency,Status,Type,Method,Description,Destination,Balance Transaction\n"
        "po_1,1160.22,2026-04-18 03:00:00,2026-04-20 00:00:00,usd,paid,bank_account,standard,STRIPE PAYOUT,ba_1,txn_9\n"
        "po_2,15.00,2026-04-19 03:00:00,2026-04-21 00:00:00,usd,failed,bank_account,standard,STRIPE PAYOUT,ba_1,txn_10\n",
        (("2026-04-20", "1160.22", "USD", ""),),
    ),
    Layout(
        "bank_of_america.csv",
        'Description,,Summary Amt.\nBeginning balance as of 01/01/2026,,"1,000.00"\nTotal credits,,"500.00"\n'
        'Ending balance as of 01/31/2026,,"1,400.00"\n\nDate,Description,Amount (USD),Running Bal.\n'
        '01/01/2026,Beginning balance as of 01/01/2026,,"1,000.00"\n01/15/2026,"ACME DES:PAY ID:77","500.00","1,500.00"\n'
        '01/16/2026,"FEE","-100.00","1,400.00"\n',
        (("2026-01-15", "500.00", "USD", ""), ("2026-01-16", "-100.00", "USD", "")),
    ),
    Layout(
        "n26.csv",
        '"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference","Account Name","Amount (EUR)"\n'
        '2026-04-01,2026-04-01,"ACME GmbH",DE89370400440532013000,Income,"RE 9","Main",99.50\n'
        '2026-04-02,2026-04-02,"Cafe",,Presentment,"","Main",-5.10\n',
        (("2026-04-01", "99.50", "EUR", "ACME GmbH"), ("2026-04-02", "-5.10", "EUR", "Cafe")),
        facts={0: {"payer_account": "DE89370400440532013000"}},
    ),
    Layout(
        "dkb.csv",
        '"Girokonto";"DE12500105170648489890"\n"Kontostand vom 15.04.2026:";"1.234,56 €"\n""\n'
        '"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";"Umsatztyp";'
        '"IBAN";"Betrag (€)";"Gläubiger-ID";"Mandatsreferenz";"Kundenreferenz"\n'
        '"15.04.26";"15.04.26";"Gebucht";"ACME GmbH";"Demo";"RE 1";"Eingang";"DE89370400440532013000";"300";"";"";"E1"\n'
        '"14.04.26";"14.04.26";"Gebucht";"Demo";"Strom";"Abschlag";"Ausgang";"DE02120300000000202051";"-65,44";"";"";""\n',
        (("2026-04-15", "300.00", "EUR", "ACME GmbH"), ("2026-04-14", "-65.44", "EUR", "Strom")),
        facts={0: {"payer_account": "DE89370400440532013000", "end_to_end_id": "E1"}},
    ),
    Layout(
        "ubs.csv",
        "Kontonummer:;0230 00123456.01;\nVon:;2026-04-01;\nBis:;2026-04-30;\nAnfangssaldo:;1000.00;\nSchlusssaldo:;1234.56;\n\n"
        "Abschlussdatum;Buchungsdatum;Valutadatum;Währung;Belastung;Gutschrift;Einzelbetrag;Saldo;Transaktions-Nr.;Beschreibung1;"
        "Beschreibung2\n"
        "2026-04-15;2026-04-15;2026-04-15;CHF;;300.00;;1234.56;T2;ACME AG;RE 1\n"
        "2026-04-14;2026-04-14;2026-04-14;CHF;-65.44;;;934.56;T1;Fee;\n",
        (("2026-04-15", "300.00", "CHF", ""), ("2026-04-14", "-65.44", "CHF", "")),
        account="0230 00123456.01",
        facts={0: {"bank_reference": "T2", "remittance_text": "ACME AG RE 1"}},
    ),
    Layout(
        "ing_netherlands.csv",
        '"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Code","Af Bij","Bedrag (EUR)","Mutatiesoort","Mededelingen"\n'
        '"20260415","ACME BV","NL91ABNA0417164300","NL69INGB0123456789","GT","Bij","300,00","Online bankieren","Factuur 9"\n'
        '"20260414","Energie","NL91ABNA0417164300","","IC","Af","65,44","Incasso","Voorschot"\n',
        (("2026-04-15", "300.00", "EUR", "ACME BV"), ("2026-04-14", "-65.44", "EUR", "Energie")),
        account="NL91ABNA0417164300",
        facts={0: {"payer_account": "NL69INGB0123456789"}},
    ),
    Layout(
        "french.csv",
        "Date;Libellé;Débit euros;Crédit euros;Devise\n15/04/2026;VIR ACME FACT 9;;300,00;EUR\n14/04/2026;PRLV EDF;65,44;;EUR\n",
        (("2026-04-15", "300.00", "EUR", ""), ("2026-04-14", "-65.44", "EUR", "")),
        "cp1252",
    ),
    Layout(
        "paid_in_paid_out.csv",
        'Statement for account,,,,\nAccount Number:,12-34-56 00112233,,,\nOpening Balance:,"1,000.00",,,\n'
        "Date,Type,Description,Paid Out (GBP),Paid In (GBP),Balance (GBP)\n"
        '07 Apr 2026,BP,GREEN LTD INV 1,,"2,000.00","3,000.00"\n08 Apr 2026,DD,RATES,500.00,,"2,500.00"\n'
        'Closing Balance:,"2,500.00",,,,\n',
        (("2026-04-07", "2000.00", "GBP", ""), ("2026-04-08", "-500.00", "GBP", "")),
        account="12-34-56 00112233",
    ),
    Layout(
        "brackets_and_marks.csv",
        "Txn Date|Particulars|Amount|Dr/Cr|Ledger Balance|Ccy\n"
        "15-Apr-2026|NEFT ACME 100|1,00,000.00|Cr|1,00,000.00 CR|INR\n16-Apr-2026|CHGS|500.00|Dr|99,500.00 CR|INR\n",
        (("2026-04-15", "100000.00", "INR", ""), ("2026-04-16", "-500.00", "INR", "")),
    ),
]

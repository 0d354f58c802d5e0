"""Words the generator of bank lines puts together: firms in four languages, what people write."""

from __future__ import annotations

CITIES = {
    "苏州": "Suzhou", "无锡": "Wuxi", "上海": "Shanghai", "杭州": "Hangzhou", "宁波": "Ningbo", "深圳": "Shenzhen",
    "广州": "Guangzhou", "东莞": "Dongguan", "青岛": "Qingdao", "天津": "Tianjin", "成都": "Chengdu", "武汉": "Wuhan",
    "南京": "Nanjing", "厦门": "Xiamen", "长沙": "Changsha", "合肥": "Hefei", "济南": "Jinan", "昆山": "Kunshan",
}  # fmt: skip
BRANDS = (
    "恒远 华盛 金鼎 瑞丰 鸿达 天成 博雅 新宇 盛泰 宏图 嘉禾 卓越 中联 东方 海纳 启明 安泰 永信 飞腾 德润 "
    "恒源 华胜 金顶 瑞峰 宏达 天诚 伯雅 欣宇 盛太 鸿图 佳禾 众联 海那 永鑫 德瑞 立信 同创 汇通 方圆 正大"
).split()
"""The second half sounds like the first: names that are nearly the same belong to strangers."""
TRADES = {
    "精密机械": "Precision Machinery", "电子科技": "Electronics Technology", "贸易": "Trading", "包装材料": "Packaging",
    "自动化设备": "Automation Equipment", "医疗器械": "Medical Devices", "食品": "Food", "物流": "Logistics",
    "汽车零部件": "Auto Parts", "纺织": "Textile", "化工": "Chemical", "建材": "Building Materials",
    "信息技术": "Information Technology", "家具": "Furniture", "新能源": "New Energy", "五金制品": "Hardware Products",
}  # fmt: skip
FORMS_ZH = ("有限公司", "有限责任公司", "股份有限公司", "集团有限公司", "商行", "厂")
SURNAMES = "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林".split()
GIVEN = "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀英 建国 志强 晓东 海燕".split()

ENGLISH = (
    "Northfield Ashworth Calder Brookline Harrow Stanmore Whitby Pemberton Redwood Silverlake Kingsway Marlow Fairview "
    "Oakridge Westbrook Eastgate Granville Hollis Larkspur Meridian Northgate Oakfield Westfield Norfield Harlow"
).split()
ENGLISH_TRADES = (
    "Tools|Trading|Components|Foods|Medical Supplies|Packaging|Electronics|Industries|Logistics|Engineering|Systems"
).split("|")
FORMS_EN = ("Ltd", "Limited", "Inc.", "LLC", "PLC", "Corp.", "Co., Ltd.", "Pte Ltd")
GERMAN = (
    "Müller Schäfer Köhler Weiß Bäcker Krüger Lindner Brandt Möller Groß Hofmann Hoffmann Schulze Schulz Vogel".split()
)
GERMAN_TRADES = "Maschinenbau Werkzeuge Elektrotechnik Großhandel Fördertechnik Medizintechnik Verpackungen".split()
FORMS_DE = ("GmbH", "GmbH & Co. KG", "AG", "KG", "e.K.", "OHG")
FRENCH = "Lambert Girard Béranger Chevalier Lefèvre Moreau Rousseau Dupré Garnier Perrin".split()
FRENCH_TRADES = "Industrie|Outillage|Distribution|Électronique|Emballages|et Fils".split("|")
FORMS_FR = ("SARL", "SAS", "SA", "EURL")

INVOICE_WORDS = {
    "zh": ("发票号", "发票号码:", "发票", "票号", "支付发票", "结算单号", ""),
    "en": ("INV", "Invoice", "Invoice no.", "Inv.", "Payment of invoice", "YOUR INVOICE", "inv#", ""),
    "de": ("RE", "Rechnung", "Rechnungsnr.", "Rg.Nr.", "RNR", "Rechnung Nr.", ""),
    "fr": ("Facture", "FACT", "Fact. no", "Règlement facture", ""),
}
PO_WORDS = {
    "zh": ("订单号", "采购订单", "PO"),
    "en": ("PO", "Order", "P.O.", "your order"),
    "de": ("Bestellung", "Best.Nr.", "PO"),
    "fr": ("Commande", "Cde", "PO"),
}
CONTRACT_WORDS = {
    "zh": ("合同号", "合同", "合同编号:"),
    "en": ("Contract", "CTR", "Agreement"),
    "de": ("Vertrag", "Kontrakt"),
    "fr": ("Contrat", "Marché"),
}
GOODS = {
    "zh": ("货款", "付货款", "材料款", "支付货款", "服务费", "结货款", "转账", "往来款"),
    "en": ("payment", "goods", "payment for goods", "supplies", "services", "thank you", "bill payment", "transfer"),
    "de": ("Zahlung", "Warenlieferung", "Überweisung", "Lieferung", "Dankend bezahlt"),
    "fr": ("règlement", "paiement marchandises", "virement", "fourniture"),
}
MONTH_WORDS = {
    "zh": ("{y}年{m}月货款", "{m}月份货款", "付{m}月对账单", "{y}-{mm}月结"),
    "en": ("statement {mmm} {y}", "{mmm} account", "invoices {mmm}", "payment for {mmm} {y}"),
    "de": ("Kontoauszug {mm}/{y}", "Rechnungen {mm}.{y}", "Monat {mm}/{y}"),
    "fr": ("relevé {mm}/{y}", "factures {mm}/{y}"),
}
MONTHS_EN = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
ALL_OPEN = {
    "zh": ("结清全部欠款", "付清货款"),
    "en": ("settling all open invoices", "account in full"),
    "de": ("Ausgleich aller offenen Posten", "Kontoausgleich"),
    "fr": ("solde de tout compte",),
}
DISCOUNT = {
    "zh": ("扣{p}%现金折扣", "已扣折扣{p}%"),
    "en": ("less {p}% discount", "net of {p}% cash discount", "{p}PCT DISC TAKEN"),
    "de": ("abzgl. {p}% Skonto", "./. {p} % Skonto"),
    "fr": ("escompte {p}% déduit",),
}
CREDIT = {
    "zh": ("扣红字发票{n}", "冲减{n}"),
    "en": ("less credit note {n}", "CN {n}", "minus {n}"),
    "de": ("abzgl. Gutschrift {n}", "GS {n}"),
    "fr": ("avoir {n} déduit",),
}
SHORT = {
    "zh": ("扣质量款{a}", "扣破损{a}", "少付{a}数量差异"),
    "en": ("less {a} damaged goods", "short {a} price difference", "deducted {a} freight"),
    "de": ("abzgl. {a} Mängel", "Kürzung {a} Preisdifferenz"),
    "fr": ("moins {a} avarie",),
}
PART = {
    "zh": ("首付{p}%", "部分付款", "付{p}%"),
    "en": ("part payment", "{p}% instalment", "first instalment", "partial"),
    "de": ("Teilzahlung", "{p}% Anzahlung", "Rate 1"),
    "fr": ("acompte {p}%", "paiement partiel"),
}
PREPAID = {
    "zh": ("预付款", "预付货款", "定金", "订金"),
    "en": ("prepayment", "advance payment", "deposit", "down payment"),
    "de": ("Vorauszahlung", "Vorkasse", "Anzahlung"),
    "fr": ("acompte à la commande", "paiement anticipé"),
}
ON_ACCOUNT = {
    "zh": ("货款", "往来款", "付款", ""),
    "en": ("on account", "payment on account", "account", ""),
    "de": ("Akontozahlung", "a conto", ""),
    "fr": ("à valoir", ""),
}
ALREADY = {
    "zh": ("上次已付{n}",),
    "en": ("previously paid {n}",),
    "de": ("bereits bezahlt {n}",),
    "fr": ("déjà payé {n}",),
}
FOR_WHOM = {
    "zh": ("代{n}付款",),
    "en": ("on behalf of {n}",),
    "de": ("im Auftrag {n}",),
    "fr": ("pour le compte de {n}",),
}
NOISE = {
    "zh": ("电话{phone}", "经办人{person}", "{date}", "金额{amount}", "请查收", "如有问题致电{phone}"),
    "en": ("tel {phone}", "ref {date}", "amt {amount}", "dd {date}", "pls confirm", "user {small}"),
    "de": ("Tel. {phone}", "vom {date}", "Betrag {amount}", "KD-NR {small}", "DATUM {date}"),
    "fr": ("tél {phone}", "du {date}", "montant {amount}", "réf client {small}"),
}

GL_LINES = (
    ("interest", "{bank}", "结息 {y}Q{q}", 40, 90_000),
    ("interest", "{bank}", "INTEREST CREDIT {mm}/{y}", 40, 50_000),
    ("tax_refund", "国家税务总局{city}税务局", "出口退税 {y}{mm}", 100_000, 9_000_000),
    ("tax_refund", "Finanzamt {german}", "UST-ERSTATTUNG {mm}/{y} STNR 143/{small}/20019", 50_000, 3_000_000),
    ("own_transfer", "{own}", "内部划转 资金归集", 10_000_000, 300_000_000),
    ("own_transfer", "{own}", "OWN ACCOUNT TRANSFER SWEEP", 10_000_000, 200_000_000),
    ("loan", "{bank}", "贷款发放 借据号{big}", 100_000_000, 900_000_000),
    ("loan", "{bank}", "LOAN DRAWDOWN FACILITY {big}", 100_000_000, 500_000_000),
    ("platform", "支付宝(中国)网络技术有限公司", "商户结算 {y}{mm}{dd} {big}", 50_000, 4_000_000),
    ("platform", "财付通支付科技有限公司", "微信商户{big}结算款", 50_000, 4_000_000),
    ("platform", "STRIPE PAYMENTS EUROPE", "STRIPE PAYOUT {big}", 30_000, 3_000_000),
    ("platform", "AMAZON PAYMENTS", "AMZ SETTLEMENT {big} {mm}/{y}", 30_000, 3_000_000),
    ("insurance", "{city}平安财产保险股份有限公司", "理赔款 案号{big}", 50_000, 2_000_000),
    ("subsidy", "{city}市财政局", "稳岗补贴", 100_000, 2_000_000),
)
"""Kind, payer, text, least and most (in cents): what comes in that no customer paid."""
BANKS = ("中国工商银行", "招商银行股份有限公司", "Deutsche Bank AG", "HSBC")

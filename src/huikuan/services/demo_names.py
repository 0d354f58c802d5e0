"""Names and numbers of the demo's customers. All made up from syllables; any likeness is chance.

Chinese names carry the reading we spell them with, so that their English alias needs no dictionary.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from huikuan.core.registration import make_unified_code


@dataclass(frozen=True, slots=True)
class Name:
    """A company as it is registered, the other names it goes by, and where."""

    legal: str
    aliases: tuple[str, ...]
    country: str
    registration_number: str = ""


_CITIES = (
    ("上海", "Shanghai", "310115"), ("苏州", "Suzhou", "320505"), ("杭州", "Hangzhou", "330108"),
    ("宁波", "Ningbo", "330212"), ("南京", "Nanjing", "320115"), ("无锡", "Wuxi", "320214"),
    ("深圳", "Shenzhen", "440305"), ("广州", "Guangzhou", "440112"), ("东莞", "Dongguan", "441900"),
    ("佛山", "Foshan", "440605"), ("青岛", "Qingdao", "370212"), ("济南", "Jinan", "370112"),
    ("天津", "Tianjin", "120116"), ("北京", "Beijing", "110108"), ("武汉", "Wuhan", "420111"),
    ("长沙", "Changsha", "430104"), ("成都", "Chengdu", "510107"), ("重庆", "Chongqing", "500112"),
    ("西安", "Xi'an", "610113"), ("郑州", "Zhengzhou", "410105"), ("合肥", "Hefei", "340104"),
    ("厦门", "Xiamen", "350203"), ("大连", "Dalian", "210211"), ("沈阳", "Shenyang", "210112"),
)  # fmt: skip
_FIRST = (
    ("云", "Yun"), ("瑞", "Rui"), ("恒", "Heng"), ("鼎", "Ding"), ("启", "Qi"), ("嘉", "Jia"), ("润", "Run"),
    ("锦", "Jin"), ("泽", "Ze"), ("拓", "Tuo"), ("凯", "Kai"), ("祥", "Xiang"), ("博", "Bo"), ("昊", "Hao"),
    ("远", "Yuan"), ("汇", "Hui"), ("盛", "Sheng"), ("明", "Ming"), ("砺", "Li"), ("骏", "Jun"),
)  # fmt: skip
_SECOND = (
    ("岳", "yue"), ("川", "chuan"), ("禾", "he"), ("桥", "qiao"), ("舟", "zhou"), ("屿", "yu"), ("峰", "feng"),
    ("泉", "quan"), ("岭", "ling"), ("澜", "lan"), ("辰", "chen"), ("麓", "lu"), ("序", "xu"), ("原", "yuan"),
    ("庭", "ting"), ("衡", "heng"), ("瀚", "han"), ("柏", "bai"), ("图", "tu"), ("汐", "xi"),
)  # fmt: skip
_TRADES = (
    ("精密机械", "Precision Machinery"), ("自动化设备", "Automation Equipment"), ("包装机械", "Packaging Machinery"),
    ("食品机械", "Food Machinery"), ("纺织机械", "Textile Machinery"), ("环保科技", "Environmental Technology"),
    ("新能源科技", "New Energy Technology"), ("电气", "Electric"), ("汽车零部件", "Auto Parts"),
    ("物流装备", "Logistics Equipment"), ("建材", "Building Materials"), ("医疗器械", "Medical Devices"),
    ("化工", "Chemical"), ("印刷", "Printing"), ("国际贸易", "International Trading"), ("工程", "Engineering"),
    ("船舶配套", "Marine Supplies"), ("农业装备", "Agricultural Equipment"), ("模具", "Mould"), ("轴承", "Bearing"),
)  # fmt: skip
_FORMS = ("有限公司",) * 14 + ("股份有限公司",) * 3 + ("有限责任公司",) * 2 + ("集团有限公司",)
_LONG = (
    ("内蒙古呼伦贝尔草原丰泽农牧机械装备制造股份有限公司海拉尔第二分公司", ("丰泽农机海拉尔",), "150702"),
    ("新疆生产建设天山北麓节水灌溉设备工程技术研究有限责任公司", ("天山节水",), "650104"),
    ("广西壮族自治区北部湾汐原船舶动力系统维修保障中心（有限合伙）", ("北部湾汐原", "汐原船舶"), "450502"),
    ("西双版纳傣族自治州澜川橡胶与热带作物加工机械有限公司", ("澜川橡胶机械",), "532801"),
)

# Per country: how a name starts, what it sells, its legal forms.
_FOREIGN: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "DE": (
        tuple(a + b for a in ("Brenn", "Falk", "Tann", "Lohr", "Kessel", "Grün") for b in ("rath", "felder", "stedt")),
        ("Maschinenbau", "Antriebstechnik", "Fördertechnik", "Verpackung", "Anlagenbau", "Präzisionswerkzeuge"),
        ("GmbH", "GmbH", "GmbH & Co. KG", "AG"),
    ),
    "FR": (
        ("Valbrise", "Montferrane", "Clairmesnil", "Roquevert", "Bois-l'Étang"),
        ("Mécanique", "Emballages", "Automatismes", "Agroalimentaire"),
        ("SAS", "SARL", "S.A."),
    ),
    "IT": (
        ("Valdoria", "Montecorvo", "Acquaserena", "Roccabruna"),
        ("Meccanica", "Imballaggi", "Automazioni", "Tessile"),
        ("S.r.l.", "S.p.A."),
    ),
    "NL": (("Waterhoek", "Duinveld", "Oudekamp"), ("Techniek", "Verpakkingen", "Handelsmaatschappij"), ("B.V.",)),
    "PL": (("Borowina", "Zielonka", "Kamienna Góra"), ("Maszyny", "Opakowania", "Systemy"), ("Sp. z o.o.",)),
    "SE": (("Björkåsen", "Norrsjö", "Tallvik"), ("Verkstad", "Industri"), ("AB",)),
    "GB": (("Harrowmere", "Thistledown", "O'Farrell & Sons"), ("Engineering", "Conveyors", "Foods"), ("Ltd", "PLC")),
    "US": (
        ("Cobalt Ridge", "Twin Harbor", "Lakemont", "Prairie Gate", "Red Alder", "Stillwater Fork"),
        ("Packaging", "Conveyors", "Tooling", "Foods", "Motion Systems"),
        ("Inc.", "LLC", "Corp."),
    ),
    "JP": (("北岬", "青嶺", "若浜", "高瀬川", "白鷺"), ("精機", "工業", "製作所", "商事"), ("株式会社",)),
    "KW": (
        ("Sahil Marjan", "Rimal Bahr", "Nakhla Line", "Dana Shuwaikh"),
        ("Trading", "Industrial Supplies", "Contracting"),
        ("W.L.L.", "K.S.C.C."),
    ),
}  # fmt: skip
_READINGS = {"北岬": "Kitamisaki", "青嶺": "Aomine", "若浜": "Wakahama", "高瀬川": "Takasegawa", "白鷺": "Shirasagi"}
_TRADES_JP = {"精機": "Seiki", "工業": "Kogyo", "製作所": "Seisakusho", "商事": "Shoji"}
_ARABIC = {
    "Sahil Marjan": "ساحل مرجان",
    "Rimal Bahr": "رمال بحر",
    "Nakhla Line": "خط النخلة",
    "Dana Shuwaikh": "دانة الشويخ",
}

COUNTRIES = tuple(_FOREIGN)


def seeded(*parts: object) -> Random:
    """A generator of its own for one part of the plan: adding to one part leaves the others as they are."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311 - invents a company, guards nothing


class Namer:
    """Gives every customer another name. The same generator gives the same names in the same order."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()
        self._long = list(_LONG)

    def chinese(self) -> Name:
        """A company of the PRC, with a valid unified social credit code. Some have very long names."""
        rng = self._rng
        organisation = f"YX{rng.randrange(1_000_000):06d}"
        if self._long and rng.randrange(12) == 0:
            legal, aliases, division = self._long.pop()
            return Name(legal, aliases, "CN", make_unified_code(division, organisation))
        while True:
            (city, city_en, division), (a, a_en), (b, b_en) = (rng.choice(pool) for pool in (_CITIES, _FIRST, _SECOND))
            trade, trade_en = rng.choice(_TRADES)
            form = rng.choice(_FORMS)
            inside = rng.randrange(4) == 0
            legal = f"{a}{b}{trade}（{city}）{form}" if inside else f"{city}{a}{b}{trade}{form}"
            if self._is_new(f"{a}{b}{trade}"):
                break
        english = f"{city_en} {a_en}{b_en} {trade_en} Co., Ltd."
        short = (f"{a}{b}{trade[:2]}",) if rng.randrange(2) else ()
        return Name(legal, (*short, english), "CN", make_unified_code(division, organisation))

    def foreign(self, country: str) -> Name:
        """A company of another country; Japanese and Kuwaiti ones carry their name in the other script."""
        rng = self._rng
        stems, trades, forms = _FOREIGN[country]
        for attempt in range(1000):
            stem, trade, form = rng.choice(stems), rng.choice(trades), rng.choice(forms)
            # When a country's names are used up, branches get numbers.
            branch = f" {attempt // 50 + 1}" if attempt >= 50 else ""
            if self._is_new(f"{stem} {trade}{branch}"):
                break
        if country == "JP":
            reading = f"{_READINGS[stem]} {_TRADES_JP[trade]}{branch} K.K."
            return Name(f"{form}{stem}{trade}{branch}", (reading,), country)
        aliases = (f"{stem} {trade}",) if rng.randrange(3) == 0 else ()
        if country == "KW":
            aliases = (*aliases, f"شركة {_ARABIC[stem]}{branch}")
        number = f"HRB {rng.randrange(1000, 99_999)}" if country == "DE" else ""
        return Name(f"{stem} {trade}{branch} {form}", aliases, country, number)

    def _is_new(self, core: str) -> bool:
        if core in self._given:
            return False
        self._given.add(core)
        return True


def payer_account(country: str, rng: Random) -> str:
    """A bank account number of the country's shape; ISO 13616 check digits hold where it has IBANs."""
    if country == "CN":
        return "6200" + f"{rng.randrange(10**15):015d}"
    if country in ("US", "JP"):
        return f"{rng.randrange(10**10):010d}"
    # Bank code of zeros: no bank has it.
    body = f"{'0' * 8}{rng.randrange(10**10):010d}"
    digits = "".join(str(int(char, 36)) for char in f"{body}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{body}"

"""A second generator, in another style and with other words: the matcher's weights know nothing of it.

Odd seeds make a German maker of parts whose system counts ten digits with leading zeros and whose customers send SEPA
texts full of their own numbers, remittance advices and cash discounts. Even seeds make a Chinese trading firm that is
paid by contract, by the last digits of a tax invoice, by the month, in round parts, by owners from private accounts.
The rule for what can be decided is the same (``_match_truth``). Lines of seeds 1 and 2 were read while the matcher was
built; seeds 101 to 105 are for reporting only, as with the first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks._match_customers import Customer, Habit, fold
from benchmarks._match_data import Company, company_of
from benchmarks._match_items import Item, day_of, open_on
from benchmarks._match_text import Writing
from benchmarks._match_truth import Judge, Line, Open, taken

VILLAGES = (
    "Aalen Bünde Celle Dachau Eutin Fulda Gera Hürth Ilmenau Jena Kleve Lünen Moers Neuss Olpe Peine Rheine".split()
)
FAMILIES = (
    "Abel Böhm Conrad Dietz Engel Förster Götz Huber Jäger Kühn Lütke Maurer Nägele Ott Pohl Rößler Stöhr".split()
)
CRAFTS = "Apparatebau Stahlhandel Blechtechnik Pumpen Armaturen Hydraulik Anlagenbau Metallwaren Dichtungen".split()
ENDINGS = ("GmbH", "GmbH", "AG", "GmbH & Co KG", "KG", "SE", "mbH")
PROVINCES = "江苏 浙江 山东 广东 福建 安徽 湖北 河南".split()
WORDS = "兴隆 昌盛 万达 富源 大地 百川 长虹 光华 利民 和顺 祥云 振华 建业 世纪 华兴 隆兴 盛昌 达万 源富 百川达".split()
LINES_OF_TRADE = "商贸 机电设备 工贸 实业 供应链管理 材料科技 装饰工程 建筑安装 农产品".split()
OWNERS = "赵德海 钱玉兰 孙立军 李春花 周建华 吴国强 郑小红 王海波 冯志刚 陈秀兰".split()


@dataclass(slots=True)
class World:
    """One company in the making."""

    seed: int
    chance: random.Random
    days: int
    german: bool
    customers: list[Customer] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    ways: dict[str, str] = field(default_factory=dict)
    """How each customer pays."""


def make_other(seed: int, *, lines: int = 4000, history: int = 12_000) -> Company:
    """A company of the other kind; the same tables."""
    days = (lines + history) // 45 * 7 // 5 + 130
    world = World(seed, random.Random(f"other {seed}"), days, seed % 2 == 1)
    _people(world)
    _invoices(world)
    for customer in world.customers:
        _payments(world, customer)
    _other_money(world)
    world.chance.shuffle(world.lines)
    world.lines.sort(key=lambda line: line.day)
    for place, line in enumerate(world.lines):
        line.line_id, line.bank_reference = f"S{place:06d}", f"{world.chance.randrange(10**9)}"
    judge = Judge(world.customers, world.items)
    for line in world.lines:
        judge.judge(line)
    return company_of(seed, world.lines, world.items, world.customers, [], lines, history)


def _people(world: World) -> None:
    chance = world.chance
    plain = Habit("single", "doc", "comma", 1.0, 0, 0, discount_taker=False, charge_minor=0, mangling=0.0)
    for place in range(520):
        if world.german:
            name, short = _german_name(chance)
            shown, language, country, currency = [fold(name), name, short], "de", "DE", "EUR"
            bank = f"DE{chance.randrange(10, 99)}{chance.randrange(10**17, 10**18)}"
        else:
            name, short = _chinese_name(chance)
            shown, language, country, currency = [name, short, name], "zh", "CN", "CNY"
            bank = f"{chance.choice((1102, 3205, 4430))}{chance.randrange(10**12, 10**13)}"
        parent = world.customers[-1] if place % 23 == 1 else None
        customer = Customer(
            customer_id=f"{104_000 + place:010d}" if world.german else f"KH{place:04d}",
            name=name, language=language, country=country, currency=currency,
            group=parent.group if parent else place, parent_id=parent.customer_id if parent else None,
            aliases=[short] if chance.random() < 0.15 else [], printed=shown, accounts=[bank],
            known=[bank] if chance.random() < 0.4 else [], habit=plain,
            terms_days=chance.choice((30, 30, 60, 14)),
            discount_percent=chance.choice((0, 2, 3)) if world.german else 0,
            weight=chance.uniform(0.2, 3.0), recurring_minor=0, series=0,
            contracts=[f"XS2025{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}-{i}" for i in (10, 11)],
        )  # fmt: skip
        ways = ("numbers", "numbers", "each", "each", "each", "advice", "oldest", "central") if world.german else (
            "contract", "tail", "tail", "month", "owner", "each", "each", "part", "round")  # fmt: skip
        world.ways[customer.customer_id] = chance.choice(ways)
        world.customers.append(customer)


def _german_name(chance: random.Random) -> tuple[str, str]:
    family, craft, village = chance.choice(FAMILIES), chance.choice(CRAFTS), chance.choice(VILLAGES)
    name = chance.choice(
        (f"{family} {craft}", f"{craft} {village}", f"{family} & {chance.choice(FAMILIES)} {craft} {village}")
    )
    return f"{name} {chance.choice(ENDINGS)}", f"Fa. {name.split()[0]}"


def _chinese_name(chance: random.Random) -> tuple[str, str]:
    province, word, trade = chance.choice(PROVINCES), chance.choice(WORDS), chance.choice(LINES_OF_TRADE)
    return (
        f"{province}{word}{trade}{chance.choice(('有限公司', '有限公司', '股份有限公司', '经营部'))}",
        f"{province}{word}",
    )


def _invoices(world: World) -> None:
    chance = world.chance
    pairs = []
    for place, customer in enumerate(world.customers):
        day = chance.expovariate(0.06 * customer.weight)
        while day < world.days:
            pairs.append((int(day), place))
            day += chance.expovariate(0.06 * customer.weight)
    chance.shuffle(pairs)
    pairs.sort(key=lambda pair: pair[0])
    number = chance.randrange(12_000, 60_000)
    for count, (day, place) in enumerate(pairs):
        customer = world.customers[place]
        number += chance.choice((1, 1, 1, 2, 7))
        net = chance.randrange(1, 120) * chance.choice((1250, 990, 4575, 12_000))
        minor = round(net * (1.19 if world.german else 1.13))
        shown = (
            f"{90_000_000 + number:010d}" if world.german else f"{day_of(day).year % 100}{3_200_000_000 + number:018d}"
        )
        item = Item(
            item_id=f"{1_400_000 + count}", kind="invoice", customer=customer, document_number=shown,
            po_number=f"45{chance.randrange(10**8):08d}" if world.german else "",
            contract_number="" if world.german else chance.choice(customer.contracts),
            document_day=day, due_day=day + customer.terms_days, amount_minor=minor, open_minor=minor,
        )  # fmt: skip
        if customer.discount_percent:
            item.discount_day, item.discount_percent = day + 14, customer.discount_percent
        world.items.append(item)
        if chance.random() < 0.04:
            world.items.append(_credit(chance, item, count))
    world.items.sort(key=lambda one: one.document_day)


def _credit(chance: random.Random, item: Item, count: int) -> Item:
    minor, day = -round(item.amount_minor * chance.choice((0.1, 0.25, 0.03, 1))), item.document_day + 3
    shown = f"00160{count:05d}" if item.customer.language == "de" else f"HZ{day_of(day):%y%m}{count:05d}"
    return Item(
        item_id=f"{1_700_000 + count}", kind="credit_memo", customer=item.customer, document_number=shown,
        po_number=item.po_number, contract_number=item.contract_number, document_day=day, due_day=day,
        amount_minor=minor, open_minor=minor,
    )  # fmt: skip


def _payments(world: World, customer: Customer) -> None:
    """Every few days or weeks the customer pays what is due, in his way."""
    chance, way = world.chance, world.ways[customer.customer_id]
    pays_for_others = customer.parent_id is None and customer.group % 2 == 0
    mine = [
        item for item in world.items
        if item.customer is customer or (pays_for_others and item.customer.parent_id == customer.customer_id)
    ]  # fmt: skip
    day = chance.randrange(10)
    while day < world.days:
        while day_of(day).weekday() >= 5:
            day += 1
        owed = [item for item in mine if item.document_day < day and item.open_minor]
        early = 12 if customer.discount_percent else customer.terms_days + chance.randrange(-2, 9)
        due = [item for item in owed if item.document_day + early <= day and item.amount_minor > 0]
        if due and day < world.days:
            state = [(item, item.open_minor) for item in owed]  # of the whole day: its lines come in no order
            for chosen in [[one] for one in due] if way in ("each", "tail", "owner", "part") else [due]:
                _pay(world, customer, way, chosen, state, day)
        day += chance.choice((3, 4, 5, 7, 7, 10)) if way != "month" else 20


def _pay(world: World, customer: Customer, way: str, chosen: list[Item], owed: Open, day: int) -> None:
    chance = world.chance
    if way == "month":
        month = day_of(chosen[0].document_day).replace(day=1)
        chosen = [item for item, _ in owed if day_of(item.document_day).replace(day=1) == month]
    elif way == "oldest":
        chosen = chosen[: chance.choice((1, 2, 3))]
    if way == "round" and sum(item.open_minor for item in chosen) > 1_000_000:
        _pay_round(world, customer, chosen, owed, day)
        return
    chosen = [item for item in chosen[:12] if item.amount_minor > 0]
    line = Line(day, 0, customer.currency, "exact", customer, owed=owed)
    memos = [item for item, minor in owed if minor < 0 and item.open_minor and chance.random() < 0.6]
    if memos and sum(item.open_minor for item in (*chosen, *memos)) > 0 and way != "part":
        chosen, line.kind = [*chosen, *memos], "credit"
    line.rows = [(item, item.open_minor) for item in chosen]
    allowed = [item.discount_day is not None and day <= item.discount_day for item in chosen]
    if any(allowed) and line.kind == "exact" and chance.random() < 0.8:
        line.kind = "discount"
        line.deductions = [
            (item, "early_payment_discount", taken(item, minor), True)
            for (item, minor), usual in zip(line.rows, allowed, strict=True) if usual
        ]  # fmt: skip
        off = {item.item_id: minor for item, _, minor, _ in line.deductions}
        line.rows = [(item, minor - off.get(item.item_id, 0)) for item, minor in line.rows]
    elif way == "part" and chosen[0].amount_minor > 300_000 and chance.random() < 0.5:
        item, minor = line.rows[0]
        line.rows, line.kind, line.said = [(item, minor * 3 // 10 // 100 * 100)], "part", True
    elif way == "numbers" and customer.group % 7 == 0 and line.rows[0][1] > 20_000 and line.kind == "exact":
        item, minor = line.rows[0]
        line.rows[0], line.kind = (item, minor - 850), "charge"
        line.deductions = [(item, "bank_charge", 850, True)]
    elif chance.random() < 0.006:
        line.unapplied_minor, line.kind = chance.choice((100, 2_000, 50_000)), "over"
    line.amount_minor = sum(minor for _, minor in line.rows) + line.unapplied_minor
    for item, minor in line.rows:
        item.settle(minor, day)
    for item, _, minor, _ in line.deductions:
        item.settle(minor, day)
    (_german_text if world.german else _chinese_text)(chance, line, way, chosen)
    world.lines.append(line)
    if chance.random() < 0.004 and line.kind == "exact" and day + 4 < world.days:
        _pay_twice(world, line, owed)


def _pay_round(world: World, customer: Customer, chosen: list[Item], owed: Open, day: int) -> None:
    """Whole ten thousands that eat up what is due, the oldest first."""
    total = sum(item.open_minor for item in chosen)
    line = Line(day, total // 1_000_000 * 1_000_000, customer.currency, "round_oldest", customer, owed=owed)
    rest = line.amount_minor
    for item in chosen:
        used = min(rest, item.open_minor)
        if used:
            line.rows.append((item, used))
            item.settle(used, day)
        rest -= used
    _chinese_text(world.chance, line, "round", chosen)
    world.lines.append(line)


def _pay_twice(world: World, line: Line, owed: Open) -> None:
    day = line.day + (4 if day_of(line.day + 4).weekday() < 5 else 6)
    copy = Line(day, line.amount_minor, line.currency, "duplicate", line.payer, line.payer_name, line.payer_account)
    copy.text, copy.writing, copy.unapplied_minor = line.text, line.writing, line.amount_minor
    copy.owed = [(item, open_on(item, day)) for item, _ in owed if open_on(item, day)]
    world.lines.append(copy)


def _german_text(chance: random.Random, line: Line, way: str, chosen: list[Item]) -> None:
    customer = line.payer
    assert customer is not None
    memos = [item.document_number.lstrip("0") for item in chosen if item.amount_minor < 0]
    chosen = [item for item in chosen if item.amount_minor > 0]
    numbers = [item.document_number.lstrip("0") for item in chosen]
    when = day_of(chosen[0].document_day)
    own = f"{chance.choice((51, 19, 17))}{chance.randrange(10**8):08d}"  # the payer's own document
    amount = f"{line.amount_minor / 100:.2f}".replace(".", ",")
    if way == "advice" or chance.random() < 0.04:
        pieces: list[str] = []
        said = f"lt. Avis vom {day_of(line.day):%d.%m.%y} Nr. {chance.randrange(100, 9999)}"
    elif way == "oldest" and chance.random() < 0.5:
        said, pieces = chance.choice(("Kontoausgleich", "Sammelüberweisung", "")), []
    elif len(numbers) > 1:
        said, pieces = (
            f"{chance.choice(('RG', 'Rechnungen', 'BELEGE'))} {chance.choice((' ', ', ', ' + ')).join(numbers)}",
            numbers,
        )
    else:
        form = chance.choice(
            ("RE {n} v. {d}", "Rechnung {n} / Beleg {o}", "{n}", "R.{n} {a} EUR", "Re-Nr {z} Kd {k}", "{o} {n}")
        )
        said = form.format(n=numbers[0], d=f"{when:%d.%m.%Y}", o=own, a=amount, z=chosen[0].document_number,
                           k=customer.customer_id.lstrip("0"))  # fmt: skip
        pieces = numbers
    if memos and pieces and chance.random() < 0.6:
        said, pieces = f"{said} ABZGL. GS {' '.join(memos)}", pieces + memos
    if line.kind == "discount" and chance.random() < 0.5:
        said += chance.choice((" abz. Skonto", " ./. Skto", f" netto {chosen[0].discount_percent}%"))
    if chance.random() < 0.5:
        said = f"EREF+{own} SVWZ+{said}"
    said = fold(said) if chance.random() < 0.6 else said
    if pieces and chance.random() < 0.06:
        said = said.replace(pieces[0], _wrong(chance, pieces[0]), 1)
    line.text, line.writing = said[:140], Writing(said, pieces)
    line.end_to_end_id = chance.choice(("NOTPROVIDED", own, ""))
    line.payer_name = chance.choices(customer.printed, (70, 22, 8))[0][: 27 if chance.random() < 0.3 else 70]
    line.payer_account = customer.accounts[0] if chance.random() < 0.9 else ""
    if way == "central":
        line.text = f"MITGL {fold(customer.printed[0])[:20]} {line.text}"[:140]
        line.payer_name, line.payer_account = "EK-VERBUND ZENTRALREGULIERUNG EG", "DE02370501980001802057"
        line.kind = "third_party" if line.kind == "exact" else line.kind


def _chinese_text(chance: random.Random, line: Line, way: str, chosen: list[Item]) -> None:
    customer = line.payer
    assert customer is not None
    chosen = [item for item in chosen if item.amount_minor > 0]
    numbers, writing = [item.document_number for item in chosen], Writing("")
    when = day_of(chosen[0].document_day)
    if way == "contract":
        pieces = list(dict.fromkeys(item.contract_number for item in chosen))
        writing = Writing(f"{chance.choice(('合同', '付合同款 ', '购销合同'))}{'、'.join(pieces)}", pieces)
    elif way == "tail":
        pieces = [number[-chance.choice((8, 8, 6)) :] for number in numbers]
        writing = Writing(f"{chance.choice(('发票尾号', '票号后几位', '数电票'))}{'、'.join(pieces)}", pieces)
    elif way == "month":
        writing = Writing(f"{when.month}月{chance.choice(('货款', '对账款', '结算款'))}", clue="month")
    elif way == "part":
        writing = Writing(f"支付{numbers[0]}{'部分款' if line.kind == 'part' else '余款'}", numbers)
    elif way == "each" and chance.random() < 0.8:
        before, after = chance.choice(("货款", "贷款", "")), chance.choice(("", "税额详见发票", "请开收据"))
        writing = Writing(f"{before} {numbers[0]} {after}".strip(), numbers)
    else:
        writing = Writing(chance.choice(("货款", "采购款", "网银转账", "电子汇入", "")))
    text = writing.text
    if chance.random() < 0.2:
        text += chance.choice(
            (f" 联系人{chance.choice(OWNERS)}", f" {day_of(line.day):%Y.%m.%d}", f" 附言:{line.amount_minor // 100}元")
        )
    line.text, line.writing = text[:50], writing
    line.payer_name = chance.choices((*customer.printed[:2], customer.name.replace("有限", "有限责任")), (85, 10, 5))[0]
    line.payer_account = customer.accounts[0] if chance.random() < 0.85 else ""
    if way == "owner" and chance.random() < 0.7:
        owner = OWNERS[sum(map(ord, customer.customer_id)) % len(OWNERS)]
        line.payer_name, line.payer_account = owner, "6222" + re.sub(r"\D", "", customer.accounts[0])[:15]
        if chance.random() < 0.4:
            line.text = f"代{customer.printed[1]}付 {line.text}"[:50]


def _wrong(chance: random.Random, number: str) -> str:
    at = chance.randrange(3, len(number))
    return number[:at] + chance.choice("0123456789") + number[at + 1 :]


def _other_money(world: World) -> None:
    chance = world.chance
    kinds: list[tuple[str, str, Callable[[], str]]] = [
        ("tax", "FINANZAMT HAGEN", lambda: f"STEUER-NR 321/{chance.randrange(100)}/5544 UMSATZST"),
        ("interest", "SPARKASSE", lambda: "HABENZINSEN"),
        ("insurance", "ALLIANZ VERSICHERUNGS-AG", lambda: f"SCHADEN {chance.randrange(10**8)}"),
    ] if world.german else [
        ("interest", "中国建设银行", lambda: "利息"),
        ("own", "本公司基本户", lambda: "划款"),
        ("pos", "银联商务股份有限公司", lambda: f"POS清算{chance.randrange(10**6):06d}"),
    ]  # fmt: skip
    for _ in range(len(world.lines) // 30):
        kind, payer, say = chance.choice(kinds)
        day = chance.randrange(world.days)
        if day_of(day).weekday() < 5:
            currency = "EUR" if world.german else "CNY"
            world.lines.append(Line(day, chance.randrange(500, 4_000_000), currency, kind, None, payer, text=say()))

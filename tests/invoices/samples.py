"""What invoices of tests say, before they are written in any format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

D = Decimal
CENT = D("0.01")
NINETEEN, NOTHING = D(19), D("0.00")
SELLER_CN, BUYER_CN = "91310000MA1FL0007C", "91110105MA0000007L"


@dataclass(frozen=True)
class Row:
    """A line: what was sold, net, category and rate."""

    name: str
    net: Decimal
    category: str = "S"
    rate: Decimal | None = NINETEEN


@dataclass(frozen=True)
class Sample:
    """An invoice to be built. ``said``: totals that are to stand in it whatever the right ones are."""

    number: str = "RE-2026-001"
    rows: tuple[Row, ...] = (Row("Pump", D("1000.00")), Row("Manual", D("200.00"), "S", D(7)))
    allowance: Decimal = NOTHING
    charge: Decimal = NOTHING
    prepaid: Decimal = NOTHING
    is_credit: bool = False
    preceding: str = ""
    due: str = "2026-06-30"
    terms: str = ""
    issued: str = "2026-05-31"
    seller: str = "Beispiel GmbH"
    seller_id: str = "DE123456789"
    buyer: str = "Nordic Timber AB"
    buyer_id: str = "SE556677889901"
    currency: str = "EUR"
    specification: str = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
    order: str = "PO-77"
    iban: str = "DE75512108001245126199"
    without: frozenset[str] = frozenset()
    said: Mapping[str, str] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether a part that nations ask for is to stand in it (``buyer_reference``, ``phone`` …)."""
        return name not in self.without

    def lacking(self, *names: str) -> Sample:
        return replace(self, without=self.without | set(names))

    def but(self, **said: str) -> Sample:
        return replace(self, said={**self.said, **said})

    def breakdown(self) -> dict[tuple[str, Decimal | None], Decimal]:
        """Net per category and rate; allowance and charge belong to the first row's."""
        sums: dict[tuple[str, Decimal | None], Decimal] = {}
        for row in self.rows:
            sums[row.category, row.rate] = sums.get((row.category, row.rate), D(0)) + row.net
        first = (self.rows[0].category, self.rows[0].rate)
        sums[first] += self.charge - self.allowance
        return sums

    def taxes(self) -> list[tuple[str, Decimal | None, str, str]]:
        lines = []
        for number, ((category, rate), net) in enumerate(self.breakdown().items()):
            tax = (net * (rate or D(0)) / 100).quantize(CENT, ROUND_HALF_UP)
            said = (self.said.get(f"base{number}", str(net)), self.said.get(f"tax{number}", str(tax)))
            lines.append((category, rate, *said))
        return lines

    def totals(self) -> dict[str, str]:
        lines = sum((row.net for row in self.rows), D(0))
        net = lines - self.allowance + self.charge
        tax = sum(
            (
                (base * (rate or D(0)) / 100).quantize(CENT, ROUND_HALF_UP)
                for (_, rate), base in self.breakdown().items()
            ),
            D(0),
        )
        right = {
            "lines_net": lines,
            "allowances": self.allowance,
            "charges": self.charge,
            "net": net,
            "tax": tax,
            "gross": net + tax,
            "prepaid": self.prepaid,
            "payable": net + tax - self.prepaid,
        }
        return {name: self.said.get(name, f"{amount:f}") for name, amount in right.items()}

    def net_of(self, number: int) -> str:
        return self.said.get(f"line{number}", str(self.rows[number].net))


@dataclass(frozen=True)
class Fapiao:
    """A Chinese invoice: lines of name, net, rate as it is written, tax."""

    number: str = "26312000000000000017"
    rows: tuple[tuple[str, str, str, str], ...] = (
        ("*通用设备*离心泵", "1000.00", "13%", "130.00"),
        ("*信息技术服务*维护费", "200.00", "6%", "12.00"),
    )
    issued: str = "2026-05-31"
    seller: str = "上海示例有限公司"
    seller_id: str = SELLER_CN
    buyer: str = "北京华联商贸有限公司"
    buyer_id: str = BUYER_CN
    takes_back: str = ""
    said: Mapping[str, str] = field(default_factory=dict)

    def but(self, **said: str) -> Fapiao:
        return replace(self, said={**self.said, **said})

    @property
    def is_red(self) -> bool:
        return D(self.rows[0][1]) < 0

    @property
    def remark(self) -> str:
        return (
            f"被红冲蓝字数电发票号码：{self.takes_back} 红字发票信息确认单编号：3100"
            if self.takes_back
            else "合同号 HT-1"
        )

    def sums(self) -> dict[str, str]:
        net = sum((D(row[1]) for row in self.rows), D(0))
        tax = sum((D(row[3]) for row in self.rows if "*" not in row[3]), D(0))
        right = {"net": str(net), "tax": str(tax), "gross": str(net + tax)}
        return {name: self.said.get(name, amount) for name, amount in right.items()}

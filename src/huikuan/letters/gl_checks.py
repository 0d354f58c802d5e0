"""What every format of vouchers checks: texts that fit the field and the encoding, amounts with the places it has.

Nothing is cut off or replaced: what does not fit is a fault that names voucher and field, and no file is written.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from huikuan.core.gl import Voucher, VoucherFile, VoucherLine
from huikuan.core.money import exponent_of, to_decimal
from huikuan.core.refusals import DataError, ErrorList


class Checker:
    """Collects the faults of one file. ``encoding`` is what its texts must survive, ``forbidden`` what they may not
    hold."""

    def __init__(self, file: VoucherFile, encoding: str, forbidden: str = "") -> None:
        self.file = file
        self.encoding = encoding
        self.forbidden = forbidden
        self.errors = ErrorList()

    def fault(self, voucher: Voucher | None, field: str, code: str, reason: str, value: str = "") -> None:
        number = None if voucher is None else voucher.number
        self.errors.add(DataError(self.file.name, number, field, reason, code, value))

    def text(self, voucher: Voucher | None, field: str, value: str, longest: int, allowed: str = "") -> str:
        """``value`` itself. ``longest``: in bytes of a double-byte encoding, else in characters."""
        try:
            encoded = value.encode(self.encoding)
        except UnicodeEncodeError as error:
            bad = value[error.start]
            reason = f"{value!r} holds {bad!r}, which {self.encoding} does not have"
            self.fault(voucher, field, "gl.bad_character", reason, value)
            return value
        size = len(encoded) if self.encoding in ("gbk", "gb18030") else len(value)
        if size > longest:
            reason = f"{value!r} is longer than the {longest} the field takes"
            self.fault(voucher, field, "gl.too_long", reason, value)
        wrong = [char for char in value if char in self.forbidden or not char.isprintable()]
        if allowed:
            wrong += [char for char in value if not (char.isascii() and (char.isalnum() or char in allowed))]
        if wrong:
            self.fault(voucher, field, "gl.bad_character", f"{value!r} holds {wrong[0]!r}", value)
        return value

    def amount(self, voucher: Voucher | None, field: str, minor: int, currency: str, places: int) -> str:
        """Major units with ``places`` decimals; a currency with more of them is a fault."""
        if minor and exponent_of(currency) > places:
            reason = f"{currency} has more decimal places than the {places} of this field"
            self.fault(voucher, field, "gl.too_precise", reason)
        return f"{to_decimal(minor, currency):.{places}f}"

    def raise_if_any(self) -> None:
        """Refuses ``data.refused`` with every fault."""
        self.errors.raise_if_any()


def rate_of(line: VoucherLine, base: str, places: int) -> Decimal:
    """Books' currency for one unit of the line's, as the line itself was valued; 1 where there is no amount."""
    if not line.amount_minor or line.currency == base:
        return Decimal(1)
    value = to_decimal(line.base_minor, base) / to_decimal(line.amount_minor, line.currency)
    return abs(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)

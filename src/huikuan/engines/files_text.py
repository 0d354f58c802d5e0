"""Cells that are text: trimmed, freed of a spreadsheet's protective apostrophe, checked; and words with a meaning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huikuan.core.money import EXPONENTS
from huikuan.engines.files_faults import Faults, quote
from huikuan.engines.schemas import ITEM_KINDS

DANGEROUS = "=+\\-@\t\r\n＝＋－＠"
"""First characters that make a spreadsheet take text for a formula (in a character class)."""
_PROTECTED = f"^'('*[{DANGEROUS}])"
_CONTROL_IN_TEXT = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"
_CONTROL_IN_ID = r"[\x00-\x1F\x7F]"
_MANGLED_ID = r"^\d(\.\d+)?[Ee]\+\d+$"


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why one value cannot be read."""

    code: str
    reason: str


def parse_unique(
    array: Any, parse: Callable[[str], object], arrow_type: Any, faults: Faults, column: str | None
) -> Any:
    """Reads each different text once with ``parse`` (giving a value or ``Wrong``) and spreads the results."""
    encoded = array.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    results = [parse(text) for text in texts]
    values = pa.array([None if isinstance(result, Wrong) else result for result in results], arrow_type)
    wrong = {text: result for text, result in zip(texts, results, strict=True) if isinstance(result, Wrong)}
    codes = {fault.code for fault in wrong.values()}
    for code in sorted(codes):
        flags = pa.array([isinstance(result, Wrong) and result.code == code for result in results])
        faults.refuse(flags.take(encoded.indices), column, code, lambda text: wrong[text].reason, array)
    return values.take(encoded.indices)


def as_text(array: Any, faults: Faults, column: str | None) -> Any:
    """Any column as trimmed strings, empty cells null. Numbers lose no digit or are refused."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array, kind = array.dictionary_decode(), kind.value_type
    if pa.types.is_floating(kind):
        return _float_ids(array, faults, column)
    if pa.types.is_null(kind):
        return pa.nulls(len(array), pa.string())
    if not pa.types.is_string(kind):
        try:
            array = pc.cast(array, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            faults.refuse(pc.is_valid(array), column, "column.type", f"a column of type {kind} cannot be read as text")
            return pa.nulls(len(array), pa.string())
    text = pc.utf8_trim_whitespace(array)
    if pc.any(pc.starts_with(text, "'")).as_py():
        text = pc.replace_substring_regex(text, _PROTECTED, r"\1")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _float_ids(array: Any, faults: Faults, column: str | None) -> Any:
    array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    return parse_unique(pc.cast(pc.cast(array, pa.float64()), pa.string()), _float_id, pa.string(), faults, column)


def _float_id(text: str) -> object:
    value = float(text)
    if not value.is_integer():
        return text
    if abs(value) >= 1e15:
        return Wrong("id.digits_lost", f"{text} was kept as a number of more than 15 digits: format the column as text")
    return str(int(value))


def nullify(array: Any, words: tuple[str, ...]) -> Any:
    """Replaces the words a profile names for "no value" by null."""
    if not words:
        return array
    return pc.if_else(pc.is_in(array, value_set=pa.array(words, pa.string())), pa.scalar(None, pa.string()), array)


def check_text(array: Any, faults: Faults, column: str | None, *, is_id: bool, length_max: int) -> None:
    """Refuses control characters, over-long values and identifiers a spreadsheet has mangled (``1.93E+09``)."""
    length = pc.max(pc.utf8_length(array)).as_py() or 0
    if length > length_max:
        reason = f"the text is longer than {length_max} characters"
        faults.refuse(pc.greater(pc.utf8_length(array), length_max), column, "text.too_long", reason, array)
    control = pc.match_substring_regex(array, _CONTROL_IN_ID if is_id else _CONTROL_IN_TEXT)
    if pc.any(control).as_py():
        faults.refuse(control, column, "text.control", lambda text: f"{quote(text)} holds control characters", array)
    if is_id:
        mangled = pc.match_substring_regex(array, _MANGLED_ID)
        if pc.any(mangled).as_py():
            faults.refuse(mangled, column, "id.mangled", _mangled_reason, array)


def _mangled_reason(text: str) -> str:
    return f"{quote(text)} is a number a spreadsheet has shortened, its digits are lost: format the column as text"


def parse_list(text: str) -> object:
    """``a；b;;c`` → ``a;b;c``."""
    return ";".join(part.strip() for part in text.replace("；", ";").split(";") if part.strip()) or None


def fold(text: str) -> str:
    """A word as it is compared: full width made half, case, spaces and punctuation dropped."""
    return re.sub(r"[\s_\-./\\:：'\"#*№]+", "", unicodedata.normalize("NFKC", text).casefold())


_TRUE = frozenset(["yes", "y", "true", "t", "1", "x", "是", "真", "有", "有争议", "disputed"])
_FALSE = frozenset(["no", "n", "false", "f", "0", "否", "假", "无", "无争议"])


def parse_bool(text: str) -> object:
    word = fold(text)
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    return Wrong("bool.unparseable", f"{quote(text)} is neither yes nor no")


_KIND_WORDS = {
    "invoice": "invoice inv 发票 应收单 销售发票 蓝字发票 应收 期初应收",
    "credit_memo": "creditmemo creditnote cm cn 贷项 贷项通知单 贷项凭证 红字发票 红字 红票 销售退货 退货",
    "debit_memo": "debitmemo debitnote dm dn 借项 借项通知单 借项凭证",
    "deposit": "deposit 预收 预收款 定金 订金 押金",
    "on_account": "onaccount unapplied 未核销收款",
    "note": "note bill 票据 应收票据 汇票 承兑汇票 商业承兑汇票 银行承兑汇票",
}
_KINDS = {word: kind for kind, words in _KIND_WORDS.items() for word in words.split()}


def kind_parser(kinds: Mapping[str, str]) -> Callable[[str], object]:
    """Reads an item's kind: a profile's words first, then ours in English and Chinese."""
    own = {fold(word): kind for word, kind in kinds.items()}

    def parse(text: str) -> object:
        word = fold(text)
        kind = own.get(word) or _KINDS.get(word)
        if kind:
            return kind
        return Wrong("item.unknown_kind", f"{quote(text)} is not a kind of item: use {', '.join(ITEM_KINDS)}")

    return parse


_CURRENCY_WORDS = {
    **dict.fromkeys(("rmb", "cnh", "人民币", "人民币元"), "CNY"),
    **dict.fromkeys(("港币", "港元"), "HKD"),
    "美元": "USD",
    "欧元": "EUR",
    "日元": "JPY",
    "英镑": "GBP",
}


def parse_currency(text: str) -> object:
    code = text.upper()
    if code in EXPONENTS:
        return code
    named = _CURRENCY_WORDS.get(fold(text))
    return named or Wrong("money.unknown_currency", f"{quote(text)} is not an ISO 4217 currency")


_NET_DAYS = re.compile(r"(?:net|n)?(\d{1,3})(?:days?|d|天|日)?(?:net)?")
_AT_ONCE = frozenset(
    [
        *("dueonreceipt", "immediate", "immediately", "cod", "cash", "prepaid"),
        *("现结", "现款", "货到付款", "款到发货", "先款后货"),
    ]
)


def terms_parser(terms: Mapping[str, int]) -> Callable[[str], object]:
    """Reads payment terms as net days: a profile's codes first, then ``30``, ``N30``, ``net 30``, ``30天``."""

    def parse(text: str) -> object:
        if text in terms:
            return terms[text]
        word = fold(text)
        if word in _AT_ONCE:
            return 0
        found = _NET_DAYS.fullmatch(word)
        if found:
            return int(found[1])
        return Wrong("terms.unknown", f"terms {quote(text)} give no net days: name them in the profile")

    return parse

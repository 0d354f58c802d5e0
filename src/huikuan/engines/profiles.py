"""Profiles: how a foreign layout is read. Plain data that can be saved as JSON or TOML, and the built-in ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from huikuan.core.clocks import zone_names
from huikuan.core.money import EXPONENTS
from huikuan.core.refusals import Refusal
from huikuan.engines.files_amounts import NUMBER_FORMATS
from huikuan.engines.files_dates import DATE_FORMATS
from huikuan.engines.schemas import ITEM_KINDS, fields_of

RULES = ("strip_leading_zeros", "upper", "collapse_spaces")
"""Ways a text can be made uniform. ``strip_leading_zeros`` touches values made of digits only."""
AMOUNT_UNITS = (1, 1000, 10000)


@dataclass(frozen=True, slots=True)
class Profile:
    """How one kind of foreign file is read.

    ``columns``: field → heading in the file (one heading may feed several fields). ``date_format``: ``ymd``, ``dmy``,
    ``mdy``, ``excel`` or a pattern with ``%``; ``number_format``: ``plain``, ``1,234.56`` or ``1.234,56``; both empty =
    decided from each column. ``currency`` is used when neither the file nor the run names one, and said so;
    ``constants``: field → value for every row, not to be overridden. ``normalise``: field → rules (``RULES``).
    ``terms``: code → net days. ``kinds``: the file's word → our kind. ``negative_invoice``: ``refuse`` or
    ``credit_memo``; ``positive_credit``: ``refuse`` or ``negate``. ``timezone`` of times without an offset.
    ``null_values``: words meaning "no value". ``amount_unit``: 1, 1000 or 10000 (for headings in 万元).
    ``header_row``: the row the headings stand in (found by itself when empty). ``detect``: headings by which a file is
    recognised. ``notes`` are shown as warnings whenever the profile is used.
    """

    name: str
    kind: str
    columns: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    number_format: str | None = None
    currency: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    normalise: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    terms: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    negative_invoice: str = "refuse"
    positive_credit: str = "refuse"
    timezone: str | None = None
    null_values: tuple[str, ...] = ()
    amount_unit: int = 1
    header_row: int | None = None
    sheet: str | None = None
    detect: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise Refusal("profile.invalid", "profile {name!r}: {problem}", name=self.name, problem=problem)

    def to_dict(self) -> dict[str, Any]:
        """The profile as plain data, without what is left at its default."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        return {name: value for name, value in plain.items() if value not in (None, {}, [], _DEFAULTS.get(name))}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Profile:
        """A profile from plain data. Refuses ``profile.invalid``."""
        name = str(data.get("name", ""))
        unknown = sorted(set(data) - {one.name for one in fields(cls)})
        if unknown:
            raise Refusal("profile.invalid", "profile {name!r}: unknown key {key!r}", name=name, key=unknown[0])
        try:
            shaped = {key: _shape(key, value) for key, value in data.items()}
            return cls(**shaped)
        except (TypeError, ValueError, AttributeError) as error:
            raise Refusal("profile.invalid", "profile {name!r}: {problem}", name=name, problem=error) from None


_DEFAULTS: dict[str, Any] = {"negative_invoice": "refuse", "positive_credit": "refuse", "amount_unit": 1}
_MAPPINGS = {"columns", "constants", "kinds"}
_LISTS = {"null_values", "detect", "notes"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _shape(key: str, value: Any) -> Any:
    if key in _MAPPINGS:
        return {str(name): str(one) for name, one in value.items()}
    if key == "terms":
        return {str(name): int(days) for name, days in value.items()}
    if key == "normalise":
        return {str(name): tuple(str(rule) for rule in rules) for name, rules in value.items()}
    if key in _LISTS:
        if isinstance(value, str):
            raise ValueError(f"{key} must be a list")
        return tuple(str(one) for one in value)
    return value


def _problems(profile: Profile) -> Iterable[str]:  # noqa: PLR0912 (one line per rule)
    known = fields_of(profile.kind)
    for name in (*profile.columns, *profile.constants, *profile.normalise):
        if name not in known:
            yield f"{name!r} is not a column of {profile.kind}"
    for rule in (rule for rules in profile.normalise.values() for rule in rules):
        if rule not in RULES:
            yield f"{rule!r} is not one of the rules {', '.join(RULES)}"
    if profile.date_format and profile.date_format not in DATE_FORMATS and "%" not in profile.date_format:
        yield f"{profile.date_format!r} is not a date format: {', '.join(DATE_FORMATS)} or a pattern with %"
    if profile.number_format and profile.number_format not in NUMBER_FORMATS:
        yield f"{profile.number_format!r} is not a number format: {' or '.join(NUMBER_FORMATS)}"
    for code in (profile.currency, profile.constants.get("currency")):
        if code is not None and code not in EXPONENTS:
            yield f"{code!r} is not an ISO 4217 currency"
    for kind in profile.kinds.values():
        if kind not in ITEM_KINDS:
            yield f"{kind!r} is not a kind of item"
    if profile.negative_invoice not in {"refuse", "credit_memo"}:
        yield "negative_invoice is refuse or credit_memo"
    if profile.positive_credit not in {"refuse", "negate"}:
        yield "positive_credit is refuse or negate"
    if profile.timezone and profile.timezone not in zone_names():
        yield f"{profile.timezone!r} is not a time zone"
    if profile.amount_unit not in AMOUNT_UNITS:
        yield f"amount_unit is one of {', '.join(map(str, AMOUNT_UNITS))}"
    if any(days < 0 for days in profile.terms.values()):
        yield "terms are days, none negative"


def load_profile(path: str | Path) -> Profile:
    """A profile saved as ``.json`` or ``.toml``. Refuses ``profile.invalid``."""
    import tomllib

    source = Path(path)
    try:
        text = source.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text) if source.suffix.lower() == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise Refusal("profile.unreadable", "{path}: {problem}", path=source.name, problem=error) from None
    if not isinstance(data, dict):
        raise Refusal("profile.invalid", "{path} holds no profile", path=source.name)
    return Profile.from_dict({"name": source.stem, **data})


def save_profile(profile: Profile, path: str | Path) -> None:
    """Writes a profile as ``.json`` or ``.toml``."""
    target = Path(path)
    data = profile.to_dict()
    text = _toml(data) if target.suffix.lower() == ".toml" else json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    target.write_text(text, encoding="utf-8")


def _toml(data: Mapping[str, Any]) -> str:
    # A JSON string, list of strings or whole number is also TOML; tables come last.
    def value(one: Any) -> str:
        return json.dumps(one, ensure_ascii=False).replace("\x7f", "\\u007F")

    lines = [f"{name} = {value(one)}" for name, one in data.items() if not isinstance(one, dict)]
    for name, table in data.items():
        if isinstance(table, dict):
            lines += ["", f"[{name}]", *(f"{value(key)} = {value(one)}" for key, one in table.items())]
    return "\n".join(lines) + "\n"


IBM_LATE_PAYMENTS = Profile(
    name="ibm_late_payments",
    kind="items",
    columns={
        "item_id": "invoiceNumber",
        "customer_id": "customerID",
        "document_date": "InvoiceDate",
        "due_date": "DueDate",
        "amount": "InvoiceAmount",
        "settled_date": "SettledDate",
        "disputed": "Disputed",
        "region": "countrycode",
    },
    date_format="dmy",
    number_format="plain",
    currency="USD",
    detect=("countrycode", "customerID", "PaperlessDate", "invoiceNumber", "InvoiceDate", "SettledDate"),
    notes=("Disputed is known only after the fact: do not use it to foretell payment",),
)

_SAP_CUSTOMER = {"customer_id": ("strip_leading_zeros",)}

SAP_HISTORY = Profile(
    name="sap_history",
    kind="items",
    columns={
        "item_id": "doc_id",
        "customer_id": "cust_number",
        "customer_name": "name_customer",
        "document_date": "posting_date",
        "posting_date": "posting_date",
        "due_date": "due_in_date",
        "settled_date": "clear_date",
        "amount": "total_open_amount",
    },
    date_format="ymd",
    number_format="plain",
    currency="USD",
    normalise=_SAP_CUSTOMER,
    detect=("cust_number", "name_customer", "doc_id", "due_in_date", "clear_date", "total_open_amount"),
)

SAP_OPEN = Profile(
    name="sap_open",
    kind="items",
    columns={
        "item_id": "doc_id",
        "entity": "business_code",
        "customer_id": "cust_number",
        "customer_name": "name_customer",
        "document_date": "posting_date",
        "posting_date": "posting_date",
        "due_date": "due_in_date",
        "amount": "converted_usd",
        "open_amount": "converted_usd",
    },
    date_format="ymd",
    number_format="plain",
    constants={"currency": "USD"},
    normalise=_SAP_CUSTOMER,
    detect=("business_code", "cust_number", "doc_id", "due_in_date", "cust_payment_terms", "converted_usd"),
    notes=("amounts are what was open when the file was made, converted to USD; the original amounts are not in it",),
)

BUILT_IN: dict[str, Profile] = {one.name: one for one in (IBM_LATE_PAYMENTS, SAP_HISTORY, SAP_OPEN)}


def named_profile(name: str) -> Profile:
    """A built-in profile by name, or a saved one by its path. Refuses ``profile.unknown``."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    if name.lower().endswith((".json", ".toml")):
        return load_profile(name)
    raise Refusal("profile.unknown", "{name!r} is not a profile: {known}", name=name, known=", ".join(sorted(BUILT_IN)))


def detect_profile(header: Iterable[str], kind: str) -> Profile | None:
    """The built-in profile all of whose ``detect`` headings stand in the header; the one that asks most of them."""
    present = set(header)
    fitting = [one for one in BUILT_IN.values() if one.kind == kind and one.detect and present.issuperset(one.detect)]
    return max(fitting, key=lambda one: len(one.detect), default=None)


def with_columns(profile: Profile | None, kind: str, mapping: Mapping[str, str]) -> Profile:
    """A profile with an explicit mapping (field → heading) laid over its own."""
    if profile is None:
        return Profile("mapping", kind, columns=dict(mapping))
    return replace(profile, columns={**profile.columns, **mapping})

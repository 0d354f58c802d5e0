"""Template tags: links that carry the frame, amounts, dates, words, small bars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from huikuan.core.refusals import DataError
from huikuan.core.said import Line, fill
from huikuan.web import (
    api_words,
    bank_words,
    customer_words,
    einvoice_words,
    faults,
    matching_words,
    people_words,
    words,
)
from huikuan.web import format as fmt

register = template.Library()


def _language() -> str:
    return get_language() or "en"


@register.simple_tag
def money(minor: int | None, currency: str) -> str:
    if minor is None:
        return "–"
    text = fmt.format_amount(minor, currency, _language())
    if minor > 0:
        return text
    return SafeString(f'<span class="{"neg" if minor else "zero"}">{text}</span>')  # figures: nothing to escape


@register.filter
def amount(minor: int, currency: str) -> str:
    """An amount with its currency, inside a sentence."""
    return f"{fmt.format_amount(minor, currency, _language())} {currency}"


@register.filter
def typed(minor: int, currency: str) -> str:
    """An amount as it stands in a field; never in brackets."""
    return fmt.format_amount(abs(minor), currency, "zh")


@register.filter
def logged(line: Line) -> str:
    """What a log says, in the reader's language."""
    return "; ".join(fill(gettext(one.template) if one.template else "", one.params) for one in line)


@register.filter
def count(number: int | None) -> str:
    return "–" if number is None else fmt.format_count(number)


@register.simple_tag
def share(part: int, whole: int) -> str:
    return fmt.format_share(part, whole)


@register.filter
def day(value: date | None) -> str:
    return fmt.format_day(value, _language())


@register.filter
def month(value: date) -> str:
    return fmt.format_month(value, _language())


@register.filter
def moment(value: datetime | None) -> str:
    return fmt.format_moment(value, _language())


@register.filter
def interval(value: timedelta) -> str:
    """``2 s``, ``15 min``, ``24 h``."""
    seconds = int(value.total_seconds())
    if seconds < 60:
        return ngettext("{n} second", "{n} seconds", seconds).format(n=seconds)
    if seconds < 3600:
        return ngettext("{n} minute", "{n} minutes", seconds // 60).format(n=seconds // 60)
    return ngettext("{n} hour", "{n} hours", seconds // 3600).format(n=seconds // 3600)


@register.filter
def file_size(size: int) -> str:
    """``23 KB``, ``1.4 MB``."""
    return f"{max(round(size / 1024), 1):,} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"


@register.filter
def bucket_word(bucket: str) -> str:
    return words.bucket_word(bucket)


@register.filter
def bucket_class(bucket: str) -> str:
    return words.bucket_class(bucket)


@register.filter
def days_class(days: int | None) -> str:
    return words.class_of_days(days or 0)


@register.filter
def days_word(days: int | None) -> str:
    return words.days_word(days or 0)


_WORDS = {
    "api_key": api_words.KEYS,
    "bank_account": bank_words.ACCOUNT_KINDS,
    "bank_format": bank_words.FORMATS,
    "bank_line": bank_words.LINE_KINDS,
    "bank_line_state": bank_words.LINE_STATES,
    "bank_outcome": bank_words.OUTCOMES,
    "endpoint": api_words.ENDPOINTS,
    "endpoint_reason": api_words.REASONS,
    "delivery": api_words.DELIVERIES,
    "right": people_words.RIGHTS,
    "item": words.ITEM_KINDS,
    "entry": words.ENTRY_KINDS,
    "account": words.LEDGER_ACCOUNTS,
    "receipt": words.RECEIPT_STATES,
    "import_kind": words.IMPORT_KINDS,
    "import_stage": words.IMPORT_STAGES,
    "job": words.JOBS,
    "run": words.RUN_STATES,
    "watched": words.WATCHED_STATES,
    "every": words.EVERY,
    "import_state": words.IMPORT_STATES,
    "feed": words.FEEDS,
    "period": words.PERIOD_STATES,
    "role": people_words.ROLES,
    "reach": people_words.REACHES,
    "grouping": words.GROUPINGS,
    "field": words.FIELDS,
    "change": words.CHANGES,
    "settlement": words.SETTLEMENT_STATES,
    "evidence": words.EVIDENCE_TYPES,
    "invoice_format": einvoice_words.FORMATS,
    "invoice_status": einvoice_words.STATUSES,
    "vat_category": einvoice_words.CATEGORIES,
    "part": customer_words.CONTACT_PARTS,
    "event": customer_words.EVENT_CODES,
    "timeline": customer_words.TIMELINE_KINDS,
    "file_field": customer_words.FILE_FIELDS,
    "file_event": customer_words.FILE_EVENTS,
    "pair_reason": customer_words.PAIR_REASONS,
    "approval_kind": words.APPROVAL_KINDS,
    "approval_state": words.APPROVAL_STATES,
    "match_kind": matching_words.KINDS,
    "match_deduction": matching_words.DEDUCTIONS,
    "match_deed": matching_words.DEEDS,
    "match_class": matching_words.NOT_CUSTOMERS,
    "match_learned": matching_words.LEARNED,
    "match_held_back": matching_words.HELD_BACK,
}


@register.filter
def word(code: str | None, kind: str) -> str:
    """``{{ row.kind|word:"item" }}``: the reader's word for a code."""
    return words.word_of(_WORDS[kind], str(code)) if code else "–"


@register.filter
def habit_text(detail: str) -> str:
    """How a payer pays, as the matcher learned it, in the reader's words."""
    return matching_words.habit_text(detail)


@register.filter
def rate_text(rate: Decimal) -> str:
    """A tax rate in percent, without needless zeros."""
    return f"{rate:f}%"


@register.filter
def fault_text(fault: DataError) -> str:
    return faults.fault_text(fault)


@register.filter
def reason_text(why: str) -> str:
    return faults.reason_text(why)


@register.filter
def masked(number: str) -> str:
    """A bank account by its last four characters."""
    return fmt.mask_number(number)


@register.simple_tag(takes_context=True)
def to(context: template.Context, name: str, *args: Any, **params: Any) -> str:
    """The address of a page, carrying the frame on."""
    return address(context.get("kept") or {}, name, *args, **params)


@register.simple_tag(takes_context=True)
def here(context: template.Context, **params: Any) -> str:
    """This address with some parameters changed (empty = dropped). Any change goes back to the first page."""
    request = context["request"]
    query: QueryDict = request.GET.copy()
    if not any(key.endswith("page") for key in params):
        query.pop("page", None)
    for key, value in params.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def address(kept: Mapping[str, str], name: str, *args: Any, **params: Any) -> str:
    """The address of the page called ``name`` with the frame (``kept``) and further parameters."""
    path = _path(name, *args)
    if not kept and not params:
        return path
    query = {**kept, **{key: str(value) for key, value in params.items() if value not in (None, "")}}
    return f"{path}?{urlencode(query)}" if query else path


def _path(name: str, *args: Any) -> str:
    """``reverse``. A page has a hundred addresses: of pages without an object, and of objects by their public id, the
    pattern is looked up once."""
    if not args:
        return _plain_path(name)
    if len(args) == 1 and isinstance(args[0], str) and _PUBLIC_ID.fullmatch(args[0]):
        before, after = _object_path(name)
        return f"{before}{args[0]}{after}"
    return reverse(name, args=args)


_PUBLIC_ID = re.compile(r"[a-z]{3}_[0-9a-z]+")
_STANDS_FOR_ID = "abc_0"


@lru_cache(maxsize=1024)
def _plain_path(name: str) -> str:
    return reverse(name)


@lru_cache(maxsize=1024)
def _object_path(name: str) -> tuple[str, str]:
    before, _sign, after = reverse(name, args=(_STANDS_FOR_ID,)).rpartition(_STANDS_FOR_ID)
    return before, after


@register.simple_tag(takes_context=True)
def hidden(context: template.Context, *names: str) -> SafeString:
    """Hidden fields that keep the named parameters of this address when a form is sent."""
    given = context["request"].GET
    fields = [
        format_html('<input type="hidden" name="{}" value="{}">', name, given[name])
        for name in names
        if given.get(name)
    ]
    return SafeString("".join(fields))


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@register.inclusion_tag("parts/th.html", takes_context=True)
def th(
    context: template.Context,
    key: str,
    label: str,
    *,
    css: str = "",
    sort: str = "",
    dot: str = "",
    pick: bool = False,
    still: bool = False,
) -> dict[str, Any]:
    """A column heading that sorts. First click: amounts and days from the largest, names and dates from the first.
    ``pick``: with a box that ticks every row; ``still``: it does not sort."""
    first = f"-{key}" if "num" in css else key
    turned = key if sort == f"-{key}" else f"-{key}"
    active = sort.removeprefix("-") == key
    target = turned if active else first
    state = ("descending" if sort.startswith("-") else "ascending") if active else ""
    href = here(context, sort=target)
    return {"label": label, "css": css, "state": state, "href": href, "dot": dot, "pick": pick, "still": still}


@dataclass(frozen=True, slots=True)
class Segment:
    css: str
    x: int
    width: int
    title: str


@register.inclusion_tag("parts/ageing_bar.html")
def ageing_bar(cells: Iterable[tuple[str, int]], currency: str) -> dict[str, Any]:
    """A stacked bar of what is owed by bucket; credits have no length and are left to the figures."""
    shown = [(bucket, minor) for bucket, minor in cells if minor > 0]
    total = sum(minor for _, minor in shown)
    segments, before = [], 0
    for bucket, minor in shown:
        start, end = before * 1000 // total, (before + minor) * 1000 // total
        title = f"{words.bucket_word(bucket)}: {fmt.format_amount(minor, currency, _language())} {currency}"
        segments.append(Segment(words.bucket_class(bucket), start, max(end - start, 2), title))
        before += minor
    return {"segments": segments}


@register.simple_tag
def cell_bar(minor: int | None, largest: int, css: str) -> SafeString:
    """A thin bar under a figure, its length the share of the largest in the table. ``css`` is a bucket's class."""
    if not minor or minor < 0 or largest <= 0:
        return SafeString("")
    length = max(minor * 100 // largest, 1)
    return SafeString(  # integers and a class of ours: nothing to escape, and a page has hundreds of them
        '<svg class="cell-bar" viewBox="-100 0 100 3" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="{css}" x="-{length}" y="0" width="{length}" height="3"/></svg>'
    )


@register.inclusion_tag("parts/pager.html", takes_context=True)
def pager(context: template.Context, rows: Any, *, prefix: str = "", without: str = "") -> dict[str, Any]:
    """``without``: parameters of this address that do not belong to another page."""
    other = dict.fromkeys(without.split(), "")
    pages = max((rows.total + rows.size - 1) // rows.size, 1)
    number = min(rows.page, pages)
    href = {
        name: here(context, **{**other, f"{prefix}page": target if target > 1 else ""})
        for name, target in (("first", 1), ("before", number - 1), ("after", number + 1), ("last", pages))
    }
    return {
        "number": number,
        "pages": pages,
        "total": rows.total,
        "first": (number - 1) * rows.size + 1 if rows.total else 0,
        "last": min(number * rows.size, rows.total),
        "href": href,
    }

"""Matches for the eyes and for machines."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Literal

from huikuan.cli.age_show import align, format_amount, width_of

if TYPE_CHECKING:
    from huikuan.engines.match_types import BarReport

Lang = Literal["en", "zh"]
WRONG_SHOWN = 20
"""Past lines printed that were sure and wrong."""

_WORDS: dict[str, tuple[str, str]] = {
    "head": ("line amount decision sure customer why", "流水 金额 结论 把握 客户 理由"),
    "auto": ("auto", "自动"),
    "propose": ("propose", "建议"),
    "none": ("none", "无"),
    "more": ("... and {n:,} more lines (write them with -o)", "…… 另有 {n:,} 笔（用 -o 写入文件）"),
    "counts": (
        "{total:,} lines: {auto:,} post themselves{share}, {propose:,} proposed, {none:,} without a proposal",
        "共 {total:,} 笔：{auto:,} 笔可自动入账{share}，{propose:,} 笔有建议，{none:,} 笔无建议",
    ),
    "no_history": (
        "Nothing posts itself: there is no history to prove a bar on.",
        "无自动入账：没有可据以验证门槛的历史。",
    ),
    "no_settled_items": (
        "Nothing posts itself: the items the history paid are not among the items, so the past cannot be replayed.",
        "无自动入账：历史所付的单据不在单据表中，无法重演过去。",
    ),
    "too_few": (
        "Nothing posts itself yet: about {missing:,} more confirmed lines are missing to prove the bar.",
        "暂无自动入账：要验证门槛，大约还需 {missing:,} 笔已确认的流水。",
    ),
    "too_many_errors": (
        "Nothing posts itself: {errors:,} of the {above:,} surest past lines would have been wrong; "
        "about {missing:,} more confirmed lines without such are missing.",
        "无自动入账：把握最大的 {above:,} 笔历史流水中有 {errors:,} 笔会出错；"
        "大约还需 {missing:,} 笔无此类错误的已确认流水。",
    ),
    "drift": (
        "Nothing posts itself: the latest part of the history goes wrong more often than before. About "
        "{missing:,} confirmed lines since then are missing.",
        "无自动入账：最近的历史比以前更常出错，大约还需此后 {missing:,} 笔已确认的流水。",
    ),
    "audit": (
        "Nothing posts itself: the audit found sure lines wrong.",
        "无自动入账：抽查发现有把握的流水出错。",
    ),
    "bar": (
        "Bar: {threshold:.2%} sure where the text names every item and the amount fits to the cent, {others:.3%} "
        "elsewhere. Of {lines:,} past lines {above:,} were over it and {errors:,} of "
        "them wrong: with {certainty:.0%} probability under {bound:.3%} (asked: {max_error:.3%}).",
        "门槛：附言写明全部单据且金额分毫不差的，把握 {threshold:.2%}；其他的 {others:.3%}。"
        "{lines:,} 笔历史流水中 {above:,} 笔达到门槛，其中 {errors:,} 笔出错："
        "错误率有 {certainty:.0%} 的可能低于 {bound:.3%}（要求 {max_error:.3%}）。",
    ),
    "money": (
        "By money, each line counted up to {cap} {currency}: {errors} of {above} wrong, under {bound:.3%}.",
        "按金额（每笔最多计 {cap} {currency}）：{above} 中 {errors} 出错，低于 {bound:.3%}。",
    ),
    "no_money": (
        "By money nothing is proved: too few lines or a wrong one too large.",
        "按金额无法验证：流水太少，或有一笔错误金额过大。",
    ),
    "vouched": (
        "These would wait for a person, but every past line like them was right, at least 20 of each, so they post "
        "themselves too:",
        "以下情形本应人工核对；但历史中同类流水（每类至少 20 笔）全部正确，因此同样自动入账：",
    ),
    "wrong": (
        "Past lines that would have been sure and wrong (is the history mistyped?):",
        "把握大却会出错的历史流水（历史是否录错？）：",
    ),
    "wrong_head": ("line sure history here", "流水 把握 历史 本次"),
    "wrong_more": ("... and {n:,} more (all with --json)", "…… 另有 {n:,} 笔（全部见 --json）"),
    "written": ("{n:,} rows written to {path}", "已写入 {n:,} 行：{path}"),
    "on_account": ("on account", "预收"),
    "nobody": ("not a customer's", "非客户款"),
}


def say(key: str, lang: Lang, **values: Any) -> str:
    """One sentence."""
    return _WORDS[key][lang == "zh"].format(**values)


def show_lines(matches: Any, lines: Any, most: int, lang: Lang = "en") -> Iterable[str]:
    """The first explanation of each line: decision, probability, line, amount, what it pays, why. In the order of the
    lines."""
    amounts = {row["line_id"]: row for row in lines.select(["line_id", "amount", "currency"]).to_pylist()}
    first: dict[str, dict[str, Any]] = {}
    for row in matches.to_pylist():
        if row["rank"] == 1:
            first.setdefault(row["line_id"], row)
    if not first:
        return
    shown = [say("head", lang).split()]
    for line_id in [one for one in amounts if one in first][:most]:
        line, row = amounts[line_id], first[line_id]
        amount = format_amount(line["amount"], line["currency"])
        # Of money going out nothing is asked, so nothing is sure.
        told = "-" if line["amount"] <= 0 else sure(row["confidence"])
        shown.append([line_id, amount, say(row["decision"], lang), told, row["customer_id"] or "-", row["reason"]])
    yield from _aligned(shown)
    if len(first) > most:
        yield say("more", lang, n=len(first) - most)


def sure(confidence: float) -> str:
    """A probability; nothing is quite sure."""
    return "> 99.9%" if confidence > 0.9995 else f"{confidence:.1%}"


def _aligned(rows: list[list[str]]) -> list[str]:
    """Amounts and probabilities right, the rest left."""
    left = align([[row[0]] for row in rows], 1)
    numbers = align([[row[1]] for row in rows], 0)
    decisions = align([[row[2]] for row in rows], 1)
    sure = align([[row[3]] for row in rows], 0)
    rest = align([row[4:] for row in rows], 2)
    return [
        f"{_pad(one, left)}  {_pad_left(two, numbers)}  {_pad(three, decisions)}  {_pad_left(four, sure)}  {five}"
        for one, two, three, four, five in zip(left, numbers, decisions, sure, rest, strict=True)
    ]


def _pad(text: str, column: list[str]) -> str:
    return text + " " * (max(map(width_of, column)) - width_of(text))


def _pad_left(text: str, column: list[str]) -> str:
    return " " * (max(map(width_of, column)) - width_of(text)) + text


def show_counts(counts: dict[str, int], lang: Lang = "en") -> Iterable[str]:
    """How many lines post themselves, are proposed, or have nothing."""
    total, auto = sum(counts.values()), counts.get("auto", 0)
    share = f" ({auto / total:.1%})" if total else ""
    proposed, none = counts.get("propose", 0), counts.get("none", 0)
    yield say("counts", lang, total=total, auto=auto, share=share, propose=proposed, none=none)


def show_bar(bar: BarReport, lang: Lang = "en", only: Collection[str] | None = None) -> Iterable[str]:
    """The bar and what it rests on, in words; which kinds of doubt the past lets through (``only`` these); which past
    lines would have been sure and wrong."""
    from huikuan.engines.match_bar import least_of
    from huikuan.engines.match_doubts import vouched_words

    if bar.threshold is None:
        key = bar.reason if bar.reason in _WORDS else "no_history"
        yield say(key, lang, missing=bar.lines_missing, errors=bar.errors, above=bar.above)
    else:
        yield say("bar", lang, others=least_of(bar, 1), **bar.to_json())
        if bar.money_cap is not None:
            yield say(
                "money",
                lang,
                cap=_number(bar.money_cap),
                currency=bar.money_currency,
                errors=_number(bar.money_errors or "0"),
                above=_number(bar.money_above or "0"),
                bound=bar.money_bound,
            )
        else:
            yield say("no_money", lang)
        kinds = vouched_words(bar, lang, only)
        yield from [say("vouched", lang), *(f"  {kind}" for kind in kinds)] if kinds else ()
    yield from _wrong(bar.surest_wrong, lang)


def _wrong(lines: list[dict[str, Any]], lang: Lang) -> Iterable[str]:
    """Past lines with what the history says of them and what would have been said."""
    if not lines:
        return
    yield say("wrong", lang)
    rows = [say("wrong_head", lang).split()]
    rows += [
        [
            one["line_id"],
            sure(one["confidence"]),
            _paid(one["customer_id"], one["items"], "", lang),
            _paid(one["said_customer_id"], one["said_items"], one["said_reason"], lang),
        ]
        for one in lines[:WRONG_SHOWN]
    ]
    yield from align(rows, 4)
    if len(lines) > WRONG_SHOWN:
        yield say("wrong_more", lang, n=len(lines) - WRONG_SHOWN)


def _paid(customer: str | None, items: list[str], reason: str | None, lang: Lang) -> str:
    what = ", ".join(items) or say("on_account" if customer else "nobody", lang)
    return " ".join(part for part in (customer, what, f"({reason})" if reason else "") if part)


def _number(text: str) -> str:
    return f"{float(text):,.2f}"


def machine_bar(bar: BarReport) -> dict[str, Any]:
    """The bar as plain values."""
    told: dict[str, Any] = bar.to_json()
    return told


def plain_matches(matches: Any) -> list[dict[str, Any]]:
    """Rows with amounts as the text that CSV holds."""
    from huikuan.engines.files_write import amount_texts

    for name in ("applied", "deduction_amount", "unapplied"):
        place, column = matches.schema.get_field_index(name), matches[name].combine_chunks()
        matches = matches.set_column(place, name, amount_texts(matches, column))
    return list(matches.to_pylist())

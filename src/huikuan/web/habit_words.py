"""How a customer pays, in sentences a person reads out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from huikuan.core.habits import Cycle, Deduction, Lateness, Purchases
from huikuan.core.habits_days import CHANCE_MAX, Pattern
from huikuan.queries.habits import CustomerHabits
from huikuan.web.format import format_amount, format_day, is_chinese

LAST_DAY = 31
EVERY: tuple[Promise | str, ...] = (
    gettext_lazy("Mondays"),
    gettext_lazy("Tuesdays"),
    gettext_lazy("Wednesdays"),
    gettext_lazy("Thursdays"),
    gettext_lazy("Fridays"),
    gettext_lazy("Saturdays"),
    gettext_lazy("Sundays"),
)


def _language() -> str:
    return get_language() or "en"


def _listed(words: Iterable[str]) -> str:
    """``10th and 25th``; ``10日、25日``."""
    found = list(words)
    if is_chinese(_language()):
        return "、".join(found)
    return found[0] if len(found) == 1 else " ".join((", ".join(found[:-1]), _("and"), found[-1]))


def day_word(number: int) -> str:
    """A day of the month: ``25th``, ``25日``; 31 is the last day."""
    if number >= LAST_DAY:
        return pgettext("of the month", "last day")
    if is_chinese(_language()):
        return f"{number}日"
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def days_phrase(numbers: Sequence[int], weekdays: Sequence[int], about: Sequence[int] = ()) -> str:
    """``on the 10th and 25th of the month``, ``about the 10th``; empty without days."""
    parts = []
    if numbers:
        parts.append(_("on the {days} of the month").format(days=_listed(day_word(number) for number in numbers)))
    if about:
        parts.append(_("about the {days} of the month").format(days=_listed(day_word(number) for number in about)))
    if weekdays:
        parts.append(_("on {weekdays}").format(weekdays=_listed(str(EVERY[number]) for number in weekdays)))
    return _listed(parts) if parts else ""


def pattern_phrase(pattern: Pattern) -> str:
    return days_phrase(
        [one.number for one in pattern.month_days if not one.around],
        [one.weekday for one in pattern.weekdays],
        [one.number for one in pattern.month_days if one.around],
    )


def pay_days(found: CustomerHabits) -> str:
    """The days on which it pays: those entered, else those learned; empty where there are none."""
    facts, learned = found.facts, found.learned
    if facts.run_days or facts.run_weekdays:
        return days_phrase(facts.run_days, facts.run_weekdays)
    return pattern_phrase(learned.month_days) or pattern_phrase(learned.weekdays)


def lateness_phrase(found: Lateness) -> str:
    """``usually 6 days late``; empty where too little is known."""
    median = found.median
    if median is None:
        late = found.waiting and found.documents
        return _("mostly still open when past due") if late else ""
    if median > 0:
        return ngettext("usually {n} day late", "usually {n} days late", median).format(n=median)
    if median < 0:
        return ngettext("usually {n} day early", "usually {n} days early", -median).format(n=-median)
    return _("usually on the day it is due")


def headline(found: CustomerHabits) -> str:
    """One sentence: when it pays, how late, who decides and who pays. Empty where nothing is known."""
    days, late = pay_days(found), lateness_phrase(found.learned.lateness)
    first = [_("Pays {when}").format(when=days)] if days else []
    first += [late] if late else []
    people = [_("{name} decides").format(name=found.decider)] if found.decider else []
    people += [_("{name} pays").format(name=found.payer)] if found.payer else []
    comma, semicolon = ("，", "；") if is_chinese(_language()) else (", ", "; ")
    text = semicolon.join(part for part in (comma.join(first), comma.join(people)) if part)
    return text[:1].upper() + text[1:]


# -- the day to ask --------------------------------------------------------------------------------------------------
def asking_headline(found: CustomerHabits) -> str:
    """``Ask by 20 May``, or, where nothing is owed, when it pays next; empty where there is no such day."""
    if found.asking is None:
        return ""
    if found.asking.due is None:
        return _("Next payment day: {day}").format(day=_day(found.asking.run.day))
    return _("Ask by {day}").format(day=_day(found.asking.by))


def asking_reasons(found: CustomerHabits) -> list[str]:
    """The reasoning behind the day, step by step."""
    asking = found.asking
    if asking is None:
        return []
    lines = []
    if asking.due is not None:
        text = _("The oldest open item has been due since {day}.") if asking.is_past_due else _("Due on {day}.")
        lines.append(text.format(day=_day(asking.due)))
    if asking.source == "entered":
        lines.append(
            _("It pays {when}, as entered here: next on {day}.").format(
                when=pay_days(found), day=_day(asking.run.named)
            )
        )
    elif asking.source == "learned":
        pattern = found.learned.month_days if found.learned.month_days.found else found.learned.weekdays
        text, day = _("It has paid {when} on {hits} of {n} payment days: next on {day}."), asking.run.named
        if asking.run.around:
            text, day = _("It has paid {when} on {hits} of {n} payment days: next from {day} on."), asking.run.day
        lines.append(text.format(when=pay_days(found), hits=len(pattern.kept), n=pattern.days, day=_day(day)))
    else:
        lines.append(_("No payment days are known, so it is to be paid when it is due."))
    if asking.run.moved:
        text = _("{named} is no working day there, so it pays on {day}.")
        lines.append(text.format(named=_day(asking.run.named), day=_day(asking.run.day)))
    if asking.approval_days:
        steps = _listed(f"{step.name} {step.working_days}" for step in found.steps)
        text = ngettext(
            "Its approval takes {n} working day ({steps}).",
            "Its approval takes {n} working days ({steps}).",
            asking.approval_days,
        )
        lines.append(text.format(n=asking.approval_days, steps=steps))
    if asking.closing is not None:
        lines.append(
            _("Its books close on {day}: what comes later waits for the next month.").format(day=_day(asking.closing))
        )
    if asking.transfer_days:
        text = ngettext(
            "Its money takes {n} working day: here on {day}.",
            "Its money takes {n} working days: here on {day}.",
            asking.transfer_days,
        )
        lines.append(text.format(n=asking.transfer_days, day=_day(asking.arrives)))
    return lines


# -- evidence --------------------------------------------------------------------------------------------------------
def pattern_evidence(pattern: Pattern) -> str:
    """How sure a pattern is; or that there is none."""
    if pattern.few:
        return ngettext(
            "Only {n} payment day: too few to say.", "Only {n} payment days: too few to say.", pattern.days
        ).format(n=pattern.days)
    if not pattern.found:
        text = _("None that stands out: {n} payment days are too few or too scattered to tell a habit from chance.")
        return text.format(n=pattern.days)
    text = _("{hits} of {n} payment days. By chance that happens once in {often} customers.")
    return text.format(hits=len(pattern.kept), n=pattern.days, often=_often(pattern.chance))


def _often(chance: float) -> str:
    if chance < 1e-6:
        return _("more than a million")
    return f"{round(1 / min(chance, CHANCE_MAX)):,}"


def lateness_evidence(found: Lateness) -> str:
    if found.median is None and found.documents < 3:
        return ngettext(
            "Only {n} paid document: too few to say.", "Only {n} paid documents: too few to say.", found.documents
        ).format(n=found.documents)
    text = ngettext("{n} paid document", "{n} paid documents", found.documents).format(n=found.documents)
    if found.p25 is not None and found.p75 is not None:
        text += _("; half of them between {low} and {high} days").format(low=found.p25, high=found.p75)
    if found.waiting:
        text += ngettext(
            "; {n} more is past due and counts as at least so late",
            "; {n} more are past due and count as at least so late",
            found.waiting,
        ).format(n=found.waiting)
    return text


def trend_phrase(found: Lateness) -> str:
    if not found.trend:
        return ""
    later = _("Later than before: {recent} days in the last half year, {earlier} before.")
    sooner = _("Sooner than before: {recent} days in the last half year, {earlier} before.")
    text = later if found.trend == "later" else sooner
    return text.format(recent=found.recent, earlier=found.earlier)


def cycle_phrase(found: Cycle) -> str:
    """How often it pays, and which month's documents; empty where no rhythm shows."""
    words = {
        "weekly": _("Pays every week ({hits} of {spans})."),
        "monthly": _("Pays every month ({hits} of {spans})."),
        "quarterly": _("Pays every quarter ({hits} of {spans})."),
        "by_document": _("Pays document by document ({hits} of {spans} payments)."),
    }
    text = words[found.kind].format(hits=found.hits, spans=found.spans) if found.kind in words else ""
    if found.months_after is None:
        return text
    lag = ngettext(
        "A month's documents are paid {n} month later ({hits} of {all}).",
        "A month's documents are paid {n} months later ({hits} of {all}).",
        found.months_after,
    )
    if not found.months_after:
        lag = _("A month's documents are paid within that month ({hits} of {all}).")
    said = lag.format(n=found.months_after, hits=found.lag_hits, all=found.lag_documents)
    return f"{text} {said}".strip()


def purchases_phrase(found: Purchases) -> str:
    if found.median is None:
        return ""
    text = _("Buys about every {n} days ({low} to {high}).").format(n=found.median, low=found.p25, high=found.p75)
    if found.since is not None and found.p75 is not None and found.since > 2 * max(found.p75, 7):
        text += " " + _("Nothing for {n} days now.").format(n=found.since)
    return text


def deduction_phrase(found: Deduction) -> str:
    if not found.found:
        return ""
    if found.bp is not None:
        what = f"{found.bp / 100:g} %"
    else:
        what = f"{format_amount(found.fixed_minor or 0, found.currency, _language())} {found.currency}"
    text = _("Holds back {what} of each document ({hits} of {n}).")
    return text.format(what=what, hits=found.hits, n=found.documents)


def relation_word(relation: str) -> str:
    words = {
        "itself": _("the customer itself"),
        "group": _("its group"),
        "other": _("another name"),
    }
    return words[relation]


def _day(day: date) -> str:
    weekday = str(WEEKDAYS[day.weekday()])
    text = format_day(day, _language())
    return f"{text} {weekday}" if is_chinese(_language()) else f"{weekday} {text}"

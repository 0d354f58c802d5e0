"""The bar over which lines post themselves, in sentences: where it stands and why, or what is missing to it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from huikuan.engines.match_bar import least_of
from huikuan.engines.match_doubts import ENDING, vouched_words
from huikuan.engines.match_types import BarReport
from huikuan.services.matching_engine import bar_of, is_past_unread
from huikuan.services.matching_policy import policy_of

_NO_BAR: dict[str, str | Promise] = {
    "no_history": gettext_lazy("nothing was confirmed yet"),
    "no_settled_items": gettext_lazy("the items paid before are not in the books"),
    "too_few": gettext_lazy("too few lines were confirmed"),
    "too_many_errors": gettext_lazy("too many would have been wrong"),
    "drift": gettext_lazy("lately more would have been wrong than before"),
    "audit": gettext_lazy("a posting that was checked was wrong; the past is gone through again"),
}


def share_words(ppm: int) -> str:
    """A share in a million as people say it: 1,000 → ``1 in 1,000``."""
    return _("1 in {n}").format(n=f"{round(1_000_000 / ppm):,}")


def bar_words(entity_id: int) -> list[str]:
    """What posts itself and why, or what is missing, in sentences."""
    policy, bar = policy_of(entity_id), bar_of(entity_id)
    said = []
    if not policy.is_automatic:
        said.append(_("Nothing posts itself: automatic posting is switched off in Settings."))
    if bar.threshold is not None:
        said.append(
            _(
                "The bar stands at {percent} % where the text names every item and the amount fits to the cent, at "
                "{others} % elsewhere: of {n} past lines above it {errors} were wrong, so at most {share} is, with "
                "95 % certainty."
            ).format(
                percent=f"{bar.threshold * 100:.1f}",
                others=f"{(least_of(bar, 1) or 0) * 100:.2f}",
                n=f"{bar.above:,}",
                errors=f"{bar.errors:,}",
                share=share_words(policy.error_ppm),
            )
        )
    elif bar.reason == "no_history" and is_past_unread(entity_id):
        said.append(_("What was paid before is still being read; what posts itself is known after that."))
    else:
        said.append(_no_bar(bar, policy.error_ppm))
    if bar.audited:
        said.append(
            ngettext(
                "{n} automatic posting was asked back since, {wrong} wrong.",
                "{n} automatic postings were asked back since, {wrong} wrong.",
                bar.audited,
            ).format(n=f"{bar.audited:,}", wrong=f"{bar.audit_errors:,}")
        )
    if bar.drift is not None and bar.drift > 1.5 and (bar.drift_p or 1) < 0.05:
        said.append(_("Lately {times} times as many would have been wrong as before.").format(times=f"{bar.drift:.1f}"))
    return said


def vouched_kinds(entity_id: int) -> list[str]:
    """Kinds of lines that would wait for a person, had the past not been right about each of them. Only those that
    pay items to their end: nothing else posts itself here."""
    return vouched_words(bar_of(entity_id), "zh" if (get_language() or "").startswith("zh") else "en", ENDING)


def _no_bar(bar: BarReport, ppm: int) -> str:
    why = str(_NO_BAR.get(bar.reason, bar.reason))
    text = _("There is no bar for {share} wrong yet: {why}.").format(share=share_words(ppm), why=why)
    if bar.lines_missing:
        more = ngettext(
            "About {n} more confirmed line without an error would set one.",
            "About {n} more confirmed lines without an error would set one.",
            bar.lines_missing,
        )
        text = f"{text} {more.format(n=f'{bar.lines_missing:,}')}"
    return text

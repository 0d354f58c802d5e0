"""Taking back that a payment bounced: the money is there after all. A reversal is never reversed, so the receipt is
posted anew with all that was done with it, on the day of the reversal: no day shows a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from huikuan.core.accounts import CONTROL_ACCOUNTS, EntryKind, LedgerAccount
from huikuan.core.banking import SOURCE, Tie
from huikuan.core.direct_debits import PaymentState
from huikuan.core.journal import EntryDraft, PostingDraft
from huikuan.core.matching import Deed
from huikuan.core.payout_differences import OF_PAYOUTS
from huikuan.core.refusals import Conflict, Refusal
from huikuan.core.rights import Right
from huikuan.core.texts import NAME_MAX, check_text
from huikuan.services.auditing import record
from huikuan.services.books import Books, open_books
from huikuan.services.debit_state import note_event
from huikuan.services.idempotency import once
from huikuan.services.imports_retake import legs_of
from huikuan.services.line_desk import note_undone
from huikuan.services.line_split import free_names
from huikuan.services.locking import lock_items, lock_receipts
from huikuan.services.matching_stale import mark_stale
from huikuan.services.notes_standing import check_not_of_note
from huikuan.services.receipt_papers import carry_over
from huikuan.services.rights import demand_legs, demand_some
from huikuan.services.source_settlements import unmet_settlements
from huikuan.services.writing import ReceiptRow, Unit
from huikuan.store.models import (
    BankAccount,
    BankLineReceipt,
    CashSlip,
    DebitPayment,
    JournalEntry,
    LineDecision,
    LinePart,
    MatchAudit,
    OpenItem,
    Payout,
    PayoutPart,
    Posting,
    Receipt,
    ReceiptParty,
    ShopExplanation,
)


@dataclass(frozen=True, slots=True)
class Reinstated:
    """The receipts posted anew (one, or the parts of a payment for several customers) and the entries, in order."""

    receipts: tuple[int, ...]
    entries: tuple[int, ...]


def reinstate_receipt(
    entity_id: int, receipt_id: int, *, memo: str = "", actor_id: int | None, now: datetime, key: str | None = None
) -> Reinstated:
    """Posts a reversed receipt anew, and every entry that was taken back with it, to the same items, to the cent. The
    parts of a payment that bounced as a whole come back as a whole. The bank's line that took it back waits for a
    decision again; a direct debit is collected again (its mandate stays blocked where the return blocked it).

    Refuses ``receipt.unknown``, ``receipt.stands`` (it is not reversed), ``receipt.posted_anew``,
    ``receipt.paid_since`` (what it paid was paid otherwise meanwhile), ``receipt.has_slip`` (cash is taken anew),
    ``note.step_entry`` and ``right.missing``.
    """
    check_text("memo", memo, NAME_MAX)

    def work() -> dict[str, list[int]]:
        demand_some(actor_id, Right.REVERSE, entity_id=entity_id)
        _lock_lines(receipt_id)
        receipts = _reversed_together(entity_id, receipt_id)
        for one in receipts:
            _check_free(one)
        anew = _Anew(entity_id, actor_id, now, memo, receipts)
        anew.post()
        anew.move_ties()
        record(
            "receipt.reinstated",
            now=now,
            actor_id=actor_id,
            entity_id=entity_id,
            subject=f"receipt:{receipt_id}",
            receipts=list(anew.receipts.values()),
            memo=memo,
        )
        return {"receipts": list(anew.receipts.values()), "entries": list(anew.entries.values())}

    answer = once(
        entity_id=entity_id,
        actor_id=actor_id,
        operation="receipt.reinstate",
        key=key,
        request=(receipt_id, memo),
        now=now,
        work=work,
    )
    return Reinstated(tuple(answer["receipts"]), tuple(answer["entries"]))


def may_reinstate(receipt_id: int) -> bool:
    """Whether a receipt is reversed and nothing stands in its place."""
    receipt = Receipt.objects.filter(id=receipt_id, entry__reversed_by__isnull=False).first()
    if receipt is None:
        return False
    try:
        _check_free(receipt)
    except Refusal:
        return False
    return True


def _lock_lines(receipt_id: int) -> None:
    """As those who decide about a bank line lock: nobody ties or bounces the receipt meanwhile."""
    ties = BankLineReceipt.objects.filter(receipt_id=receipt_id)
    accounts = set(ties.values_list("line__account_id", flat=True))
    list(BankAccount.objects.select_for_update().filter(id__in=accounts).order_by("id"))


def _reversed_together(entity_id: int, receipt_id: int) -> list[Receipt]:
    """The receipt, with the parts of the same payment that were reversed by the same deed; their balances locked."""
    (receipt, _), *_others = lock_receipts(entity_id, [receipt_id]).values()
    undone = JournalEntry.objects.filter(reverses_id=receipt.entry_id).first()
    if undone is None:
        raise Conflict("receipt.stands", "This receipt stands: nothing is to be taken back.")
    lines = LinePart.objects.filter(receipt_id=receipt_id).values_list("line_id", flat=True)
    parts = Receipt.objects.filter(line_part__line_id__in=list(lines))
    same = parts.filter(entry__reversed_by__recorded_at=undone.recorded_at, entity_id=entity_id)
    numbers = {receipt_id, *same.values_list("id", flat=True)}
    return [one for one, _ in lock_receipts(entity_id, numbers).values()]


def _check_free(receipt: Receipt) -> None:
    if CashSlip.objects.filter(receipt_id=receipt.pk).exists():
        raise Refusal("receipt.has_slip", "Cash has a numbered receipt: take the cash anew.")
    check_not_of_note([receipt.entry_id])
    mark = _mark(receipt)
    same = Receipt.objects.filter(entity_id=receipt.entity_id, source_id=receipt.source_id)
    same = same.filter(entry__reversed_by__isnull=True).exclude(id=receipt.pk)
    whole = receipt.external_id.partition(mark)[0]
    siblings = LinePart.objects.filter(line__parts__receipt_id=receipt.pk).values("receipt_id")
    anew = same.filter(external_id__startswith=f"{whole}{mark}").exclude(id__in=siblings)
    if anew.exists() or same.filter(external_id=whole).exists():
        raise Conflict("receipt.posted_anew", "This money was posted anew already.")


def _mark(receipt: Receipt) -> str:
    return "/" if receipt.source.code == SOURCE else "/part-"


@dataclass(slots=True)
class _Anew:
    """One deed: old receipts and entries by what takes their place."""

    entity_id: int
    actor_id: int | None
    now: datetime
    memo: str
    old: Sequence[Receipt]
    receipts: dict[int, int] = field(init=False, default_factory=dict)
    entries: dict[int, int] = field(init=False, default_factory=dict)

    # -- the books ---------------------------------------------------------------------------------------------------
    def post(self) -> None:
        books = open_books(self.entity_id, actor_id=self.actor_id)
        unit = Unit(self.entity_id, self.actor_id, self.now, self.old[0].source_id)
        self.receipts = dict(zip((one.pk for one in self.old), unit.new_ids("receipt", len(self.old)), strict=True))
        found = self._taken_back()
        drafts = [(entry, self._draft(books, entry)) for entry in found]
        demand_legs(
            self.actor_id,
            Right.REVERSE,
            entity_id=self.entity_id,
            legs=[leg for _, draft in drafts for leg in draft.postings],
        )
        self._check_room([leg for _, draft in drafts for leg in draft.postings])
        for entry, draft in drafts:
            self.entries[entry.pk] = unit.add_entry(draft)
        names = {one.pk: free_names(one, one.source.code) for one in self.old}
        given: set[str] = set()
        for one in self.old:
            name = next(text for text in names[one.pk] if text not in given)
            given.add(name)
            unit.receipts.append(self._row(one, name, dict(drafts)))
        unit.flush()
        carry_over(self.receipts)

    def _taken_back(self) -> list[JournalEntry]:
        """What the deed that reversed the receipts took back, as it had been posted: receipts first."""
        when = JournalEntry.objects.get(reverses_id=self.old[0].entry_id).recorded_at
        touching = Posting.objects.filter(receipt_id__in=list(self.receipts)).values("entry_id")
        found = JournalEntry.objects.filter(id__in=touching, reversed_by__recorded_at=when)
        found = found.select_related("reversed_by")
        return sorted(found, key=lambda one: (one.kind != EntryKind.RECEIPT, one.recorded_at, one.pk))

    def _draft(self, books: Books, entry: JournalEntry) -> EntryDraft:
        undone = entry.reversed_by
        day = books.posting_day(max(undone.effective_date, entry.effective_date))
        return EntryDraft(
            kind=EntryKind(entry.kind),
            effective_date=day.effective_date,
            posting_date=books.posting_day(max(day.posting_date, undone.posting_date)).posting_date,
            postings=tuple(
                replace(leg, receipt_id=self.receipts.get(leg.receipt_id, leg.receipt_id)) if leg.receipt_id else leg
                for leg in legs_of(entry.pk)
            ),
            memo=entry.memo if entry.kind != EntryKind.RECEIPT else self.memo[:NAME_MAX],
            external_id=entry.external_id,
            source_recorded_at=entry.source_recorded_at,
        )

    def _row(self, old: Receipt, name: str, drafts: Mapping[JournalEntry, EntryDraft]) -> ReceiptRow:
        draft = drafts[old.entry]
        party = ReceiptParty.objects.filter(receipt=old).first()
        return ReceiptRow(
            receipt_id=self.receipts[old.pk],
            entry_id=self.entries[old.entry_id],
            account_id=old.account_id,
            source_id=old.source_id,
            external_id=name,
            version=1,
            reference=old.reference,
            value_date=old.value_date,
            posting_date=draft.posting_date,
            effective_date=draft.effective_date,
            currency=old.currency,
            amount_minor=old.amount_minor,
            base_minor=old.base_minor,
            payer_name=party.payer_name if party else "",
            payer_account=party.payer_account if party else "",
            remittance_text=party.remittance_text if party else "",
        )

    def _check_room(self, legs: Sequence[PostingDraft]) -> None:
        """Each item is still open for as much as the money paid of it."""
        rows = lock_items(self.entity_id, [leg.item_id for leg in legs if leg.item_id is not None])
        unmet = unmet_settlements(rows)
        change: dict[tuple[int, bool], int] = {}
        for leg in legs:
            settled = leg.ledger_account == LedgerAccount.SOURCE_SETTLEMENT
            if leg.item_id is not None and (settled or leg.ledger_account in CONTROL_ACCOUNTS):
                place = leg.item_id, settled
                change[place] = change.get(place, 0) + leg.amount_minor
        for (item_id, settled), minor in change.items():
            row = unmet.get(item_id) if settled else rows[item_id]
            left = (row.open_minor if row else 0) + minor
            whole = rows[item_id].original_minor
            if left * whole < 0 or abs(left) > abs(whole):
                number = OpenItem.objects.values_list("document_number", flat=True).get(id=item_id)
                raise Conflict(
                    "receipt.paid_since",
                    "{document} was paid otherwise since: take that back first, or post the money as a new receipt.",
                    document=number,
                )

    # -- what spoke of the receipts ----------------------------------------------------------------------------------
    def move_ties(self) -> None:
        """Lines, parts, decisions and direct debits speak of the new receipts; the line that took the money back waits
        again."""
        ties = BankLineReceipt.objects.select_for_update().filter(receipt_id__in=list(self.receipts))
        lines = set(LinePart.objects.filter(receipt_id__in=list(self.receipts)).values_list("line_id", flat=True))
        accounts: set[int] = set()
        for tie in ties.order_by("line_id"):
            if tie.tie == Tie.BOUNCED.value:
                tie.delete()
                continue
            tie.receipt_id = self.receipts[tie.receipt_id]
            tie.save(update_fields=["receipt"])
            lines.add(tie.line_id)
        for line_id in sorted(lines):
            for decision in self._live(line_id):
                accounts |= {leg["account_id"] for leg in decision.legs} | {decision.account_id or 0}
                self._decide_again(decision)
            mark_stale(self.entity_id, line_id, [number for number in accounts if number], itself=True)
        self._collect_again()

    def _live(self, line_id: int) -> list[LineDecision]:
        found = LineDecision.objects.filter(line_id=line_id, undone_by__isnull=True).exclude(deed=Deed.UNDO.value)
        return [one for one in found.order_by("id") if self.entries.keys() & set(one.entries)]

    def _decide_again(self, old: LineDecision) -> None:
        """Decisions are never changed: this one is undone, and another like it names the entries of now."""
        note_undone(old, actor_id=self.actor_id, now=self.now, detail=self.memo[:300])
        kept = ("deed", "actor_id", "is_automatic", "account_id", "rank", "confidence", "bar", "back")
        new = LineDecision.objects.create(
            entity_id=self.entity_id,
            line_id=old.line_id,
            at=self.now,
            **{name: getattr(old, name) for name in kept},
            applied_minor=old.applied_minor,
            leaves_minor=old.leaves_minor,
            legs=old.legs,
            entries=[self.entries.get(number, number) for number in old.entries],
            detail=old.detail,
        )
        for part in LinePart.objects.filter(decision=old):
            number = part.receipt_id
            LinePart.objects.filter(receipt_id=number).delete()
            LinePart.objects.create(receipt_id=self.receipts.get(number, number), line_id=old.line_id, decision=new)
        DebitPayment.objects.filter(decision=old).update(decision=new)
        _settle_again(old, new)
        audit = MatchAudit.objects.filter(decision=old).first()
        if audit is not None:
            MatchAudit.objects.filter(decision=old).delete()
            audit.decision = new
            audit.save(force_insert=True)

    def _collect_again(self) -> None:
        found = DebitPayment.objects.filter(receipt_id__in=list(self.receipts), state=PaymentState.RETURNED.value)
        for payment in found.select_related("run").order_by("id"):
            payment.state, payment.receipt_id = PaymentState.COLLECTED.value, self.receipts[payment.receipt_id or 0]
            payment.return_line_id, payment.returned_on, payment.return_reason = None, None, ""
            payment.charges_minor = 0
            payment.save()
            note_event(
                payment.run, "reinstated", actor_id=self.actor_id, now=self.now, payment_id=payment.pk, note=self.memo
            )


def _settle_again(old: LineDecision, new: LineDecision) -> None:
    """A platform's payout is never changed either: another like it stands on the decision of now."""
    payout = Payout.objects.filter(decision=old).first()
    if payout is None:
        return
    parts = list(PayoutPart.objects.filter(payout=payout).order_by("id"))
    said = ShopExplanation.objects.filter(shop_id=payout.shop_id, kind__in=OF_PAYOUTS, key=str(payout.pk))
    explanations = list(said.order_by("id"))
    payout.pk, payout.decision = None, new
    payout.save(force_insert=True)
    # What a person said of its differences still holds: a fee that was accepted is booked.
    for explanation in explanations:
        explanation.pk, explanation.key = None, str(payout.pk)
    ShopExplanation.objects.bulk_create(explanations)
    for part in parts:
        part.pk, part.payout = None, payout
    PayoutPart.objects.bulk_create(parts)

"""E-invoices into the ledger: each becomes an item once, with its net, its tax per rate and the file it came in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from huikuan.core.refusals import BadData, Refusal
from huikuan.core.rights import Right
from huikuan.invoices.document import InvoiceDocument
from huikuan.invoices.reading import parse_invoice
from huikuan.queries.cache import Cache
from huikuan.services.auditing import record
from huikuan.services.books import Books, open_books
from huikuan.services.customers import NewCustomer, add_customers
from huikuan.services.documents import add_document
from huikuan.services.einvoices_deciding import decide_outcome, external_id_of, new_item_of, rate_bp, tax_rows
from huikuan.services.einvoices_matching import SOURCE, Ledger
from huikuan.services.einvoices_types import InvoiceFile, Outcome, Report, data_errors
from huikuan.services.items import add_items
from huikuan.services.rights import demand
from huikuan.services.sources import source_id_of
from huikuan.services.transaction import run_in_transaction
from huikuan.services.writing import Unit
from huikuan.store.files import put_file, read_file
from huikuan.store.models import CustomerAccount, EInvoice, EInvoiceTax, EInvoiceUpload, Entity

FILES_MAX = 100
INVOICES_MAX = 5_000
_READ = Cache(bytes_max=256 << 20)
"""What was read of files that are shown, and shown again, before they are posted."""
_GROWS = 8
"""Read, a file is about so many times as large."""


@dataclass(frozen=True, slots=True)
class _Invoices:
    documents: tuple[InvoiceDocument, ...]
    nbytes: int


def import_invoices(
    files: Sequence[InvoiceFile],
    *,
    entity_id: int,
    actor_id: int | None,
    now: datetime,
    dry_run: bool = False,
    new_customers: bool = False,
    good_only: bool = False,
) -> Report:
    """Posts the invoices of these files as items of an entity: all of them, or with any fault none.

    An invoice is known by its seller and number: the same again changes nothing (a further original is kept), other
    content under the same number is refused, for an issued invoice is corrected by a credit note. An item that another
    source brought in under the same number and amount gets the invoice's facts instead of a twin.

    ``dry_run``: says what would happen. ``new_customers``: unknown buyers become customers. ``good_only``: leaves
    faulty invoices out. Raises ``BadData`` with every fault of every file; refuses ``right.missing``,
    ``entity.unknown`` and ``einvoice.too_many``.
    """
    if len(files) > FILES_MAX:
        raise Refusal("einvoice.too_many", "at most {count} files at once", count=FILES_MAX)
    read = _read(files)

    def work() -> Report:
        demand(actor_id, Right.IMPORT, entity_id=entity_id)
        books = open_books(entity_id, actor_id=actor_id)
        report = Report(_decide(read, books, new_customers))
        if dry_run:
            return report
        if report.refused and not good_only:
            raise BadData(data_errors(report.refused))
        _post(report, files, books, actor_id, now)
        return report

    return run_in_transaction(work)


def _read(files: Sequence[InvoiceFile]) -> list[tuple[int, InvoiceDocument | Refusal]]:
    """Every invoice, or why a file has none, with the place of its file."""
    read: list[tuple[int, InvoiceDocument | Refusal]] = []
    for index, file in enumerate(files):
        try:
            read += [(index, document) for document in _documents(file)]
        except Refusal as refusal:
            read.append((index, refusal))
        if len(read) > INVOICES_MAX:
            raise Refusal("einvoice.too_many_invoices", "at most {count} invoices at once", count=INVOICES_MAX)
    return read


def _documents(file: InvoiceFile) -> tuple[InvoiceDocument, ...]:
    """A file says the same each time, so it is read once; what is refused is not kept."""
    key = (file.name, hashlib.sha256(file.data).digest())
    found = _READ.get_or_make(
        key, lambda: _Invoices(tuple(parse_invoice(file.data, file.name)), _GROWS * len(file.data))
    )
    return found.documents


def _decide(read: Sequence[tuple[int, InvoiceDocument | Refusal]], books: Books, new_customers: bool) -> list[Outcome]:
    entity = Entity.objects.get(id=books.entity_id)
    ledger = Ledger(books.entity_id, [one.number for _, one in read if isinstance(one, InvoiceDocument)])
    outcomes: list[Outcome] = []
    seen: dict[str, int] = {}
    for index, one in read:
        if isinstance(one, Refusal):
            unread = Outcome(str(one.params.get("name", "")), index)
            unread.refuse(one)
            outcomes.append(unread)
            continue
        outcome = Outcome(one.file_name, index, one)
        key = external_id_of(one)
        before = outcomes[seen[key]] if key in seen else None
        decide_outcome(outcome, books, entity, ledger, new_customers=new_customers, before=before)
        if before is not None and outcome.status == "known":
            outcome.same_as = seen[key]
        seen.setdefault(key, len(outcomes))
        outcomes.append(outcome)
    return outcomes


def _post(report: Report, files: Sequence[InvoiceFile], books: Books, actor_id: int | None, now: datetime) -> None:
    accounts = _accounts(report, books.entity_id, actor_id, now)
    fresh = [one for one in report.outcomes if one.status == "new"]
    unit = Unit(books.entity_id, actor_id, now, source_id_of(SOURCE))
    ids = add_items(unit, books, [new_item_of(one, accounts[_buyer_key(one)]) for one in fresh])
    unit.flush()
    for outcome, item_id in zip(fresh, ids, strict=True):
        outcome.item_id = item_id
    for outcome in report.outcomes:
        if outcome.status in ("new", "attached"):
            _keep_facts(outcome, files[outcome.file_index].data, books.entity_id, actor_id, now)
        elif outcome.same_as is not None:
            outcome.item_id = report.outcomes[outcome.same_as].item_id
    _keep_files(report, files, actor_id, now)
    report.posted, report.attached = len(fresh), report.count("attached")
    record(
        "einvoice.import",
        now=now,
        actor_id=actor_id,
        entity_id=books.entity_id,
        posted=report.posted,
        attached=report.attached,
        known=report.count("known"),
        left_out=len(report.refused),
    )


def _buyer_key(outcome: Outcome) -> str:
    if outcome.match.account_id is not None:
        return f"account:{outcome.match.account_id}"
    if outcome.match.customer_id is not None:
        return f"customer:{outcome.match.customer_id}"
    buyer = outcome.document.buyer if outcome.document else None
    return f"buyer:{(buyer.tax_id or buyer.name)[:110]}" if buyer else ""


def _accounts(report: Report, entity_id: int, actor_id: int | None, now: datetime) -> dict[str, int]:
    """The customer account of each buyer, made where the invoice makes it."""
    accounts: dict[str, int] = {}
    for outcome in report.outcomes:
        key = _buyer_key(outcome)
        if outcome.status != "new" or key in accounts or outcome.document is None:
            continue
        if outcome.match.account_id is not None:
            accounts[key] = outcome.match.account_id
        elif outcome.match.customer_id is not None:
            demand(actor_id, Right.EDIT_CUSTOMER, entity_id=entity_id)
            account = CustomerAccount.objects.create(
                customer_id=outcome.match.customer_id, entity_id=entity_id, created_at=now
            )
            accounts[key] = account.id
            record("account.add", now=now, actor_id=actor_id, entity_id=entity_id, subject=f"account:{account.id}")
        else:
            buyer = outcome.document.buyer
            new = NewCustomer(
                external_id=(buyer.tax_id or buyer.name)[:110],
                name=buyer.name,
                registration_number=(buyer.tax_id or buyer.registration_id)[:40],
                country=buyer.country or ("CN" if outcome.document.is_chinese else ""),
            )
            made = add_customers(entity_id, [new], source=SOURCE, actor_id=actor_id, now=now)
            accounts[key] = made[new.external_id]
            report.new_customers += 1
    return accounts


def _keep_facts(outcome: Outcome, data: bytes, entity_id: int, actor_id: int | None, now: datetime) -> None:
    document = outcome.document
    if document is None or document.issue_date is None or outcome.item_id is None:
        raise AssertionError("an invoice without faults has a date and an item")
    invoice = EInvoice.objects.create(
        entity_id=entity_id,
        item_id=outcome.item_id,
        source_format=document.source_format.value,
        profile=document.profile[:60],
        number=document.number,
        issue_date=document.issue_date,
        currency=outcome.currency,
        net_minor=outcome.net_minor,
        tax_minor=outcome.tax_minor,
        gross_minor=outcome.gross_minor,
        prepaid_minor=outcome.prepaid_minor,
        payable_minor=outcome.amount_minor,
        seller_tax_id=document.seller.tax_id[:60],
        buyer_tax_id=document.buyer.tax_id[:60],
        preceding_number=document.preceding[0].number[:120] if document.preceding else "",
        file_sha256=hashlib.sha256(data).hexdigest(),
        imported_at=now,
        imported_by_id=actor_id,
    )
    EInvoiceTax.objects.bulk_create(
        [
            EInvoiceTax(
                einvoice=invoice,
                category=one.category,
                rate_bp=rate_bp(one.rate),
                net_minor=net_minor,
                tax_minor=tax_minor,
            )
            for one, net_minor, tax_minor in tax_rows(document, outcome.currency)
        ]
    )
    record(
        "einvoice.post" if outcome.status == "new" else "einvoice.attach",
        now=now,
        actor_id=actor_id,
        entity_id=entity_id,
        subject=f"item:{outcome.item_id}",
        number=document.number,
        format=document.source_format.value,
        sha256=invoice.file_sha256,
    )


def _keep_files(report: Report, files: Sequence[InvoiceFile], actor_id: int | None, now: datetime) -> None:
    """Each file is one document, linked to every item it brought in or says again."""
    for index, file in enumerate(files):
        items = [one.item_id for one in report.outcomes if one.file_index == index and one.status != "refused"]
        links = [("item", number) for number in items if number is not None]
        if links:
            add_document(file.data, file.name, evidence_type="invoice", links=links, actor_id=actor_id, now=now)


# -- files shown before they are posted ------------------------------------------------------------------------------
def keep_upload(files: Sequence[InvoiceFile], *, entity_id: int, actor_id: int | None, now: datetime) -> int:
    """Keeps files that were handed in, to be shown and then posted; gives the number of the upload.

    Refuses ``right.missing``, ``einvoice.no_file``, ``einvoice.too_many`` and what ``parse_invoice`` refuses of sizes.
    """
    from huikuan.invoices.limits import check_size

    if not files:
        raise Refusal("einvoice.no_file", "Choose a file first.")
    if len(files) > FILES_MAX:
        raise Refusal("einvoice.too_many", "at most {count} files at once", count=FILES_MAX)
    demand(actor_id, Right.IMPORT, entity_id=entity_id)
    for file in files:
        check_size(file.data, file.name)
    kept = [{"name": file.name[:200], "sha256": put_file(file.data)} for file in files]

    def work() -> int:
        demand(actor_id, Right.IMPORT, entity_id=entity_id)
        upload = EInvoiceUpload.objects.create(entity_id=entity_id, created_by_id=actor_id, created_at=now, files=kept)
        return int(upload.id)

    return run_in_transaction(work)


def upload_files(upload_id: int, *, actor_id: int | None) -> tuple[int, list[InvoiceFile]]:
    """Entity and files of an upload. Refuses ``einvoice.no_upload``, ``right.missing`` and ``document.lost``."""
    upload = EInvoiceUpload.objects.filter(id=upload_id).first()
    if upload is None:
        raise Refusal("einvoice.no_upload", "There is no such upload.")
    demand(actor_id, Right.IMPORT, entity_id=upload.entity_id)
    files = []
    for one in upload.files:
        data = read_file(one["sha256"])
        if data is None:
            raise Refusal("document.lost", "The file of {name} is missing or altered.", name=one["name"])
        files.append(InvoiceFile(one["name"], data))
    return upload.entity_id, files


def post_upload(
    upload_id: int, *, actor_id: int | None, now: datetime, new_customers: bool = False, good_only: bool = False
) -> Report:
    """Posts an upload as ``import_invoices`` does; twice changes nothing more."""
    entity_id, files = upload_files(upload_id, actor_id=actor_id)
    report = import_invoices(
        files, entity_id=entity_id, actor_id=actor_id, now=now, new_customers=new_customers, good_only=good_only
    )
    EInvoiceUpload.objects.filter(id=upload_id, posted_at=None).update(posted_at=now)
    return report


def set_tax_id(entity_id: int, tax_id: str, *, actor_id: int | None, now: datetime) -> None:
    """The entity's own VAT or taxpayer number, which tells its invoices. Refuses ``entity.unknown``, text faults."""
    from huikuan.core.texts import check_text

    plain = " ".join(tax_id.split())
    check_text("tax_id", plain, 60)

    def work() -> None:
        demand(actor_id, Right.MANAGE_SYSTEM, entity_id=entity_id)
        if not Entity.objects.filter(id=entity_id).update(tax_id=plain):
            raise Refusal("entity.unknown", "there is no entity {entity}", entity=entity_id)
        record("entity.tax_id", now=now, actor_id=actor_id, entity_id=entity_id, tax_id=plain)

    run_in_transaction(work)

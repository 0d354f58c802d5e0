"""What hangs on a receipt and goes with its money when it is posted anew."""

from __future__ import annotations

from collections.abc import Mapping

from huikuan.core.channels import Channel
from huikuan.core.documents import LinkKind
from huikuan.services.channels import keep_channels
from huikuan.store.models import DocumentLink, ReceiptChannel


def carry_over(receipts: Mapping[int, int]) -> None:
    """By former receipt → new receipt, within the transaction that posts the new ones: the channel the money came by,
    and the documents linked to it, which stay linked to the former too."""
    told = ReceiptChannel.objects.filter(receipt_id__in=list(receipts)).values_list("receipt_id", "channel")
    keep_channels([(receipts[number], Channel(channel)) for number, channel in told])
    carry_documents([(old, new) for old, new in receipts.items()])


def carry_documents(pairs: list[tuple[int, int]]) -> None:
    """Links the documents of each former receipt to the new one as well."""
    links: dict[int, list[DocumentLink]] = {}
    wanted = {old for old, _ in pairs}
    for link in DocumentLink.objects.filter(kind=LinkKind.RECEIPT.value, object_id__in=wanted):
        links.setdefault(link.object_id, []).append(link)
    DocumentLink.objects.bulk_create(
        [
            DocumentLink(document_id=link.document_id, kind=link.kind, object_id=new, entity_id=link.entity_id)
            for old, new in pairs
            for link in links.get(old, ())
        ],
        ignore_conflicts=True,
    )

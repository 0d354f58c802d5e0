"""Every model of the product, gathered for Django; each file holds one business word."""

from huikuan.store.api import ApiKey
from huikuan.store.approvals import Absence, ApprovalDecision, ApprovalRequest, ApprovalRule
from huikuan.store.audit import AuditEvent, IdempotencyKey, Installation
from huikuan.store.bank import (
    BankAccount,
    BankAccountAlias,
    BankLine,
    BankLineReceipt,
    BankLineText,
    BankStatement,
    BankUpload,
    RemittanceAdvice,
    RemittanceAdviceRow,
)
from huikuan.store.customer_file import Contact, CustomerChange, CustomerMerge, CustomerNote, DistinctCustomers
from huikuan.store.documents import Document, DocumentLink
from huikuan.store.einvoices import EInvoice, EInvoiceTax, EInvoiceUpload
from huikuan.store.general_ledger import ClosingMark, GlAccount, GlExport, GlSettings
from huikuan.store.going_live import GoLive, GoLiveProof, OpeningBalance
from huikuan.store.imports import ImportBatch, SourceSettlement
from huikuan.store.ledger import (
    ExchangeRate,
    JournalEntry,
    OpenItem,
    OpenItemBalance,
    Period,
    Posting,
    Receipt,
    ReceiptBalance,
    ReceiptParty,
)
from huikuan.store.operations import ReportSchedule, ScheduledJob, ScheduledRun, WatchedFile, WatchedFolder
from huikuan.store.outbox import OutboxEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from huikuan.store.parties import (
    Customer,
    CustomerAccount,
    CustomerAlias,
    CustomerPayerAccount,
    CustomerRef,
    Entity,
    Source,
    User,
)
from huikuan.store.people import RoleGrant, Team
from huikuan.store.sealing import Seal, SealHead, SealRun, Segment
from huikuan.store.views import TableView, UsualView

__all__ = [
    "Absence",
    "ApiKey",
    "ApprovalDecision",
    "ApprovalRequest",
    "ApprovalRule",
    "AuditEvent",
    "BankAccount",
    "BankAccountAlias",
    "BankLine",
    "BankLineReceipt",
    "BankLineText",
    "BankStatement",
    "BankUpload",
    "ClosingMark",
    "Contact",
    "Customer",
    "CustomerAccount",
    "CustomerAlias",
    "CustomerChange",
    "CustomerMerge",
    "CustomerNote",
    "CustomerPayerAccount",
    "CustomerRef",
    "DistinctCustomers",
    "Document",
    "DocumentLink",
    "EInvoice",
    "EInvoiceTax",
    "EInvoiceUpload",
    "Entity",
    "ExchangeRate",
    "GlAccount",
    "GlExport",
    "GlSettings",
    "GoLive",
    "GoLiveProof",
    "IdempotencyKey",
    "ImportBatch",
    "Installation",
    "JournalEntry",
    "OpenItem",
    "OpenItemBalance",
    "OpeningBalance",
    "OutboxEvent",
    "Period",
    "Posting",
    "Receipt",
    "ReceiptBalance",
    "ReceiptParty",
    "RemittanceAdvice",
    "RemittanceAdviceRow",
    "ReportSchedule",
    "RoleGrant",
    "ScheduledJob",
    "ScheduledRun",
    "Seal",
    "SealHead",
    "SealRun",
    "Segment",
    "Source",
    "SourceSettlement",
    "TableView",
    "Team",
    "User",
    "UsualView",
    "WatchedFile",
    "WatchedFolder",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]

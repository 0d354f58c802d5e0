"""Every page of the staff, and the right it asks for; the world in which everybody asks for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.urls import URLPattern, URLResolver, get_resolver

from huikuan.core.gl_charts import chart
from huikuan.core.notes import AcceptorClass, NoteKind, Settles
from huikuan.core.rights import ROLE_RIGHTS, Reach, Right, Role
from huikuan.services.cash_slips import NewCash, take_cash
from huikuan.services.einvoices import keep_upload
from huikuan.services.einvoices_types import InvoiceFile
from huikuan.services.general_ledger import export_month, map_accounts
from huikuan.services.imports import preview_upload
from huikuan.services.notes import NewNote, take_note
from huikuan.services.notes_steps import present_note
from huikuan.services.receipts import NewReceipt, post_receipts
from huikuan.services.sealing import seal
from huikuan.services.short_payments import open_short_payment
from huikuan.store.models import (
    AuditEvent,
    CustomerAccount,
    JournalEntry,
    OpenItem,
    Receipt,
    RoleGrant,
    Team,
    User,
)
from huikuan.store.public_ids import public_id
from tests.web.matrix_agreements import agreement_of
from tests.web.matrix_bank import bank_of
from tests.web.matrix_debits import DEBIT_PAGES, debits_of
from tests.web.matrix_shops import SHOP_PAGES, shops_of
from tests.web.world import START, build_world

R = Right
OPEN_ROUTES = ("/accounts/", "/api/", "/health", "/ready", "/metrics", "/i18n/", "/favicon")
"""Sign-in, what machines ask, and the programming interface, which has a matrix of its own (tests/api)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a page asks for: the right (``None``: being signed in), for all customers (``whole``) or some, in which
    methods it answers, which query it takes, and with ``kind`` the sort of object in its address."""

    right: Right | None
    methods: str = "G"
    kind: str = ""
    whole: bool = False
    query: str = ""
    covers: bool = False
    """The right must be held for everything that is seen."""
    post: Right | None = None
    """The right to send the form, where looking at the page asks for less; for all customers."""


SEE, CASH = R.SEE_LEDGER, R.POST_CASH
PAGES: dict[str, Ask] = {
    "home": Ask(None),
    "settings": Ask(None, "GP"),
    "palette": Ask(None),
    "search": Ask(SEE, query="?q=0"),
    "customers": Ask(SEE),
    "customer": Ask(SEE, kind="customer"),
    "customers_assign": Ask(R.EDIT_CUSTOMER, "GP"),
    "customer_assign": Ask(R.EDIT_CUSTOMER, "P", "customer"),
    "customer_edit": Ask(R.EDIT_CUSTOMER, "GP", "customer"),
    "customer_history": Ask(SEE, kind="customer"),
    "customer_account": Ask(R.EDIT_CUSTOMER, "GP", "customer"),
    "customer_merge": Ask(R.MERGE_CUSTOMER, "GP", "customer"),
    "merge_undo": Ask(R.MERGE_CUSTOMER, "GP", "customer"),
    "duplicates": Ask(R.MERGE_CUSTOMER),
    "duplicates_apart": Ask(R.MERGE_CUSTOMER, "P"),
    "alias_add": Ask(R.EDIT_CUSTOMER, "P", "customer"),
    "alias_remove": Ask(R.EDIT_CUSTOMER, "P", "customer"),
    "mandates": Ask(R.EDIT_PAYER_ACCOUNT, "GP", "customer"),
    "mandate_withdraw": Ask(R.EDIT_PAYER_ACCOUNT, "P", "customer"),
    "payer_add": Ask(R.EDIT_PAYER_ACCOUNT, "GP", "customer"),
    "payer_remove": Ask(R.EDIT_PAYER_ACCOUNT, "P", "customer"),
    "payer_unmask": Ask(R.UNMASK, "P", "customer"),
    "contact_add": Ask(R.EDIT_CUSTOMER, "GP", "customer"),
    "contact": Ask(R.EDIT_CUSTOMER, "GP", "customer"),
    "contact_erase": Ask(R.EDIT_CUSTOMER, "GP", "customer"),
    "contact_unmask": Ask(R.UNMASK, "P", "customer"),
    "note_add": Ask(R.ADD_DOCUMENT, "P", "customer"),
    "note_withdraw": Ask(R.ADD_DOCUMENT, "P", "customer"),
    "items": Ask(SEE, query="?state=all"),
    "item": Ask(SEE, kind="item"),
    "receipt": Ask(SEE, kind="receipt"),
    "entry": Ask(SEE, kind="entry"),
    "journal": Ask(SEE),
    "table_filters": Ask(SEE),
    "table_views": Ask(SEE, "P"),
    "table_export": Ask(R.EXPORT, "G", covers=True),
    "ageing": Ask(SEE),
    "ageing_export": Ask(R.EXPORT, covers=True),
    "imports": Ask(SEE, whole=True),
    "import_new": Ask(R.IMPORT, "GP", whole=True),
    "import": Ask(SEE, kind="batch", whole=True),
    "import_check": Ask(R.IMPORT, "P", "batch", whole=True),
    "import_retry": Ask(R.IMPORT, "P", "batch", whole=True),
    "import_post": Ask(R.IMPORT, "P", "batch", whole=True),
    "import_discard": Ask(R.IMPORT, "P", "batch", whole=True),
    "import_annotated": Ask(SEE, kind="batch", whole=True),
    "einvoices": Ask(SEE),
    "einvoice_new": Ask(R.IMPORT, "GP", whole=True),
    "einvoice_seller": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "einvoice_upload": Ask(R.IMPORT, kind="upload", whole=True),
    "einvoice_post": Ask(R.IMPORT, "P", "upload", whole=True),
    "settlements": Ask(SEE),
    "customer_habits": Ask(SEE, kind="customer"),
    "customer_habits_edit": Ask(R.EDIT_CUSTOMER, "GP", "customer"),
    "short_payments": Ask(SEE),
    "short_payment": Ask(SEE, kind="short_payment"),
    "short_payment_accept": Ask(R.POST_ADJUSTMENT, "GP", "short_payment"),
    "short_payment_reject": Ask(R.HANDLE_SHORT_PAYMENT, "GP", "short_payment"),
    "short_payment_change": Ask(R.HANDLE_SHORT_PAYMENT, "GP", "short_payment"),
    "short_payment_reasons": Ask(R.MANAGE_POLICY, "GP", whole=True),
    "item_short": Ask(R.HANDLE_SHORT_PAYMENT, "GP", "item"),
    "settlements_decide": Ask(R.DECIDE_SETTLEMENT, "P"),
    "cash": Ask(SEE, query="?state=all"),
    "collected": Ask(SEE),
    "cash_new": Ask(CASH, "GP"),
    "notes": Ask(SEE, query="?which=all"),
    **{name: Ask(**asked) for name, asked in SHOP_PAGES.items()},
    "slips": Ask(SEE, query="?which=all"),
    "slip_new": Ask(CASH, "GP"),
    "slip": Ask(SEE, kind="slip"),
    "slip_hand_in": Ask(CASH, "GP", "slip"),
    "channel_policy": Ask(R.MANAGE_POLICY, "GP", whole=True),
    "note_new": Ask(R.POST_NOTE, "GP"),
    "agreements": Ask(SEE, query="?which=all"),
    "agreement": Ask(SEE, kind="agreement"),
    "agreement_new": Ask(R.POST_ADJUSTMENT, "GP"),
    "agreement_act": Ask(R.POST_ADJUSTMENT, "GP", "agreement", query="?step=sign"),
    "agreement_undo": Ask(R.REVERSE, "GP", "agreement"),
    "note": Ask(SEE, kind="note"),
    "note_act": Ask(R.POST_NOTE, "GP", "note", query="?step=paid"),
    "note_negotiate": Ask(R.NEGOTIATE_NOTE, "GP", "note", query="?step=discounted"),
    "note_undo": Ask(R.POST_NOTE, "GP", "note"),
    "cash_customers": Ask(CASH, query="?who=0"),
    "remittances": Ask(SEE, "GP", whole=True, post=R.ADD_DOCUMENT),
    "remittance": Ask(SEE, kind="remittance", whole=True),
    "remittance_link": Ask(R.ADD_DOCUMENT, "P", "remittance", whole=True),
    "remittance_unlink": Ask(R.ADD_DOCUMENT, "P", "remittance", whole=True),
    "remittance_file": Ask(SEE, kind="remittance", whole=True),
    "bank_statements": Ask(SEE, whole=True),
    "bank_statement": Ask(SEE, kind="bank_statement", whole=True),
    "bank_statement_file": Ask(R.EXPORT, kind="bank_statement", whole=True),
    "bank_statement_new": Ask(CASH, "GP", whole=True),
    "bank_upload": Ask(SEE, kind="bank_upload", whole=True),
    "bank_upload_account": Ask(CASH, "P", "bank_upload", whole=True),
    "bank_upload_order": Ask(CASH, "P", "bank_upload", whole=True),
    "bank_upload_take": Ask(R.OVERRIDE_BANK_STATEMENT, "P", "bank_upload", whole=True),
    "bank_upload_give_up": Ask(CASH, "P", "bank_upload", whole=True),
    "bank_upload_again": Ask(CASH, "P", "bank_upload", whole=True),
    "bank_lines": Ask(SEE, whole=True),
    "bank_line": Ask(SEE, kind="bank_line", whole=True),
    "bank_line_link": Ask(CASH, "P", "bank_line", whole=True),
    "bank_line_unlink": Ask(CASH, "P", "bank_line", whole=True),
    "bank_line_post": Ask(CASH, "P", "bank_line", whole=True),
    "bank_line_bounce": Ask(R.REVERSE, "P", "bank_line", whole=True),
    **{name: Ask(*given) for name, given in DEBIT_PAGES.items()},
    **dict.fromkeys(("workbench", "workbench_learned"), Ask(R.DECIDE_MATCH, whole=True)),
    **dict.fromkeys(("workbench_run", "workbench_undo", "workbench_forget"), Ask(R.DECIDE_MATCH, "P", whole=True)),
    **dict.fromkeys(("workbench_line", "workbench_find"), Ask(R.DECIDE_MATCH, kind="bank_line", whole=True)),
    **{
        f"workbench_{name}": Ask(R.DECIDE_MATCH, "P", "bank_line", whole=True)
        for name in "claim decide sum aside".split()
    },
    "workbench_edit": Ask(R.DECIDE_MATCH, "GP", "bank_line", whole=True),
    "workbench_batch": Ask(R.DECIDE_MATCH, "GP", whole=True),
    "workbench_today": Ask(SEE, whole=True),
    "workbench_audit": Ask(R.AUDIT_MATCH, "P", whole=True),
    "line_questions": Ask(None, "GP"),
    "matching_policy": Ask(SEE, "GP", whole=True, post=R.EDIT_MATCH_POLICY),
    "bank_accounts": Ask(R.EDIT_BANK_ACCOUNT, "GP", whole=True),
    "bank_account": Ask(R.EDIT_BANK_ACCOUNT, "GP", "bank_account", whole=True),
    "receipt_identify": Ask(CASH, "GP", "receipt"),
    "receipt_apply": Ask(CASH, "GP", "receipt"),
    "receipt_spread": Ask(CASH, "P", "receipt"),
    "receipt_convert": Ask(CASH, "GP", "receipt"),
    "receipt_converted": Ask(CASH, "P", "receipt"),
    "receipt_park": Ask(CASH, "GP", "receipt"),
    "receipt_refund": Ask(CASH, "GP", "receipt"),
    "receipt_refund_other": Ask(R.REFUND_OTHER_PAYEE, "GP", "receipt"),
    "receipt_bounce": Ask(R.REVERSE, "GP", "receipt"),
    "receipt_reinstate": Ask(R.REVERSE, "GP", "receipt"),
    "item_settle": Ask(R.POST_ADJUSTMENT, "GP", "item", query="?kind=write_off"),
    "item_recover": Ask(R.POST_ADJUSTMENT, "GP", "item"),
    "item_credit": Ask(CASH, "GP", "item"),
    "item_credit_spread": Ask(CASH, "P", "item"),
    "entry_reverse": Ask(R.REVERSE, "GP", "entry"),
    "document_add": Ask(R.ADD_DOCUMENT, "P", "customer"),
    "document": Ask(SEE, kind="document"),
    "document_file": Ask(SEE, kind="document"),
    "document_image": Ask(SEE, kind="document"),
    "document_page": Ask(SEE, kind="document"),
    "document_withdraw": Ask(R.ADD_DOCUMENT, "P", "document"),
    "periods": Ask(SEE),
    "period_set": Ask(R.CLOSE_PERIOD, "P", whole=True),
    "period_revalue": Ask(R.CLOSE_PERIOD, "P", whole=True),
    "closing": Ask(SEE, whole=True),
    "closing_mark": Ask(R.CLOSE_PERIOD, "P", whole=True),
    "closing_close": Ask(R.CLOSE_PERIOD, "P", whole=True),
    "gl": Ask(SEE, whole=True),
    "gl_export": Ask(R.EXPORT_GL, "P", whole=True),
    "gl_file": Ask(R.EXPORT_GL, kind="gl_export", whole=True),
    "gl_setup": Ask(SEE, whole=True),
    "gl_settings": Ask(R.MAP_GL, "P", whole=True),
    "gl_accounts": Ask(R.MAP_GL, "P", whole=True),
    "golive": Ask(None),
    "golive_cut_over": Ask(R.CLOSE_PERIOD, "P", whole=True),
    "golive_balances": Ask(R.CLOSE_PERIOD, "P", whole=True),
    "golive_finish": Ask(R.CLOSE_PERIOD_HARD, "P", whole=True),
    "golive_certificate": Ask(SEE, whole=True),
    "rates": Ask(SEE, "GP", post=R.EDIT_RATES),
    "schedule": Ask(R.MANAGE_SYSTEM, whole=True),
    "schedule_run": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "schedule_pause": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "outbox_release": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "schedule_folder": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "schedule_folder_pause": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "schedule_report": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "schedule_report_pause": Ask(R.MANAGE_SYSTEM, "P", whole=True),
    "entity_new": Ask(R.MANAGE_SYSTEM, "GP", whole=True),
    "api_keys": Ask(None, "GP"),
    "api_key_revoke": Ask(None, "P"),
    "webhooks": Ask(R.MANAGE_SYSTEM, "GP", whole=True),
    "webhook": Ask(R.MANAGE_SYSTEM, kind="webhook", whole=True),
    "webhook_change": Ask(R.MANAGE_SYSTEM, "P", "webhook", whole=True),
    "webhook_renew": Ask(R.MANAGE_SYSTEM, "P", "webhook", whole=True),
    "webhook_ping": Ask(R.MANAGE_SYSTEM, "P", "webhook", whole=True),
    "webhook_replay": Ask(R.MANAGE_SYSTEM, "P", "webhook", whole=True),
    "webhook_delete": Ask(R.MANAGE_SYSTEM, "P", "webhook", whole=True),
    "approvals": Ask(None),
    "approval": Ask(None, kind="approval"),
    "approval_decide": Ask(None, "P", "approval"),
    "approval_ladders": Ask(R.MANAGE_POLICY, "GP", whole=True),
    "absences": Ask(None, "GP"),
    "audit": Ask(R.SEE_AUDIT, whole=True),
    "audit_event": Ask(R.SEE_AUDIT, kind="audit_event", whole=True),
    "people": Ask(R.MANAGE_PEOPLE, whole=True),
    "person_new": Ask(R.MANAGE_PEOPLE, "GP", whole=True),
    "person": Ask(R.MANAGE_PEOPLE, kind="person", whole=True),
    "person_grant": Ask(R.MANAGE_PEOPLE, "P", "person", whole=True),
    "person_revoke": Ask(R.MANAGE_PEOPLE, "P", "person", whole=True),
    "person_active": Ask(R.MANAGE_PEOPLE, "P", "person", whole=True),
    "person_password": Ask(R.MANAGE_PEOPLE, "P", "person", whole=True),
    "person_second_factor": Ask(R.MANAGE_PEOPLE, "P", "person", whole=True),
    "teams": Ask(R.MANAGE_PEOPLE, whole=True),
    "team_new": Ask(R.MANAGE_PEOPLE, "GP", whole=True),
    "team": Ask(R.MANAGE_PEOPLE, "G", "team", whole=True),
    "team_remove": Ask(R.MANAGE_PEOPLE, "P", "team", whole=True),
}


def page_routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """Name and route of everything the staff's part of the site answers."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern).lstrip("^").rstrip("$")
        if isinstance(entry, URLResolver):
            yield from page_routes(entry, route)
        elif isinstance(entry, URLPattern) and not f"/{route}".startswith(OPEN_ROUTES):
            yield entry.name or route, "/" + route


@dataclass(frozen=True, slots=True)
class Scene:
    """Objects by whose they are: ``mine`` (Hualian's, which each person owns in turn), ``foreign`` (Acme's, in the same
    entity), ``nobody`` (money of an unknown payer) and ``abroad`` (of the other entity)."""

    cn: int
    owned: int
    objects: dict[tuple[str, str], str]

    def give_to(self, name: str) -> None:
        """Makes Hualian this person's own customer, and takes everybody else's away."""
        user = User.objects.get(username=name)
        CustomerAccount.objects.filter(id=self.owned).update(owner=user)


SECRETS = {
    "foreign": ("Acme", "INV-3", "CM-1", "BK-77", "300.00", "260.00", "111.11"),
    "nobody": ("BK-88", "888.80", "Mystery Payer"),
    "abroad": ("Nordic", "DE-1", "77.00", "Beispiel GmbH", "de-only.csv"),
}
"""What is written nowhere for those who do not see it."""


def build_scene() -> Scene:
    world = build_world()
    hualian, acme = CustomerAccount.objects.filter(entity_id=world.cn).order_by("id")
    nordic = CustomerAccount.objects.get(entity_id=world.de)
    day = date(2026, 3, 6)
    who = {"actor_id": None, "now": START}
    post_receipts(world.cn, [NewReceipt("BK-77", day, "CNY", 111_11, acme.id, reference="BK-77")], **who)
    unknown = NewReceipt("BK-88", day, "CNY", 888_80, reference="BK-88", payer_name="Mystery Payer")
    post_receipts(world.cn, [unknown], **who)
    post_receipts(world.de, [NewReceipt("BK-99", day, "EUR", 77_00, nordic.id, reference="BK-99")], **who)
    seal(now=START)
    for role in Role:
        for reach in Reach:
            user = User.objects.create_user(f"{role.value}-{reach.value}", password="x" * 12)
            RoleGrant.objects.create(
                user=user, entity_id=world.cn, role=role.value, reach=reach.value, granted_at=START
            )
    elsewhere = User.objects.create_user("stranger", password="x" * 12)
    RoleGrant.objects.create(user=elsewhere, entity_id=world.de, role="administrator", granted_at=START)
    colleague = User.objects.create_user("colleague", password="x" * 12)
    RoleGrant.objects.create(user=colleague, entity_id=world.cn, role="auditor", granted_at=START)
    team = Team.objects.create(name="Sales")
    heading = "item_id,customer_id,document_date,due_date,currency,amount\n"
    batches = {}
    for name, entity_id in (("mine", world.cn), ("abroad", world.de)):
        data = f"{heading}X1,0001,2026-01-05,2026-02-05,CNY,1.00\n".encode()
        file_name = "cn.csv" if name == "mine" else "de-only.csv"
        batches[name] = preview_upload(
            **who, file_name=file_name, kind="items", data=data, entity_id=entity_id
        ).batch_id
    file = InvoiceFile("some.xml", b"<x/>")
    uploads = {
        name: keep_upload([file], entity_id=entity_id, **who)
        for name, entity_id in (("mine", world.cn), ("abroad", world.de))
    }
    exports = {}
    for name, entity_id in (("mine", world.cn), ("abroad", world.de)):
        map_accounts(entity_id, chart("cn"), **who)
        exports[name] = export_month(entity_id, date(2026, 2, 1), format_code="csv", **who)[0]
    objects: dict[tuple[str, str], str] = {
        ("gl_export", "mine"): str(exports["mine"]),
        ("gl_export", "abroad"): str(exports["abroad"]),
        ("person", "mine"): str(colleague.pk),
        ("person", "abroad"): str(elsewhere.pk),
        ("team", "mine"): str(team.pk),
        ("upload", "mine"): str(uploads["mine"]),
        ("upload", "abroad"): str(uploads["abroad"]),
        ("batch", "mine"): str(batches["mine"]),
        ("batch", "abroad"): str(batches["abroad"]),
        ("audit_event", "mine"): str(AuditEvent.objects.filter(entity_id=world.cn).order_by("id")[0].pk),
        ("audit_event", "abroad"): str(AuditEvent.objects.filter(entity_id=world.de).order_by("id")[0].pk),
    }
    for whose, account in (("mine", hualian), ("foreign", acme), ("abroad", nordic)):
        objects["customer", whose] = public_id("cus", account.customer_id)
        item = OpenItem.objects.filter(account=account).order_by("id")[0]
        objects["item", whose] = public_id("itm", item.id)
        objects["entry", whose] = public_id("ent", item.entry_id)
        case = open_short_payment(item.entity_id, item.id, 1_00, **who)
        objects["short_payment", whose] = public_id("shp", case)
        objects["receipt", whose] = public_id("rcp", Receipt.objects.filter(account=account)[0].id)
        made = {"slip": public_id("csh", _slip_of(account)), "note": public_id("bil", _note_of(account))}
        objects |= {(kind, whose): text for kind, text in (made | {"agreement": agreement_of(item)}).items()}
    for whose, entity_id in (("mine", world.cn), ("abroad", world.de)):
        objects |= {(kind, whose): text for kind, text in bank_of(entity_id, whose).items()}
        debits = debits_of(hualian if whose == "mine" else nordic, whose)
        objects |= {(kind, whose): text for kind, text in debits.items()}
    nobodys = Receipt.objects.get(external_id="BK-88")
    objects["receipt", "nobody"] = public_id("rcp", nobodys.id)
    objects["entry", "nobody"] = public_id("ent", JournalEntry.objects.get(id=nobodys.entry_id).pk)
    return Scene(world.cn, hualian.id, objects | shops_of({"mine": hualian, "foreign": acme, "abroad": nordic}))


def _slip_of(account: CustomerAccount) -> int:
    """Cash of that customer."""
    cash = NewCash(account.pk, account.entity.currency, 1_00, "Somebody", "goods", "no bank nearby")
    return take_cash(account.entity_id, cash, on=date(2026, 3, 6), actor_id=None, now=START)


def _note_of(account: CustomerAccount) -> int:
    """A bill of that customer, handed in for payment."""
    new = NewNote(
        account_id=account.pk,
        kind=NoteKind.ACCEPTANCE,
        number=f"BILL-{account.pk}",
        acceptor="Some bank",
        acceptor_class=AcceptorClass.OTHER_BANK,
        currency="CNY",
        amount_minor=1_00,
        issue_date=date(2026, 3, 2),
        maturity_date=date(2026, 3, 6),
        settles=Settles.AT_MATURITY,
    )
    who = {"actor_id": None, "now": START}
    number = take_note(account.entity_id, new, on=date(2026, 3, 2), **who)
    present_note(account.entity_id, number, on=date(2026, 3, 6), **who)
    return number


def has(ask: Ask, role: Role, reach: Reach, letter: str = "G") -> bool:
    """Whether a holder of that role gets past the page's door."""
    if ask.right is None:
        return True
    if ask.post is not None and letter == "P":
        return ask.post in ROLE_RIGHTS[role] and reach == Reach.ALL
    return ask.right in ROLE_RIGHTS[role] and (reach == Reach.ALL or not ask.whole)

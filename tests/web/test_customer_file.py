"""The customer's page and its forms: people, file, timeline, duplicates; who may and what is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from huikuan.core.rights import Reach, Role
from huikuan.queries.customer_file import customer_file
from huikuan.queries.frame import frame_at
from huikuan.queries.timeline import timeline
from huikuan.services.contacts import add_contact
from huikuan.services.merging import merge_customers
from huikuan.store.models import (
    AuditEvent,
    Contact,
    Customer,
    CustomerAccount,
    CustomerMerge,
    CustomerNote,
    CustomerPayerAccount,
    DistinctCustomers,
    RoleGrant,
    User,
)
from huikuan.store.public_ids import public_id
from tests.web.world import START, World, build_world, signed_in

pytestmark = [pytest.mark.practice("A1", "A2", "A4")]
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
PERSON = {"name": "李会计", "parts": "pays", "phone": "138 0013 8000", "mail": "li@example.com"}


@pytest.fixture
def world(sqlite_db: object) -> World:
    world = build_world()
    for role in (Role.AR_CLERK, Role.COLLECTOR, Role.CFO):
        user = User.objects.create_user(role.value, f"{role.value}@example.com", "x")
        RoleGrant.objects.create(user=user, entity_id=world.cn, role=role.value, reach=Reach.ALL.value, granted_at=NOW)
    return world


def number_of(key: str) -> int:
    return int(CustomerAccount.objects.get(refs__external_id=key).customer_id)


def path_of(key: str, rest: str = "") -> str:
    return f"/customers/{public_id('cus', number_of(key))}/{rest}"


def text_of(answer: object) -> str:
    return str(answer.content.decode())  # type: ignore[attr-defined]


def test_people_are_masked_until_someone_with_the_right_looks(world: World) -> None:
    contact = add_contact(number_of("0001"), PERSON, actor_id=None, now=NOW)
    show = path_of("0001", f"contacts/{public_id('con', contact)}/show/")
    clerk, cfo = signed_in("ar_clerk"), signed_in("cfo")
    page = text_of(clerk.get(path_of("0001")))
    assert "李会计" in page and "mailto:li@example.com" in page and "13800138000" not in page and show not in page
    assert clerk.post(show).status_code == 403
    assert show in text_of(cfo.get(path_of("0001")))
    assert 'href="tel:+8613800138000"' in text_of(cfo.post(show))
    assert AuditEvent.objects.filter(code="personal.unmasked").count() == 1
    # The form never holds the number: empty keeps it, a dash takes it away.
    edit = path_of("0001", f"contacts/{public_id('con', contact)}/")
    form = text_of(clerk.get(edit))
    assert "138001" not in form
    given = dict(re.findall(r'name="(was-[a-z_]+)" value="([^"]*)"', form))
    given |= {"name": "李会计", "parts": ["pays", "signs"], "signs_step": "3", "mail": "li@example.com"}
    assert clerk.post(edit, given).status_code == 302
    one = Contact.objects.get(id=contact)
    assert (one.parts, one.signs_step, one.phone) == ("signs,pays", 3, "+8613800138000")
    answer = clerk.post(edit, {**given, "title": "x", "parts": "decides"})
    assert answer.status_code == 409 and "Somebody else has changed this meanwhile" in text_of(answer)
    given = dict(re.findall(r'name="(was-[a-z_]+)" value="([^"]*)"', text_of(clerk.get(edit))))
    assert clerk.post(edit, {**given, "name": "李会计", "parts": "pays", "phone": "-"}).status_code == 302
    assert Contact.objects.get(id=contact).phone == ""
    assert clerk.post(path_of("0001", f"contacts/{public_id('con', contact)}/erase/"), {"key": "k"}).status_code == 302
    assert "李会计" not in text_of(clerk.get(path_of("0001")))
    assert clerk.get(path_of("0002", f"contacts/{public_id('con', contact)}/")).status_code == 404


def test_a_contact_is_added_with_what_is_wrong_told(world: World) -> None:
    clerk, add = signed_in("ar_clerk"), path_of("0001", "contacts/")
    answer = clerk.post(add, {"name": "王总", "phone": "call me"})
    assert answer.status_code == 400 and "is not a telephone number" in text_of(answer) and "王总" in text_of(answer)
    assert clerk.post(add, {"name": "王总", "parts": "decides", "phone": "021-62345678"}).status_code == 302
    assert "Decides" in text_of(clerk.get(path_of("0001")))
    assert signed_in("auditor").get(add).status_code in (403, 404)


def test_master_data_of_two_browsers(world: World) -> None:
    clerk, edit = signed_in("ar_clerk"), path_of("0001", "edit/")
    form = text_of(clerk.get(edit))
    old = dict(re.findall(r'name="((?:was-)?[a-z_]+)" value="([^"]*)"', form))
    assert old["name"] == "北京华联商贸有限公司"
    assert clerk.post(edit, {**old, "region": "北京", "country": "cn"}).status_code == 302
    assert Customer.objects.get(id=number_of("0001")).region == "北京"
    answer = clerk.post(edit, {**old, "region": "上海"})
    page = text_of(answer)
    assert answer.status_code == 409 and "Somebody else has written: 北京" in page and 'value="上海"' in page
    # Saving what is shown now is a decision.
    again = dict(re.findall(r'name="((?:was-)?[a-z_]+)" value="([^"]*)"', page))
    assert clerk.post(edit, again).status_code == 302
    assert Customer.objects.get(id=number_of("0001")).region == "上海"
    assert clerk.post(edit, {"parent": "nobody at all"}).status_code == 400
    answer = clerk.post(edit, {"parent": "0002", "was-parent": ""})
    assert answer.status_code == 302
    page = text_of(clerk.get(path_of("0001")))
    assert "Acme &lt;b&gt;Components&lt;/b&gt; Ltd" in page
    history = text_of(clerk.get(path_of("0001", "history/")))
    assert "北京" in history and "上海" in history and "Acme &lt;b&gt;" in history


def test_terms_names_and_payer_accounts(world: World) -> None:
    clerk, collector = signed_in("ar_clerk"), signed_in("collector")
    account = CustomerAccount.objects.get(refs__external_id="0001")
    terms = path_of("0001", f"accounts/{public_id('acc', account.id)}/")
    given = {"key": "k", "terms": "60", "limit": "12,000.50", "was_terms": "30", "was_limit": ""}
    assert clerk.post(terms, given).status_code == 302
    account.refresh_from_db()
    assert (account.terms_days, account.credit_limit_minor) == (60, 12_000_50)
    assert clerk.post(terms, {**given, "terms": "45"}).status_code == 409
    assert clerk.post(terms, {**given, "terms": "soon", "was_terms": "60"}).status_code == 400
    assert "12,000.50" in text_of(clerk.get(path_of("0001", "history/")))

    assert clerk.post(path_of("0001", "names/"), {"name": "Hualian Beijing"}).status_code == 302
    page = text_of(clerk.get(path_of("0001")))
    assert "Hualian Beijing" in page
    remove = re.findall(r'action="([^"]*/names/[^"]*/remove/)', page)[-1]
    assert clerk.post(remove).status_code == 302
    assert "Hualian Beijing" not in text_of(clerk.get(path_of("0001"))).partition('id="timeline"')[0]

    add = path_of("0001", "payers/")
    assert clerk.get(add).status_code == 403
    assert collector.post(add, {"key": "k", "number": "6222 0212 3456 7890", "bank": "ICBC"}).status_code == 302
    payer = public_id("pay", CustomerPayerAccount.objects.get().id)
    page = text_of(collector.get(path_of("0001")))
    assert "•••• 7890" in page and "6222021234567890" not in page
    assert "6222021234567890" in text_of(collector.post(path_of("0001", f"payers/{payer}/show/")))
    assert clerk.post(path_of("0001", f"payers/{payer}/show/")).status_code == 403
    assert clerk.post(path_of("0001", f"payers/{payer}/remove/")).status_code == 403
    assert collector.post(path_of("0001", f"payers/{payer}/remove/")).status_code == 302
    assert CustomerPayerAccount.objects.count() == 0


def test_the_timeline_has_everything_newest_first(world: World) -> None:
    clerk, note = signed_in("ar_clerk"), path_of("0001", "notes/")
    contact = add_contact(number_of("0001"), PERSON, actor_id=None, now=NOW)
    said = {"text": "pays on Friday\r\n<b>sure</b>", "kind": "call", "contact": public_id("con", contact)}
    assert clerk.post(note, said).status_code == 302
    assert clerk.post(note, {"text": " "}).status_code == 400
    whole = text_of(clerk.get(path_of("0001")))
    assert "pays on Friday" not in whole and 'hx-trigger="revealed"' in whole
    page = text_of(clerk.get(path_of("0001", "?t_page=1"))).partition('id="timeline"')[2]
    piece = text_of(clerk.get(path_of("0001"), headers={"HX-Target": "events"}))
    assert "pays on Friday" in piece and "<body" not in piece and "Write down a call" in piece
    assert "pays on Friday<br>&lt;b&gt;sure" in page and "Contact added" in page
    file = customer_file(frame_at(now=NOW, entity_ids=(world.cn,)), public_id("cus", number_of("0001")))
    assert file is not None
    found = timeline(frame_at(now=datetime.now(UTC), entity_ids=(world.cn,)), file, size=100)
    assert [event.day for event in found.rows] == sorted((event.day for event in found.rows), reverse=True)
    codes = [event.code for event in found.rows]
    assert codes[0] == "call" and codes.count("application") == 2 and codes.count("item") == 2
    assert "reversal" in codes and "receipt" in codes
    receipt = next(event for event in found.rows if event.code == "receipt")
    assert (receipt.amount_minor, receipt.currency, receipt.page) == (600_00, "CNY", "receipt")
    applied = [event.amount_minor for event in found.rows if event.code == "application"]
    assert set(applied) == {-600_00, -450_00}
    early = timeline(frame_at(now=NOW, entity_ids=(world.cn,), as_of=datetime(2026, 3, 6).date()), file, size=100)  # noqa: DTZ001
    assert "reversal" not in [event.code for event in early.rows]
    kinds = timeline(frame_at(now=NOW, entity_ids=(world.cn,)), file, kind="items", size=100)
    assert {event.code for event in kinds.rows} == {"item"} and kinds.total == 2
    assert "Take it back" in page
    withdraw = path_of("0001", f"notes/{public_id('nte', CustomerNote.objects.get().id)}/withdraw/")
    assert signed_in("boss").post(withdraw).status_code == 400
    assert clerk.post(withdraw).status_code == 302
    assert "pays on Friday" not in text_of(clerk.get(path_of("0001", "?t_page=1")))
    assert clerk.get(path_of("0001", "?events=cash&t_page=2")).status_code == 200


def test_duplicates_are_compared_merged_and_parted(world: World) -> None:
    one, two = number_of("0001"), number_of("0002")
    Customer.objects.filter(id=two).update(registration_number="91310115MA1K00000X")
    Customer.objects.filter(id=one).update(registration_number="91310115MA1K00000X")
    add_contact(one, PERSON, actor_id=None, now=NOW)
    collector, clerk = signed_in("collector"), signed_in("ar_clerk")
    assert clerk.get("/customers/duplicates/").status_code == 403
    page = text_of(collector.get("/customers/duplicates/"))
    assert "same registration number" in page
    assert "Look for duplicates" in text_of(collector.get(path_of("0001", "merge/")))
    compare = text_of(collector.get(path_of("0001", "merge/?who=Acme")))
    assert "Which of the two stays?" in compare and "2,900.50 CNY" in compare
    assert "0 other customers match" in text_of(collector.get(path_of("0001", "merge/?who=zzz")))
    given = {"other": public_id("cus", two), "stays": public_id("cus", one)}
    gone = path_of("0002")
    answer = collector.post(path_of("0001", "merge/"), given)
    assert answer.status_code == 400 and "Say how you know" in text_of(answer)
    assert collector.post(path_of("0001", "merge/"), {**given, "reason": "one company"}).status_code == 302
    answer = collector.get(gone)
    assert answer.status_code == 302 and answer.headers["Location"] == f"/customers/{public_id('cus', one)}/"
    page = text_of(collector.get(answer.headers["Location"]))
    assert "was merged into this customer" in page and "one company" in page
    undo = re.findall(r'href="([^"]*/undo/)"', page)[0]
    assert "exactly as they were" in text_of(collector.get(undo))
    assert clerk.get(undo).status_code == 403
    assert collector.post(undo, {"key": "k"}).status_code == 302
    assert collector.get(gone).status_code == 200 and CustomerMerge.objects.get().undone_at is not None
    apart = {"first": public_id("cus", one), "second": public_id("cus", two)}
    assert collector.post("/customers/duplicates/apart/", apart).status_code == 302
    assert DistinctCustomers.objects.count() == 1
    assert "No duplicates found" in text_of(collector.get("/customers/duplicates/"))


def test_a_merged_customer_of_somebody_elses_entity_is_not_given_away(world: World) -> None:
    one, nordic = number_of("0001"), number_of("9")
    merge_customers(nordic, one, reason="x", actor_id=None, now=START)
    gone = f"/customers/{public_id('cus', nordic)}/"
    assert signed_in("auditor").get(gone).status_code == 302
    page = text_of(signed_in("auditor").get(f"/customers/{public_id('cus', one)}/"))
    assert "DE-1" in page and "INV-1" not in page

"""Settings → People and Teams, and giving out customers, in the browser."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator

from huikuan.store.models import AuditEvent, CustomerAccount, RoleGrant, Team, User
from huikuan.store.public_ids import public_id
from tests.databases import LedgerDb
from tests.web.test_pages import text_of
from tests.web.world import START, World, build_world, signed_in

pytestmark = pytest.mark.practice("K1")


@pytest.fixture
def world(sqlite_db: LedgerDb) -> World:
    made = build_world()
    admin = User.objects.create_user("admin", password="x" * 12)
    RoleGrant.objects.create(user=admin, entity_id=made.cn, role="administrator", granted_at=START)
    return made


def number(name: str) -> int:
    return int(User.objects.get(username=name).pk)


def test_the_list_is_narrowed_ordered_and_taken_along(world: World) -> None:
    User.objects.filter(username="clerk").update(is_active=False, email="clerk@example.com")
    cfo = User.objects.create_user("cfo", password="x" * 12, first_name="Zoe", last_name="Abel")
    RoleGrant.objects.create(user=cfo, entity_id=world.cn, role="cfo", granted_at=START)
    Authenticator.objects.create(user=cfo, type=Authenticator.Type.TOTP, data={})
    Team.objects.create(name="North").members.add(cfo)
    client = signed_in("admin")

    def names(query: str = "") -> list[str]:
        page = client.get(f"/settings/people/?view=-{query}")
        assert page.status_code == 200, page.content.decode()[:300]
        return re.findall(r'<br><small class="dim">(\w+)', page.content.decode())

    assert names() == ["admin", "boss", "clerk", "cfo"], "by the name shown: Bo Song, Zoe Abel"
    assert names("&sort=-person")[0] == "cfo"
    assert names("&role=cfo") == ["clerk", "cfo"]
    assert names("&role=cfo&state=in") == ["cfo"]
    assert names("&state=out") == ["clerk"]
    assert names("&factor=with") == names("&team=North") == names("&q=zoe") == ["cfo"]
    assert "Nothing fits" in text_of(client.get("/settings/people/?view=-&q=nobody+at+all"))
    # The file has what the page shows, and the trail who took it; who may not export gets none.
    assert client.get("/tables/people/export.csv").status_code == 403
    RoleGrant.objects.create(user_id=number("admin"), entity_id=world.cn, role="cfo", granted_at=START)
    file = client.get("/tables/people/export.csv?view=-&state=out&cols=person,email")
    text = b"".join(file).decode("utf-8-sig")  # type: ignore[call-overload]
    assert "clerk@example.com" in text and "Abel" not in text
    assert AuditEvent.objects.filter(code="ledger.exported", actor_id=number("admin")).exists()


def test_somebody_is_let_in_and_given_roles(world: World) -> None:
    client = signed_in("admin")
    home = client.get("/")
    assert "You look after people and the system" in text_of(home)
    given = {"username": "lin", "full_name": "林 悦", "password": "correct horse 12", "book": "CN01"}
    short = client.post("/settings/people/new/", {**given, "password": "short"})
    assert (short.status_code, 'value="lin"' in short.content.decode()) == (400, True)
    role = {"role": "ar_clerk", "reach": "own"}
    made = client.post("/settings/people/new/", {**given, **role}, follow=True)
    assert "lin may sign in." in text_of(made)
    assert "Own customers" in text_of(made)
    page = f"/settings/people/{number('lin')}/"
    more = client.post(f"{page}grant/", {"book": "CN01", "role": "ar_clerk", "reach": "all"}, follow=True)
    assert "Role given: Receivables clerk." in text_of(more)
    assert list(RoleGrant.objects.filter(user__username="lin").values_list("role", "reach")) == [("ar_clerk", "all")]
    both = client.post(f"{page}grant/", {"book": "CN01", "role": "collector", "reach": "all"})
    assert both.status_code == 400
    assert "one person could both post cash and write off and offset" in text_of(both)
    in_chinese = signed_in("admin", "zh-hans")
    both = in_chinese.post(f"{page}grant/", {"book": "CN01", "role": "collector", "reach": "all"})
    assert "同一人将既能" in text_of(both)
    gone = client.post(f"{page}revoke/", {"book": "CN01", "role": "ar_clerk", "reach": "all"}, follow=True)
    assert "None yet: this person sees nothing." in text_of(gone)
    assert client.post(f"{page}grant/", {"book": "DE01", "role": "auditor", "reach": "all"}).status_code == 404


def test_shut_out_and_let_in_again(world: World) -> None:
    client, clerk = signed_in("admin"), signed_in("clerk")
    assert clerk.get("/customers/").status_code == 200
    page = f"/settings/people/{number('clerk')}/"
    assert "Shut out: open sessions have ended." in text_of(
        client.post(f"{page}active/", {"active": "no"}, follow=True)
    )
    assert clerk.get("/customers/").status_code == 302, "to the door"
    assert "shut out" in text_of(client.get("/settings/people/"))
    assert "Let in again." in text_of(client.post(f"{page}active/", {"active": "yes"}, follow=True))
    mine = f"/settings/people/{number('admin')}/"
    assert "nobody shuts himself out" in text_of(client.post(f"{mine}active/", {"active": "no"}))
    assert "Your own roles are given by another administrator." in text_of(client.get(mine))
    assert client.post(f"/settings/people/{number('boss')}/active/", {"active": "no"}).status_code == 403
    assert client.get(f"/settings/people/{number('auditor')}/").status_code == 404, "of the other entity alone"


def test_a_team(world: World) -> None:
    client = signed_in("admin")
    assert "No teams yet" in text_of(client.get("/settings/teams/"))
    clerk, admin = number("clerk"), number("admin")
    auditor = number("auditor")
    made = client.post("/settings/teams/new/", {"name": "Sales", "manager": clerk, "member": [admin]}, follow=True)
    assert "The team is there." in text_of(made)
    team = Team.objects.get()
    team.members.add(auditor)
    again = client.post("/settings/teams/new/", {"name": "sales", "manager": "", "member": []})
    assert (again.status_code, "there is a team sales already" in text_of(again)) == (400, True)
    client.post(f"/settings/teams/{team.pk}/", {"name": "Sales North", "manager": "", "member": [clerk]})
    team.refresh_from_db()
    assert (team.name, team.manager_id) == ("Sales North", None)
    assert set(team.members.values_list("id", flat=True)) == {clerk, auditor}, "who was not shown stays"
    assert "The team is gone" in text_of(client.post(f"/settings/teams/{team.pk}/remove/", follow=True))


def test_customers_are_given_out(world: World) -> None:
    rep = User.objects.create_user("rep", first_name="Rep Lu")
    RoleGrant.objects.create(user=rep, entity_id=world.cn, role="sales_rep", reach="own", granted_at=START)
    seller, client = signed_in("rep"), signed_in("clerk")
    assert "INV-1" not in text_of(seller.get("/receivables/items/"))
    hualian, acme = CustomerAccount.objects.filter(entity_id=world.cn).order_by("id")
    ids = {"hualian": public_id("cus", hualian.customer_id), "acme": public_id("cus", acme.customer_id)}
    assert "Give out customers" in text_of(client.get("/customers/"))
    nothing = client.post("/customers/assign/?book=CN01", {"owner": rep.pk, "collector": "keep"})
    assert "Tick the customers first." in text_of(nothing)
    done = client.post(
        "/customers/assign/?book=CN01",
        {"customer": list(ids.values()), "owner": rep.pk, "collector": "keep"},
        follow=True,
    )
    assert "2 customers were given to somebody else." in text_of(done)
    assert "INV-1" in text_of(seller.get("/receivables/items/"))
    assert "INV-3" in text_of(seller.get("/receivables/items/"))
    listed = text_of(client.get(f"/customers/assign/?book=CN01&whose={rep.pk}"))
    assert "Acme" in listed
    assert "No customer is like that." in text_of(client.get("/customers/assign/?book=CN01&whose=nobody"))
    path = f"/customers/{ids['acme']}/"
    choice = f'<option value="{rep.pk}" selected>'
    shown = client.get(path).content.decode()
    assert "Rep Lu" in shown and choice not in shown, "everybody there is to choose from comes when asked for"
    piece = client.get(path, headers={"HX-Request": "true", "HX-Target": "whose"})
    assert choice in piece.content.decode() and choice in client.get(f"{path}?whose=1").content.decode()
    assert choice not in seller.get(f"{path}?whose=1").content.decode()
    taken = {"account_entity": "CN01", "owner": "", "collector": "keep"}
    assert "Owner and collector saved." in text_of(client.post(f"{path}assign/", taken, follow=True))
    assert seller.get(path).status_code == 404
    assert "INV-3" not in text_of(seller.get("/receivables/items/"))
    assert seller.get("/customers/assign/").status_code == 403


def test_an_administrator_sets_a_password_and_takes_a_lost_second_factor_away(world: World) -> None:
    client, clerk = signed_in("admin"), signed_in("clerk")
    page = f"/settings/people/{number('clerk')}/"
    assert "No second factor is set up." in text_of(client.get(page))
    weak = client.post(f"{page}password/", {"password": "12345678"})
    assert weak.status_code == 400 and "too common" in text_of(weak)
    assert clerk.get("/customers/").status_code == 200
    done = client.post(f"{page}password/", {"password": "a river of paper"}, follow=True)
    assert "open sessions have ended" in text_of(done)
    assert clerk.get("/customers/").status_code == 302, "to the door"
    assert User.objects.get(username="clerk").check_password("a river of paper")
    none = client.post(f"{page}second-factor/")
    assert none.status_code == 400 and "this person has no second factor" in text_of(none)
    Authenticator.objects.create(user_id=number("clerk"), type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert "Reset the second factor" in text_of(client.get(page))
    gone = client.post(f"{page}second-factor/", follow=True)
    assert "The second factor is taken away." in text_of(gone)
    assert not Authenticator.objects.exists()
    codes = AuditEvent.objects.filter(subject=f"user:{number('clerk')}", actor_id=number("admin"))
    assert set(codes.values_list("code", flat=True)) == {"user.password", "user.second_factor_reset"}
    mine = client.post(f"/settings/people/{number('admin')}/second-factor/")
    assert mine.status_code == 400 and "your own second factor is changed where you set it up" in text_of(mine)
    boss = f"/settings/people/{number('boss')}/"
    assert client.post(f"{boss}password/", {"password": "a river of paper"}).status_code == 403
    assert client.post(f"{boss}second-factor/").status_code == 403
    chinese = signed_in("admin", "zh-hans").post(f"{page}second-factor/")
    assert "此人没有设置双重验证" in text_of(chinese)

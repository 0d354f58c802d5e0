"""The demo company: two legal entities, some two hundred customers and two years of business, made up by ``demo_plan``
and posted through the services, so that it is as coherent as the ledger demands of anyone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Max

from huikuan.core.money import exponent_of
from huikuan.core.refusals import Refusal
from huikuan.services.accounts import NewAccount, open_accounts, set_credit_limits
from huikuan.services.customers import NewCustomer, add_customers, add_entity
from huikuan.services.demo_agreements import add_agreements
from huikuan.services.demo_bank import add_bank, add_bank_accounts
from huikuan.services.demo_cases import add_cases, add_habits
from huikuan.services.demo_contacts import add_contacts
from huikuan.services.demo_debits import add_debits
from huikuan.services.demo_matching import add_policies
from huikuan.services.demo_notes import add_notes
from huikuan.services.demo_people import CLERK, give_out_customers, make_people
from huikuan.services.demo_plan import DemoPlan, DemoSize, make_plan
from huikuan.services.demo_world import AccountPlan, CustomerPlan
from huikuan.services.demo_writer import ITEM_SOURCE, Writer
from huikuan.services.einvoices import set_tax_id
from huikuan.services.rates import add_rates
from huikuan.services.transaction import run_in_transaction
from huikuan.services.users import create_user
from huikuan.store.durability import relaxed_durability
from huikuan.store.models import Customer, CustomerRef, Entity, Installation, JournalEntry, ShortPayment, User

TAX_IDS = {"HD": "91310000YX00000160", "YX": "DE999999990"}
"""By which our e-invoices are told; ``examples/invoices`` carry them."""
USERNAME = "demo"
PASSWORD = "huikuan-demo"  # noqa: S105 - of the demo company, printed and documented; no other installation has it

_BEGUN, _DONE = "demo", "demo_done"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What was made and how to sign in."""

    username: str
    password: str
    first: date
    last: date
    customers: int
    entries: int


def ensure_demo(*, now: datetime, progress: Callable[[str], None] | None = None) -> dict[str, str] | None:
    """The demo's sign-in: ``username`` and ``password``. Makes the demo in an empty database, completes one that was
    interrupted. ``None`` in a database that is somebody's own, or when the demo's password has been changed.
    """
    begun = Installation.objects.filter(name__in=[_BEGUN, _DONE]).count()
    if begun == 0 and (Entity.objects.exists() or User.objects.exists()):
        return None
    if begun < 2:
        say = progress or (lambda text: None)
        say("Making a demo company: two years of its business, day by day ...")
        result = fill_demo(now=now)
        say(f"Made {result.customers} customers and {result.entries} journal entries.")
    user = User.objects.filter(username=USERNAME, is_active=True).first()
    if user is None or not user.check_password(PASSWORD):
        return None
    return {"username": USERNAME, "password": PASSWORD}


def fill_demo(size: DemoSize | None = None, *, now: datetime, progress: Progress | None = None) -> DemoResult:
    """Fills an empty database; a run that was interrupted is taken up where it stopped, in the size it began with.

    The days end at ``now`` (UTC); the same size on the same day gives the same ledger. Refuses ``demo.not_empty``.
    """
    size, last = _begin(size or DemoSize(), now)
    plan = make_plan(size, last)
    writer = _prepare(plan, size, now)
    seen = JournalEntry.objects.aggregate(last=Max("recorded_at"))["last"]
    # Evenings are before midnight in UTC, in Shanghai and in Berlin.
    with relaxed_durability():
        writer.play(progress, after=None if seen is None else seen.astimezone(UTC).date())
        add_policies(now=now)
        add_notes(last, actor_id=User.objects.get(username=USERNAME).pk, now=now)
        clerk, chief = (User.objects.get(username=name).pk for name in (CLERK, USERNAME))
        add_bank_accounts(actor_id=clerk, now=now)
        add_debits(last, clerk_id=clerk, chief_id=chief, now=now)
        add_bank(last, actor_id=clerk, chief_id=chief, now=now)
        run_in_transaction(lambda: _add_cases(now))
        add_agreements(last, actor_id=chief, now=now)
    Installation.objects.get_or_create(name=_DONE, defaults={"value": now.isoformat()})
    return DemoResult(USERNAME, PASSWORD, plan.first, plan.last, Customer.objects.count(), JournalEntry.objects.count())


def _add_cases(now: datetime) -> None:
    if not ShortPayment.objects.exists():
        chief = User.objects.get(username=USERNAME).pk
        add_cases(actor_id=chief, now=now)
        add_habits(actor_id=chief, now=now)


def _begin(size: DemoSize, now: datetime) -> tuple[DemoSize, date]:
    """The size and last day of this run, or those of the run it goes on with."""
    if not 1 <= size.months <= 120 or not 1 <= size.customers <= 100_000:
        raise Refusal("demo.bad_size", "a demo has 1 to 120 months and 1 to 100000 customers")

    begun = Installation.objects.filter(name=_BEGUN).first()
    if begun is None:
        if Entity.objects.exists() or Customer.objects.exists():
            raise Refusal("demo.not_empty", "the demo company needs an empty database; this one has entities")
        return size, now.astimezone(UTC).date()
    if Installation.objects.filter(name=_DONE).exists():
        raise Refusal("demo.not_empty", "this database holds the demo company already")
    value = json.loads(begun.value)
    return DemoSize(**value["size"]), date.fromisoformat(value["last"])


def _prepare(plan: DemoPlan, size: DemoSize, now: datetime) -> Writer:
    """Users, entities, rates and customers, in one transaction; found again when an interrupted run goes on."""

    def work() -> Writer:
        if not Installation.objects.filter(name=_BEGUN).exists():
            value = json.dumps({"size": asdict(size), "last": plan.last.isoformat()})
            Installation.objects.create(name=_BEGUN, value=value)
            _make(plan, now)
        entities = dict(Entity.objects.values_list("code", "id"))
        accounts = {
            (code, external_id): account_id
            for code, external_id, account_id in CustomerRef.objects.filter(source__code=ITEM_SOURCE).values_list(
                "entity__code", "external_id", "account_id"
            )
        }
        users = dict(User.objects.values_list("username", "id"))
        return Writer(plan, now, entities, accounts, clerk_id=users[CLERK], chief_id=users[USERNAME])

    return run_in_transaction(work)


def _make(plan: DemoPlan, now: datetime) -> None:
    first_zone = ZoneInfo(plan.entities[0].timezone)
    start = min(datetime.combine(plan.first, time(8, 0), first_zone), now)
    chief = create_user(
        USERNAME,
        password=PASSWORD,
        email="demo@example.com",
        full_name="陈立 Chen Li",
        is_superuser=True,
        actor_id=None,
        now=start,
    )
    entities = {
        entity.code: add_entity(
            entity.code,
            entity.name,
            entity.currency,
            timezone=entity.timezone,
            country=entity.country,
            actor_id=chief,
            now=start,
        )
        for entity in plan.entities
    }
    for code, number in TAX_IDS.items():
        if code in entities:
            set_tax_id(entities[code], number, actor_id=chief, now=start)
    people = make_people(entities, chief, start)
    add_rates(plan.rates, actor_id=chief, now=start)
    _make_customers(plan, entities, chief, start)
    give_out_customers(plan, people, chief, start)
    add_contacts(start)


def _make_customers(plan: DemoPlan, entities: dict[str, int], chief: int, start: datetime) -> None:
    """Each customer with its first account, then second accounts of those who buy from both entities."""
    numbers: dict[str, int] = {}
    for code, entity_id in entities.items():
        new = [_new_customer(customer) for customer in plan.customers if customer.accounts[0].entity.code == code]
        made = add_customers(entity_id, new, source=ITEM_SOURCE, actor_id=chief, now=start)
        numbers |= made
        limits = {
            made[customer.external_id]: _limit(customer.accounts[0])
            for customer in plan.customers
            if customer.external_id in made
        }
        set_credit_limits(entity_id, limits, actor_id=chief, now=start)
    for code, entity_id in entities.items():
        second = [
            NewAccount(numbers[customer.external_id], customer.external_id, account.terms_days, _limit(account))
            for customer in plan.customers
            for account in customer.accounts[1:]
            if account.entity.code == code
        ]
        open_accounts(entity_id, second, source=ITEM_SOURCE, actor_id=chief, now=start)


def _new_customer(customer: CustomerPlan) -> NewCustomer:
    return NewCustomer(
        external_id=customer.external_id,
        name=customer.name.legal,
        aliases=customer.name.aliases,
        registration_number=customer.name.registration_number,
        country=customer.name.country,
        language=customer.language,
        segment=customer.segment,
        payer_accounts=(customer.payer_account,),
        terms_days=customer.accounts[0].terms_days,
    )


def _limit(account: AccountPlan) -> int:
    """In minor units of the entity's currency."""
    factor: int = 10 ** exponent_of(account.entity.currency)
    return account.credit_limit * factor

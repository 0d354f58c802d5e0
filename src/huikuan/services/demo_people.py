"""The demo's people: one of each role, a team, and whose each customer is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from huikuan.core.rights import Grant, Reach, Role
from huikuan.services.assigning import assign_accounts
from huikuan.services.demo_plan import DemoPlan
from huikuan.services.teams import make_team
from huikuan.services.users import create_user
from huikuan.store.models import CustomerRef, User

CLERK, AUDITOR = "clerk", "auditor"
REP, MANAGER, COLLECTOR = "rep", "manager", "collector"

PEOPLE: tuple[tuple[str, str, Role, Reach], ...] = (
    (CLERK, "林悦 Lin Yue", Role.AR_CLERK, Reach.ALL),
    (AUDITOR, "Hanna Wirth", Role.AUDITOR, Reach.ALL),
    (REP, "陆知远 Lu Zhiyuan", Role.SALES_REP, Reach.OWN),
    ("rep2", "Jorunn Täschner", Role.SALES_REP, Reach.OWN),
    (MANAGER, "苏蔓 Su Man", Role.SALES_MANAGER, Reach.TEAM),
    (COLLECTOR, "周延 Zhou Yan", Role.COLLECTOR, Reach.ALL),
    ("cfo", "Maren Oldach", Role.CFO, Reach.ALL),
    ("admin", "江临 Jiang Lin", Role.ADMINISTRATOR, Reach.ALL),
)
"""Who signs in as what, in both entities."""


def make_people(entities: Mapping[str, int], chief: int, now: datetime) -> dict[str, int]:
    """One person of each role, and the team of those who sell. They sign in with the chief's password."""
    people = {
        username: create_user(
            username,
            password=None,
            email=f"{username}@example.com",
            full_name=full_name,
            grants=[Grant(entity_id, role, reach) for entity_id in entities.values()],
            actor_id=chief,
            now=now,
        )
        for username, full_name, role, reach in PEOPLE
    }
    # Hashing takes half a second each time, as it should; the people of the demo share one hash.
    hashed = User.objects.values_list("password", flat=True).get(id=chief)
    User.objects.filter(id__in=people.values()).update(password=hashed)
    make_team("Sales 销售部", manager_id=people[MANAGER], members=[people[REP]], actor_id=chief, now=now)
    return people


def give_out_customers(plan: DemoPlan, people: Mapping[str, int], chief: int, now: datetime) -> None:
    """Each sales rep of the plan who signs in owns the customers that the plan gives him; the collector works those
    that pay badly."""
    reps = {full_name.split(" ")[0]: people[name] for name, full_name, role, _ in PEOPLE if role == Role.SALES_REP}
    reps |= {full_name: people[name] for name, full_name, role, _ in PEOPLE if role == Role.SALES_REP}
    owned: dict[int, list[int]] = {}
    worked: list[int] = []
    numbers = {
        (code, external_id): account_id
        for code, external_id, account_id in CustomerRef.objects.values_list(
            "entity__code", "external_id", "account_id"
        )
    }
    for customer in plan.customers:
        for account in customer.accounts:
            account_id = numbers[account.entity.code, customer.external_id]
            if account.sales_rep in reps:
                owned.setdefault(reps[account.sales_rep], []).append(account_id)
            if account.behaviour == "bad":
                worked.append(account_id)
    for owner_id, account_ids in owned.items():
        assign_accounts(account_ids, owner_id=owner_id, actor_id=chief, now=now)
    assign_accounts(worked, collector_id=people[COLLECTOR], actor_id=chief, now=now)

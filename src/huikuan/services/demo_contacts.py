"""The demo's people at customers: who decides, who pays, whom to call. Invented, with numbers that nobody has."""

from __future__ import annotations

from datetime import datetime

from huikuan.store.models import Contact, Customer

_CHINESE = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴")
_TITLES = (("总", "总经理", "decides"), ("会计", "财务", "pays,everyday"), ("工", "工程部", "accepts"))
_OTHERS = ("Alder", "Birk", "Castell", "Dorn", "Eschen", "Falk", "Ginster", "Hasel", "Iben", "Kiefer")
_ROLES = (("Managing director", "decides"), ("Accounts payable", "pays,everyday"), ("Site manager", "accepts"))


def add_contacts(now: datetime) -> int:
    """Two or three people for each customer of the demo, the same at every run; gives how many."""
    made: list[Contact] = []
    for place, customer in enumerate(Customer.objects.order_by("id")):
        chinese = customer.country in ("CN", "")
        for number in range(2 + place % 2):
            if chinese:
                suffix, title, parts = _TITLES[number]
                name = f"{_CHINESE[(place * 3 + number) % 10]}{suffix}"
            else:
                title, parts = _ROLES[number]
                name = f"{chr(65 + (place + number) % 26)}. {_OTHERS[(place * 3 + number) % 10]}"
            made.append(
                Contact(
                    customer=customer,
                    name=name,
                    parts=parts,
                    title=title,
                    phone=f"+86139000{place:04d}{number}" if chinese else f"+49305550{place:04d}{number}",
                    mail=f"c{place:03d}-{number}@example.com",
                    language="zh-hans" if chinese else "en",
                    created_at=now,
                    changed_at=now,
                )
            )
    Contact.objects.bulk_create(made, batch_size=200)
    return len(made)

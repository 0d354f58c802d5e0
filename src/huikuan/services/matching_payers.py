"""Who pays, before anything posts itself: the customer, somebody with a paper, or a stranger whose money waits."""

from __future__ import annotations

from huikuan.core.third_party import Payer
from huikuan.engines.likeness import ALIKE, name_score, plain_name
from huikuan.queries.bank_lines import MatchLine
from huikuan.queries.mandates import payer_of
from huikuan.store.models import CustomerAccount, CustomerAlias, CustomerPayerAccount

CUT_OFF = 8
"""Letters from which on the beginning of a name is that name, cut off by a bank."""


def waits_for_paper(line: MatchLine, account_id: int, *, needs_paper: bool) -> bool:
    """Whether the money of a line is not to be posted to an account by itself because of who paid it.

    A paper that is good on the money's day settles it. Without one, money of an account on record as another
    customer's and money of a private person wait always; that of anybody else who is not the customer by account or
    name waits where the entity wants papers (``needs_paper``).
    """
    payer = payer_of(account_id, line.payer_name, line.payer_account, line.value_date)
    if payer == Payer.COVERED:
        return False
    customer_id = CustomerAccount.objects.values_list("customer_id", flat=True).get(id=account_id)
    if _is_anothers(line.payer_account, customer_id) or payer == Payer.PRIVATE:
        return True
    return needs_paper and payer == Payer.OTHER and not _is_named_like(line.payer_name, customer_id)


def _is_anothers(payer_account: str, customer_id: int) -> bool:
    known = CustomerPayerAccount.objects.filter(number=payer_account) if payer_account else None
    owners = set() if known is None else set(known.values_list("customer_id", flat=True))
    return bool(owners) and customer_id not in owners


def _is_named_like(payer_name: str, customer_id: int) -> bool:
    """Banks write names in capitals, in pinyin, without their ending, cut off."""
    aliases = CustomerAlias.objects.filter(customer_id=customer_id).values_list("name", flat=True)
    account = CustomerAccount.objects.select_related("customer").filter(customer_id=customer_id)[:1].get()
    written = plain_name(payer_name).replace(" ", "")
    for name in (account.customer.name, *aliases):
        plain = plain_name(name).replace(" ", "")
        cut = len(written) >= CUT_OFF and plain.startswith(written)
        if cut or name_score(payer_name, name) >= ALIKE:
            return True
    return False

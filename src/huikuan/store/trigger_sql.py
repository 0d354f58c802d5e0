"""The SQL of the triggers, per database. Read ``store.triggers`` first."""

from __future__ import annotations

APPEND_ONLY = (
    "store_journalentry",
    "store_posting",
    "store_openitem",
    "store_receipt",
    "store_seal",
    "store_sealrun",
    "store_auditevent",
    "store_glexport",
    "store_closingmark",
    "store_goliveproof",
    "store_einvoice",
    "store_einvoicetax",
    "store_approvaldecision",
    "store_shortpaymentevent",
    "store_note",
    "store_noteevent",
    "store_notecover",
    "store_receiptchannel",
    "store_cashslip",
    "store_cashhandin",
    "store_bankstatement",
    "store_bankline",
    "store_banklinefee",
    "store_linedecision",
    "store_debitpaymentitem",
    "store_debitevent",
    "store_debitmandateversion",
    "store_debitrecall",
    "store_agreementparty",
    "store_agreementclaim",
    "store_agreementline",
    "store_agreementevent",
    "store_agreemententry",
    "store_shopfile",
    "store_shopday",
    "store_shopsale",
    "store_shopdetail",
    "store_payout",
    "store_payoutpart",
    "store_shopexplanation",
)
"""Tables whose rows are added and never changed or deleted."""

_KEYS = {
    "store_journalentry": "id",
    "store_openitem": "id",
    "store_receipt": "id",
    "store_seal": "ledger_seq",
    "store_sealrun": "last_seq",
    "store_auditevent": "id",
    "store_glexport": "id",
    "store_closingmark": "id",
    "store_goliveproof": "id",
    "store_einvoice": "id",
    "store_einvoicetax": "id",
    "store_approvaldecision": "id",
    "store_shortpaymentevent": "id",
    "store_note": "id",
    "store_noteevent": "id",
    "store_notecover": "id",
    "store_receiptchannel": "receipt_id",
    "store_cashslip": "id",
    "store_cashhandin": "slip_id",
    "store_bankstatement": "id",
    "store_bankline": "id",
    "store_banklinefee": "line_id",
    "store_linedecision": "id",
    "store_debitpaymentitem": "id",
    "store_debitevent": "id",
    "store_debitmandateversion": "id",
    "store_debitrecall": "id",
    "store_agreementparty": "id",
    "store_agreementclaim": "id",
    "store_agreementline": "id",
    "store_agreementevent": "id",
    "store_agreemententry": "id",
    "store_shopfile": "id",
    "store_shopday": "id",
    "store_shopsale": "id",
    "store_shopdetail": "id",
    "store_payout": "id",
    "store_payoutpart": "id",
    "store_shopexplanation": "id",
}

_IDENTITIES = {
    "store_journalentry": ("reverses_id", "reverses_id"),
    "store_openitem": ("item_identity", "entity_id source_id external_id version"),
    "store_receipt": ("receipt_identity", "entity_id source_id external_id version"),
    "store_seal": ("entry_id", "entry_id"),
    "store_glexport": ("gl_export_once", "entity_id month format number"),
    "store_goliveproof": ("entity_id", "entity_id"),
    "store_einvoice": ("item_id", "item_id"),
    "store_approvaldecision": ("approval_decided_once", "request_id number"),
    "store_note": ("item_id", "item_id"),
    "store_noteevent": ("note_event_once", "note_id ordinal"),
    "store_notecover": ("note_cover_once", "note_id item_id"),
    "store_cashslip": ("cash_slip_once", "entity_id year number"),
    "store_bankline": ("bank_line_identity", "account_id fingerprint"),
    "store_banklinefee": ("entry_id", "entry_id"),
    "store_agreementparty": ("agreement_party_once", "agreement_id ordinal"),
    "store_agreementclaim": ("agreement_claim_once", "agreement_id ordinal"),
    "store_agreementline": ("agreement_line_once", "agreement_id item_id"),
    "store_agreementevent": ("agreement_event_once", "agreement_id ordinal"),
    "store_agreemententry": ("entry_id", "entry_id"),
    "store_shopday": ("shop_day_once", "shop_id day pool file_id"),
    "store_shopsale": ("shop_sale_identity", "shop_id fingerprint"),
    "store_shopdetail": ("shop_detail_identity", "shop_id fingerprint"),
    "store_payout": ("decision_id", "decision_id"),
    "store_payoutpart": ("payout_part_once", "payout_id unit_id"),
}
"""The other unique columns by table, with the name a refusal goes by."""

_SQLITE_BALANCE = (
    "SELECT count(*) AS postings, sum(amount_minor) AS amount, sum(base_minor) AS base"
    " FROM store_posting WHERE entry_id = NEW.id GROUP BY currency"
)


def sqlite_triggers() -> dict[str, str]:
    triggers: dict[str, str] = {}
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            name = f"{table}_no_{verb.lower()}"
            triggers[name] = (
                f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" BEGIN'
                f" SELECT RAISE(ABORT, 'append only: {verb.lower()} on {table} refused'); END"
            )
    for table, key in _KEYS.items():
        # INSERT OR REPLACE deletes without firing delete triggers; an existing key is refused before it can.
        name = f"{table}_no_replace"
        triggers[name] = (
            f'CREATE TRIGGER "{name}" BEFORE INSERT ON "{table}"'
            f' WHEN EXISTS (SELECT 1 FROM "{table}" WHERE {key} = NEW.{key}) BEGIN'
            f" SELECT RAISE(ABORT, 'append only: {table} row exists'); END"
        )
    for table, (identity, columns) in _IDENTITIES.items():
        # The same for every other unique key: a new number under an old identity would push the old row out.
        name = f"{table}_no_replace_{identity}"
        same = " AND ".join(f"{column} = NEW.{column}" for column in columns.split())
        triggers[name] = (
            f'CREATE TRIGGER "{name}" BEFORE INSERT ON "{table}"'
            f' WHEN EXISTS (SELECT 1 FROM "{table}" WHERE {same}) BEGIN'
            f" SELECT RAISE(ABORT, 'append only: {table} has this {identity}'); END"
        )
    triggers["store_posting_entry_closed"] = (
        'CREATE TRIGGER "store_posting_entry_closed" BEFORE INSERT ON "store_posting"'
        " WHEN EXISTS (SELECT 1 FROM store_journalentry WHERE id = NEW.entry_id) BEGIN"
        " SELECT RAISE(ABORT, 'append only: the entry of this posting is closed'); END"
    )
    triggers["store_journalentry_balanced"] = (
        'CREATE TRIGGER "store_journalentry_balanced" BEFORE INSERT ON "store_journalentry" BEGIN'
        " SELECT CASE WHEN coalesce(sum(postings), 0) < 2 THEN RAISE(ABORT, 'journal: fewer than two postings')"
        " WHEN sum(base) <> 0 THEN RAISE(ABORT, 'journal: postings do not sum to zero in base currency')"
        " WHEN max(amount <> 0) THEN RAISE(ABORT, 'journal: postings do not sum to zero per currency') END"
        f" FROM ({_SQLITE_BALANCE}); END"
    )
    return triggers


_REFUSE = """CREATE OR REPLACE FUNCTION huikuan_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  RAISE EXCEPTION 'append only: % on % refused', lower(TG_OP), TG_TABLE_NAME;
END $body$"""

_POSTING_OPEN = """CREATE OR REPLACE FUNCTION huikuan_posting_open() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF EXISTS (SELECT 1 FROM new_rows n,
             LATERAL (SELECT 1 FROM store_journalentry e WHERE e.id = n.entry_id LIMIT 1) x) THEN
    RAISE EXCEPTION 'append only: the entry of this posting is closed';
  END IF;
  IF EXISTS (SELECT 1 FROM new_rows n WHERE n.tx <> pg_current_xact_id()) THEN
    RAISE EXCEPTION 'append only: tx is set by the database';
  END IF;
  RETURN NULL;
END $body$"""

_ENTRY_BALANCED = """CREATE OR REPLACE FUNCTION huikuan_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE bad bigint;
BEGIN
  -- LATERAL keeps the plan an index look-up per entry, whatever the size of the statement it was planned for.
  SELECT n.id INTO bad FROM new_rows n, LATERAL (
    SELECT coalesce(sum(c), 0) AS postings, sum(b) AS base, bool_or(a <> 0) AS uneven FROM (
      SELECT count(*) AS c, sum(amount_minor) AS a, sum(base_minor) AS b
      FROM store_posting p WHERE p.entry_id = n.id GROUP BY p.currency) per_currency) s
  WHERE s.postings < 2 OR s.base <> 0 OR s.uneven OR n.tx <> pg_current_xact_id() LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'journal: entry % has fewer than two postings or does not sum to zero', bad;
  END IF;
  RETURN NULL;
END $body$"""


def postgres_objects() -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Functions by name, and triggers by (table, name)."""
    functions = {
        "huikuan_refuse_change": _REFUSE,
        "huikuan_posting_open": _POSTING_OPEN,
        "huikuan_entry_balanced": _ENTRY_BALANCED,
    }
    triggers: dict[tuple[str, str], str] = {}
    for table in APPEND_ONLY:
        triggers[table, "append_only"] = (
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION huikuan_refuse_change()"
        )
    for table, function in (
        ("store_posting", "huikuan_posting_open"),
        ("store_journalentry", "huikuan_entry_balanced"),
    ):
        name = function.removeprefix("huikuan_")
        triggers[table, name] = (
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    return functions, triggers

"""Read-only questions to the ledger, answered from one snapshot: pages of dataclasses, or Arrow tables."""

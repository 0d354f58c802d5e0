"""Columnar work on Arrow tables. No Django, no clock."""

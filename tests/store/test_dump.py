"""What a copy holds: every table of every app that is installed, or left out on purpose."""

from __future__ import annotations

import pytest
from django.apps import apps

from huikuan.store.dump import LEFT_OUT, kind_of, tables_here

MODELS = [one for one in apps.get_models(include_auto_created=True) if one._meta.managed and not one._meta.proxy]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_column_has_a_type_that_a_copy_knows(model: type) -> None:
    # Left-out tables too: one that is taken in later must not be what stops a backup at night.
    for field in model._meta.concrete_fields:  # type: ignore[attr-defined]
        assert kind_of(field), field


def test_a_copy_holds_every_table_but_those_left_out() -> None:
    names = {model._meta.db_table for model in MODELS}
    assert {table.name for table in tables_here()} == names - LEFT_OUT
    assert names >= LEFT_OUT, "a name of a table that is not there any more"

"""The database room: models, constraints, triggers, migrations. One Django app, one history."""

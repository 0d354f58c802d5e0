"""Background work: takes tasks from the database, one after another. ``python -m huikuan.jobs.worker``."""

from __future__ import annotations

import os

from huikuan.jobs.children import follow_parent

POLL_SECONDS = "0.5"


def main() -> None:
    """Works until told to stop; a task under way is finished first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django

    django.setup()
    follow_parent()
    from django.core.management import call_command

    call_command("db_worker", "--queue-name=*", f"--interval={POLL_SECONDS}", "--no-reload", verbosity=0)


if __name__ == "__main__":
    main()

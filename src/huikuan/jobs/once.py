"""One scheduled job, now, in this process: ``python -m huikuan.jobs.once NAME``."""

from __future__ import annotations

import os
import sys

from huikuan.core.refusals import Refusal


def main() -> int:
    """Exit 0: done; 65: somebody else runs it; 1: it failed, and the log says why."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")
    import django

    django.setup()
    from huikuan.jobs.runner import Runner
    from huikuan.services.schedule import describe_failure

    name = sys.argv[1]
    try:
        line = Runner().run(name, force=True)
    except Refusal as refusal:
        print(f"huikuan: {refusal.message}", file=sys.stderr)
        return 65
    except Exception as error:
        print(f"huikuan: {name} failed: {describe_failure(error)}", file=sys.stderr)
        return 1
    print(f"{name}: {line or 'done'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

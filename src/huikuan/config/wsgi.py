"""What the server runs."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from huikuan.jobs.children import follow_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huikuan.config.settings")

application = get_wsgi_application()
# A server process whose parent was killed would keep the port from the next one.
follow_parent()

"""The WSGI application that Granian serves. Refuses to load without a lasting secret key."""

import os

from django.core.wsgi import get_wsgi_application

from config.environment import ENVIRONMENT
from config.secret_key import require_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
require_secret_key(ENVIRONMENT)
application = get_wsgi_application()

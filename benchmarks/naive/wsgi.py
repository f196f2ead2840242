import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.naive.settings")

from django.core.wsgi import get_wsgi_application

from benchmarks.naive.celery import app as celery_app

celery_app.set_default()
application = get_wsgi_application()

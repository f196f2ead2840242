"""The limit of any Django view under this server: one that reads the request's body and answers with nothing done.

EMPTY_VIEW=empty has the middleware that `startproject` gives, EMPTY_VIEW=bare has none. No database, no authentication:
what is measured is Granian, Django's handler, the URL resolver and the middleware.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

MIDDLEWARE_OF_STARTPROJECT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="only-for-the-benchmark",  # noqa: S106
    MIDDLEWARE=[] if os.environ["EMPTY_VIEW"] == "bare" else MIDDLEWARE_OF_STARTPROJECT,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
)

ANSWER = b'{"id":"1","status":"accepted"}'


@csrf_exempt
def take(request: HttpRequest) -> HttpResponse:
    request.body  # noqa: B018  (the bytes have to be read from the socket, as in every view that takes an event)
    return HttpResponse(ANSWER, content_type="application/json", headers={"Content-Length": str(len(ANSWER))})


urlpatterns = [path("api/v1/event", take)]
application = get_wsgi_application()

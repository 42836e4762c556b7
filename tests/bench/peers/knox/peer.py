"""A Django REST view behind knox, as its documentation sets it up: one route that says who is asking.

`python peer.py seed FOLDER NUMBER` makes a database and a file of tokens; gunicorn serves `peer:application`
with PEER_FOLDER naming the folder.
"""

import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

FOLDER = Path(os.environ.get("PEER_FOLDER") or sys.argv[2])

settings.configure(
    SECRET_KEY="of no use: there are no sessions here",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "knox"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "knox.db",
            "CONN_MAX_AGE": None,
            "OPTIONS": {"init_command": "PRAGMA journal_mode = WAL"},
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["knox.auth.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    REST_KNOX={"AUTH_HEADER_PREFIX": "Bearer", "TOKEN_TTL": None},
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django must be set up before its models are named
from django.core.management import call_command  # noqa: E402
from knox.crypto import create_token_string, hash_token  # noqa: E402
from knox.models import AuthToken  # noqa: E402
from knox.settings import CONSTANTS  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Me(APIView):
    """Who is asking."""

    def get(self, request):
        return Response({"user": request.user.username})


urlpatterns = [path("me", Me.as_view())]


def seed(number: int) -> None:
    """One user and one token each; rows are inserted in bulk, tokens are made by knox."""
    call_command("migrate", verbosity=0)
    User.objects.bulk_create((User(username=f"user{n}") for n in range(number)), batch_size=1000)
    tokens = [create_token_string() for _ in range(number)]
    users = User.objects.order_by("id").values_list("id", flat=True)
    AuthToken.objects.bulk_create(
        (
            AuthToken(digest=hash_token(token), token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH], user_id=user)
            for token, user in zip(tokens, users)
        ),
        batch_size=500,
    )
    (FOLDER / "tokens.txt").write_text("\n".join(tokens) + "\n")


if __name__ == "__main__":
    seed(int(sys.argv[3]))
else:
    application = get_wsgi_application()

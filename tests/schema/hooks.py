"""What the configuration cannot say."""

import itertools
import os

import schemathesis

NUMBERS = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every request comes from a client of its own, as a gateway says it, and everyone who signs in is another: guessing is
    limited by network address and by e-mail address, and these are thousands of guesses. And most calls are asked of an
    assistant that is there."""
    number = next(NUMBERS)
    case.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    body = case.body
    if case.path == "/v1/session" and isinstance(body, dict):
        # Neither makes a right request wrong nor a wrong one right: it stays a text, as long as was allowed.
        email = body.get("email")
        if isinstance(email, str) and len(email) < 100:
            body["email"] = f"{number}{email}"
    if case.path == "/v1/assistant/calls" and isinstance(body, dict) and number % 4 != 0:
        # Any text is one that the document allows, so that this makes no wrong request right.
        if isinstance(body.get("assistantId"), str):
            body["assistantId"] = os.environ["ASSISTANT"]

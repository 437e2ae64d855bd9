"""What obstore raises, in a line and without a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chiro_db.errors import ChirodbError

_NO_BUCKET = "is the bucket there? chirodb makes none"
_SECRET = re.compile(r"(?i)\b(sig|x-amz-[a-z]+|x-goog-[a-z]+)=[^&\s)]+")


@contextmanager
def told(errors: Any, where: str) -> Iterator[None]:
    """`errors` are obstore's; it is an extra, and imported where a store is opened."""
    try:
        yield
    except (errors.UnauthenticatedError, errors.PermissionDeniedError, PermissionError) as error:
        hint = "the credentials in the environment may not do this"
        raise _cannot(where, error, hint) from None
    except FileNotFoundError as error:
        raise _cannot(where, error, _NO_BUCKET) from None
    except errors.GenericError as error:
        hint = "is the endpoint right, and can it be reached from here?"
        if "404 Not Found" in str(error):
            hint = _NO_BUCKET
        elif "URL scheme is not allowed" in str(error) or "builder error" in str(error):
            hint = "over plain http only with AWS_ALLOW_HTTP=true in the environment"
        raise _cannot(where, error, hint) from None
    except (errors.BaseError, OSError) as error:
        raise _cannot(where, error, None) from None


def _cannot(where: str, error: Exception, hint: str | None) -> ChirodbError:
    return ChirodbError(f"the store `{where}`: {first_line(error)}", hint=hint)


def first_line(error: Exception) -> str:
    """Without obstore's own account of the causes, and without signatures of URLs."""
    text = re.sub(r"<\?xml.*", "", str(error).partition("\n")[0])
    return _SECRET.sub(r"\1=***", text).strip(" :-")

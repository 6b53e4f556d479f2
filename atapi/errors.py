"""Everything that can go wrong, as one tree; a branch is caught, the narrowest is raised.

```
AtapiError                  exit code
├── UsageError              2    what was typed or sent makes no sense
├── ConfigError             4    a setting, a key file or an installed package is unusable
├── StorageError            4    the journal or another local file cannot be trusted or written
├── Refused                 1    a rule of ours said no; nothing was sent
├── VenueError              1    the venue refused, in its own words
│   ├── InsufficientBalance 1
│   ├── OrderNotFound       1    no such order there; no proof that it never was
│   ├── DuplicateOrder      1    the venue knows this client order id: evidence that it exists
│   ├── ClockSkew           6    our timestamp was outside the venue's window; nothing executed
│   ├── RateLimited         6    wait, then ask again; carries the seconds
│   └── AuthenticationError 5    key, signature, address or permission
├── VenueUnreachable        6    no usable answer to a read, or nothing was sent
├── OutcomeUnknown          3    an order may or may not exist: ask, never resend
├── SpreadBroken            3    one leg stands without the other
└── ExposureLeft            3    what was to be taken away still stands, in part
```
"""

from __future__ import annotations


class AtapiError(Exception):
    """Something the user can be told in one line.

    Args:
        message: What is wrong and which value, as one line.
        hint: What to type to mend it, or None.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AtapiError):
    """What was typed or sent makes no sense; nothing was done."""

    exit_code = 2


class ConfigError(AtapiError):
    """A setting, a key file or an installed package is unusable."""

    exit_code = 4


class StorageError(AtapiError):
    """The journal or another local file cannot be trusted or written."""

    exit_code = 4


class Refused(AtapiError):
    """A rule of ours said no; nothing was sent and nothing changed."""


class VenueError(AtapiError):
    """The venue refused, definitively, in its own words.

    Args:
        message: The venue's message, verbatim.
        code: The venue's code, or None where it gave none.
        status: The HTTP status, or None.
    """

    def __init__(
        self, message: str, *, code: int | None = None, status: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.status = status


class InsufficientBalance(VenueError):
    """The account holds too little, in balance or in margin."""


class OrderNotFound(VenueError):
    """The venue shows no such order; that alone proves nothing about whether it exists."""


class DuplicateOrder(VenueError):
    """The venue already knows this client order id, so an earlier attempt exists."""


class ClockSkew(VenueError):
    """Our timestamp was outside the venue's window; the request was not executed."""

    exit_code = 6


class RateLimited(VenueError):
    """The venue asks to wait before anything else is sent.

    Args:
        retry_after_s: Seconds to wait, or None where the venue did not say.
    """

    exit_code = 6

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        status: int | None = None,
        retry_after_s: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status, hint=hint)
        self.retry_after_s = retry_after_s


class AuthenticationError(VenueError):
    """The key, its signature, its address list or its permissions were refused."""

    exit_code = 5


class VenueUnreachable(AtapiError):
    """No usable answer to a read, or an order of which not one byte was sent.

    Args:
        sent: False when it is certain that no byte of the request left this machine.
    """

    exit_code = 6

    def __init__(self, message: str, *, sent: bool = True, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class OutcomeUnknown(AtapiError):
    """An order may or may not exist at the venue: ask for it, never send it again."""

    exit_code = 3


class SpreadBroken(AtapiError):
    """One leg of a spread stands without the other; the message says what and how to mend it."""

    exit_code = 3


class ExposureLeft(AtapiError):
    """Orders, spreads or positions that were to be taken away still stand; the message says which."""

    exit_code = 3

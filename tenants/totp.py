"""Time-based one-time passwords, as every authenticator app computes them. Plain Python."""

import hashlib
import hmac

STEP = 30  # seconds
DIGITS = 6


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """
    Return the code of the `step`-th half minute since 1970.

    Source: RFC 4226 section 5.3 and RFC 6238, with HMAC-SHA-1, the one that all apps know.
    """
    mac = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(seconds: float) -> int:
    """Return the half minute in which an instant (seconds since 1970) lies."""
    return int(seconds) // STEP


def matching_step(secret: bytes, code: str, seconds: float, after: int) -> int | None:
    """
    Return the half minute whose code it is, if later than `after`; None for a wrong or used code.

    The one before and the one after are good too: clocks of phones differ.
    """
    now = step_of(seconds)
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(code_at(secret, step), code) and step > after:
            found = step
    return found

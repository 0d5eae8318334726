"""
The signature of a message between machines: HMAC-SHA-256 over its time and its bytes. Plain Python.

`X-Portal-Timestamp` holds seconds since 1970, `X-Portal-Signature` is `sha256=` and the hexadecimal
code of `timestamp.body` under the shared secret. The time is part of it, so that it cannot be sent
again later.
"""

import hashlib
import hmac

TIMESTAMP, SIGNATURE = "X-Portal-Timestamp", "X-Portal-Signature"
LEEWAY = 300  # seconds that two clocks may differ


def signature(secret: str, timestamp: str, body: bytes) -> str:
    code = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={code.hexdigest()}"


def is_signed(secret: str, timestamp: str, told: str, body: bytes, seconds: float) -> bool:
    """Return whether the signature is this message's and was made within the leeway of `seconds`."""
    right = hmac.compare_digest(signature(secret, timestamp, body).encode(), told.encode())
    return right and timestamp.isdecimal() and abs(int(timestamp[:12]) - seconds) <= LEEWAY

"""One form of a JSON document, so that equal contents have equal bytes and equal hashes."""

import hashlib
import json
from typing import Any


def canonical(document: Any) -> str:
    """
    Return `document` as JSON with sorted keys, no spaces, and every character as itself.

    :raises ValueError: if a number is not finite.
    """
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_of(text: str) -> str:
    """Return the SHA-256 of the UTF-8 bytes of `text` as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()

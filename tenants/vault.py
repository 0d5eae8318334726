"""Secrets that must be read again are stored encrypted, under a key made from SECRET_KEY for each use."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def vault(use: str) -> MultiFernet:
    """Return what en- and decrypts the secrets of one use; keys that were replaced still open."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key, use)) for key in keys])


def _derived(key: str, use: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.new(key.encode(), use.encode(), hashlib.sha256).digest())

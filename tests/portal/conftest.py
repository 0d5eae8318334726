"""Fixtures of the portal's own tests."""

from tests.portal.restoring import empty

__all__ = ["empty"]

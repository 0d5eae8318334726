"""Answers of 400 and above that DRF has no exception for; `portal.api.errors` gives all one shape."""

from rest_framework import exceptions, status


class Conflict(exceptions.APIException):
    """Understood, permitted, and not possible now."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"

    def __init__(self, detail: str, code: str = "conflict", wait: int | None = None) -> None:
        super().__init__(detail, code)
        self.wait = wait


class PreconditionFailed(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "precondition_failed"


class PreconditionRequired(exceptions.APIException):
    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "precondition_required"

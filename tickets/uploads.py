"""What comes in with a form: never more of a file on disk than may be kept."""

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """
    Streams a file to a temporary one and stops writing beyond `ATTACHMENTS_MOST_BYTES`.

    The size that was sent is still told, so that the form can name the file and the limit.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start <= settings.ATTACHMENTS_MOST_BYTES:
            try:
                super().receive_data_chunk(raw_data, start)
            except OSError:  # a full disk gets its room back at once
                self.file.close()
                raise

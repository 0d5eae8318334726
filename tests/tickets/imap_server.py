"""pymap, which also lets in whoever brings the bearer token of $IMAP_BEARER by XOAUTH2; run as a program."""

import os
import secrets

from pymap.backend.dict import Login
from pymap.config import IMAPConfig
from pymap.exceptions import InvalidAuth
from pymap.main import main
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials
from pysasl.mechanism.oauth import OAuth2Mechanism
from pysasl.mechanism.plain import PlainMechanism

by_password = Login.authenticate


async def authenticate(self, credentials):
    if not isinstance(credentials, ExternalCredentials):
        return await by_password(self, credentials)
    right = os.environ["IMAP_BEARER"]
    known = credentials.authzid == self.config.demo_user
    if not (known and secrets.compare_digest(credentials._token, right)):
        raise InvalidAuth
    return self.demo_user_identity


if __name__ == "__main__":
    if os.environ["IMAP_BEARER"]:
        Login.authenticate = authenticate
        both = SASLAuth([OAuth2Mechanism(), PlainMechanism()])
        IMAPConfig.tls_auth = property(lambda self: both)
    main()

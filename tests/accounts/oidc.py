"""A provider of OpenID Connect over HTTP on this machine, with real keys, that can be made to lie."""

import base64
import hashlib
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "the-portal", "a-secret-of-the-provider"


class Provider:
    """
    Who is at its page (`claims`), and what it does wrong: each field is one lie.

    `asked` holds the parameters of the last way there, `tokens` how many were asked for.
    """

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.signs_with = self.key
        self.claims = {"sub": "u-1", "email": "yuki@example.com", "email_verified": True}
        self.lies: dict[str, object] = {}  # claims of the id_token that are not as they should be
        self.userinfo: dict[str, object] = {"sub": "u-1"}
        self.denies = self.is_broken = False
        self.speaks_for = ""  # another issuer
        self.asked: dict[str, str] = {}
        self.tokens = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(provider) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.way_back(asked))
                    self.end_headers()
                else:
                    self.tell(provider.pages()[parts.path])

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                sent = {name: values[0] for name, values in parse_qs(body).items()}
                self.tell(*provider.token(sent, self.headers.get("Authorization", "")))

            def tell(self, said: dict, status: int = 200) -> None:
                text = json.dumps(said).encode()
                self.send_response(500 if provider.is_broken else status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler

    def pages(self) -> dict[str, dict]:
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.speaks_for or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            },
            "/keys": {"keys": [self.key.as_dict(private=False)]},
            "/userinfo": self.userinfo,
        }

    def way_back(self, asked: dict[str, str]) -> str:
        """Return where the person is led after saying yes, or no."""
        self.asked = asked
        said = {"error": "access_denied"} if self.denies else {"code": "a-code"}
        return f"{asked['redirect_uri']}?{urlencode(said | {'state': asked['state']})}"

    def token(self, sent: dict[str, str], proof: str) -> tuple[dict, int]:
        """Answer a code once its client and its verifier are proved, as a provider must."""
        self.tokens += 1
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if challenge != self.asked["code_challenge"] or proof != f"Basic {basic}":
            return {"error": "invalid_grant"}, 400
        return {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}, 200

    def id_token(self) -> str:
        now = int(time.time())
        right = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {**right, "nonce": self.asked["nonce"], **self.claims, **self.lies}
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.signs_with.kid}, said, self.signs_with)

    @contextmanager
    def serving(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()

    def close(self) -> None:
        """Be away: nobody takes a connection."""
        self.server.shutdown()
        self.server.server_close()

"""How do positions, cursors and versions leave the system without telling what they are?

Positions are dense: whoever reads two of them knows how much happened in between. So clients get ciphertexts and keyed
hashes, which they can hand back and nothing else.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from hmac import digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
TAG_BYTES = 16
SECRET_BYTES = 32


class NotOurs(Exception):  # noqa: N818 - it says what the token is
    """The token was not made here, for this purpose."""


@dataclass(frozen=True)
class Opaque:
    """Makes and opens opaque tokens under one secret of at least 32 bytes."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret too short to be one."""
        if len(self.secret) < SECRET_BYTES:
            message = f"the secret needs at least {SECRET_BYTES} bytes"
            raise ValueError(message)

    def seal(self, purpose: str, value: object) -> str:
        """Return *value* (anything JSON holds) as a token that only ``open`` with the same *purpose* reads."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = json.dumps(value, separators=(",", ":")).encode()
        sealed = self._cipher(purpose).encrypt(nonce, plain, purpose.encode())
        return urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, purpose: str, token: str) -> object:
        """Return the value in *token*, or raise NotOurs."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            plain = self._cipher(purpose).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
        except (Base64Error, ValueError, InvalidTag):
            raise NotOurs from None
        value: object = json.loads(plain)
        return value

    def tag(self, *parts: object) -> str:
        """Return a short keyed hash of *parts*: equal for equal parts, and otherwise meaningless."""
        return urlsafe_b64encode(self.fingerprint(*parts)[:TAG_BYTES]).rstrip(b"=").decode()

    def fingerprint(self, *parts: object) -> bytes:
        """Return a keyed hash of *parts*, 32 bytes; keyed, because bodies hold names that could be guessed."""
        return digest(self._key("fingerprint"), json.dumps([str(part) for part in parts]).encode(), "sha256")

    def _key(self, purpose: str) -> bytes:
        return digest(self.secret, purpose.encode(), "sha256")

    def _cipher(self, purpose: str) -> AESGCM:
        return AESGCM(self._key(f"seal {purpose}"))

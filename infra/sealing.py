"""How is one value sealed, so that it can be forgotten, moved nowhere, and shown and proved by itself?

Each value has a key of its own, derived from the key of its owner (a person, or a case), the event, the topic and the
place in the fact: a ciphertext that is moved does not open, and to disclose one value is to disclose the key of no
other. Beside the ciphertext stands a commitment to that key, since AES-GCM alone lets one make a ciphertext that opens
under two keys.
"""

import secrets
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json

from domain.values import Sealed

KEY_BYTES = 32
BLOCK = 32
"""Values are filled up to a multiple of so many bytes: by its length alone one could tell one office from another."""
COMMITMENT = b"weerbaar commitment v1\0"
NONCE = bytes(12)
"""A key seals one value, once: it needs no number to be used once."""


class NotSealedHere(Exception):  # noqa: N818 - it says what the value is
    """The value was not sealed under this key, for this place."""


@dataclass(frozen=True)
class Place:
    """Where in the log a sealed value stands."""

    event_id: UUID
    topic: str
    path: str
    """A JSON Pointer without its first slash: in the fact, or (``metadata:organisation``) in what stands beside it."""

    def key(self, owner: bytes) -> bytes:
        """Return the key of the value here, from that of its *owner*."""
        bound = b"\0".join((self.event_id.bytes, self.topic.encode(), self.path.encode()))
        return digest(owner, bound, "sha512")[:KEY_BYTES]


def fresh_key() -> bytes:
    """Return a random key for a person or a case."""
    return secrets.token_bytes(KEY_BYTES)


def commitment(key: bytes) -> bytes:
    """Return what binds a ciphertext to *key*, and tells nothing of it."""
    return sha256(COMMITMENT + key).digest()


def seal(key: bytes, plain: bytes) -> Sealed:
    """Return *plain*, JSON, sealed under *key*, which has sealed nothing before."""
    filled = plain.ljust(-(-len(plain) // BLOCK) * BLOCK)
    return Sealed(urlsafe_b64encode(commitment(key) + AESGCM(key).encrypt(NONCE, filled, None)).decode())


def open_sealed(key: bytes, sealed: str) -> bytes:
    """Return the JSON in *sealed*, perhaps followed by blanks. Raises NotSealedHere."""
    try:
        raw = b64decode(sealed, b"-_", validate=True)
        if not compare_digest(raw[:KEY_BYTES], commitment(key)):
            raise NotSealedHere
        return AESGCM(key).decrypt(NONCE, raw[KEY_BYTES:], None)
    except (Base64Error, ValueError, InvalidTag):
        raise NotSealedHere from None


def to_plain(value: object) -> bytes:
    """Return *value* as it is sealed."""
    return to_json(value)


def from_plain(model: type[BaseModel], name: str, plain: bytes) -> Any:  # noqa: ANN401 - whatever the field holds
    """Return the value of the field *name* of *model*."""
    return _adapter(model, name).validate_json(plain)


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    # The type alone: its mark would let something sealed pass, and all else was asked of the value when it came in.
    annotation: Any = model.model_fields[name].annotation
    return TypeAdapter(annotation)

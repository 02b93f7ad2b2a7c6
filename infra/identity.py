"""Who is asking, by the signed token they bring?"""

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import BaseModel, ConfigDict

from domain.basis import Actor, PersonId, Role
from domain.organisations import OrganisationKey, PersonKey
from domain.values import Model, Slug
from infra.files import make_durably
from infra.opaque import SECRET_BYTES
from infra.settings import DEMO_ISSUER, Mode, Settings, SettingsError

ALGORITHMS = ["ES256", "PS256"]
"""Allowed signatures: never ``none``, never a shared secret (NL GOV assurance profile for OAuth 2.0)."""
LEEWAY_SECONDS = 30
REMEMBERED_TOKENS = 1000


class NotAuthenticated(Exception):  # noqa: N818 - the reason as a state
    """The access token is missing, malformed, expired, or not for this service."""


class Caller(Model):
    """Who asks, and on whose behalf and for which purpose they say they do."""

    actor: Actor
    on_behalf_of: PersonId | None = None
    purpose: Slug | None = None


class Claims(BaseModel):
    """What we want to know from an access token; whatever else it says is not for us."""

    model_config = ConfigDict(frozen=True)

    sub: PersonKey
    organisation: OrganisationKey
    role: Role
    on_behalf_of: PersonKey | None = None
    purpose: Slug | None = None


@dataclass(frozen=True)
class Verifier:
    """Checks access tokens of one trusted issuer."""

    keys: KeySet
    issuer: str
    audience: str
    _known: Callable[[str], tuple[dict[str, Any], Caller]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember the tokens that were rightly signed: to check a signature takes as long as to load a case."""
        object.__setattr__(self, "_known", lru_cache(REMEMBERED_TOKENS)(self._signed))

    def caller(self, token: str, now: datetime) -> Caller:
        """Return the caller that *token* names, or raise NotAuthenticated."""
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            claims, caller = self._known(token)
            registry.validate(claims)
        except (JoseError, ValueError, TypeError):
            # The reason stays inside: it would tell a forger which part to mend.
            raise NotAuthenticated from None
        return caller

    def _signed(self, token: str) -> tuple[dict[str, Any], Caller]:
        """Return what *token*, which one of the keys has signed, says. When it holds is for others to look at."""
        found = jwt.decode(token, self.keys, algorithms=ALGORITHMS).claims
        claims = Claims.model_validate(found)
        actor = Actor(person=claims.sub, organisation=claims.organisation, role=claims.role)
        return found, Caller(actor=actor, on_behalf_of=claims.on_behalf_of, purpose=claims.purpose)


@dataclass(frozen=True)
class DemoIssuer:
    """Signs access tokens for the demo; production trusts an issuer of its own."""

    key: ECKey
    issuer: str
    audience: str

    def token(self, actor: Actor, now: datetime, *, valid: timedelta = timedelta(hours=8)) -> str:
        """Return an access token for *actor* that is valid for *valid* from *now* (negative: expired)."""
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": actor.person,
            "organisation": actor.organisation,
            "role": actor.role.value,
            "iat": int(now.timestamp()),
            "exp": int((now + valid).timestamp()),
            "jti": secrets.token_hex(8),
        }
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key, algorithms=["ES256"])

    @property
    def verifier(self) -> Verifier:
        """Return the verifier that trusts this issuer."""
        public = ECKey.import_key(self.key.as_dict(private=False))
        return Verifier(keys=KeySet([public]), issuer=self.issuer, audience=self.audience)


def demo_issuer(settings: Settings) -> DemoIssuer:
    """Return the demo's issuer; its key is made at first use and kept in the data folder."""
    path = settings.data_dir / "issuer.json"
    fresh = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, auto_kid=True)
    key = ECKey.import_key(json.loads(kept(path, json.dumps(fresh.as_dict(private=True)).encode())))
    return DemoIssuer(key=key, issuer=settings.token_issuer, audience=settings.token_audience)


def verifier(settings: Settings) -> Verifier:
    """Return the verifier for the configured issuer, in demo mode by default the demo's own."""
    if settings.token_issuer == DEMO_ISSUER:
        refuse_in_production(settings, "TOKEN_ISSUER (the demo's will not do)")
    if settings.token_keys_file is None:
        refuse_in_production(settings, "TOKEN_KEYS_FILE")
        return demo_issuer(settings).verifier
    try:
        keys = KeySet.import_key_set(json.loads(settings.token_keys_file.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError, JoseError) as error:
        message = f"malformed setting: WEERBAAR_TOKEN_KEYS_FILE ({type(error).__name__})"
        raise SettingsError(message) from None
    return Verifier(keys=keys, issuer=settings.token_issuer, audience=settings.token_audience)


def secret(settings: Settings) -> bytes:
    """Return the secret of opaque tokens; demo mode makes its own at first use and keeps it in the data folder."""
    if settings.secret_file is None:
        refuse_in_production(settings, "SECRET_FILE")
        return kept(settings.data_dir / "secret", secrets.token_bytes(SECRET_BYTES))
    try:
        found = settings.secret_file.read_bytes()
    except OSError as error:
        message = f"malformed setting: WEERBAAR_SECRET_FILE ({type(error).__name__})"
        raise SettingsError(message) from None
    if len(found) < SECRET_BYTES:
        message = f"malformed setting: WEERBAAR_SECRET_FILE (fewer than {SECRET_BYTES} bytes)"
        raise SettingsError(message)
    return found


def refuse_in_production(settings: Settings, name: str) -> None:
    """Refuse to make up in production what somebody must answer for."""
    if settings.mode is Mode.PRODUCTION:
        message = f"production mode needs the setting WEERBAAR_{name}"
        raise SettingsError(message)


def kept(path: Path, fresh: bytes) -> bytes:
    """Return what stands in *path*, after writing *fresh* there, readable by us alone, if it did not exist."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            make_durably(path, fresh)
        return path.read_bytes()
    except OSError as error:
        message = f"malformed setting: WEERBAAR_DATA_DIR ({type(error).__name__})"
        raise SettingsError(message) from None

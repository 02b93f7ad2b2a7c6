"""How does a log say what is in it, so that anybody can check who said it?

Pure. The formats are C2SP's: signed-note, tlog-checkpoint, tlog-cosignature (``cosignature/v1``) and tlog-policy.
Whatever is parsed here may come from anybody.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from secrets import token_bytes
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infra.tlog import HASH_BYTES, MOST

NOTE_BYTES = 64 * 1024
"""More than any note that we would make, with sixteen signatures and more."""
MOST_SIGNATURES = 100
MOST_LINES = 1000
"""Of a policy."""
KEY_BYTES = 32
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
TIME_BYTES = 8
DASH = "\u2014 "


class MalformedNote(Exception):  # noqa: N818 - it says what the text is
    """The text is no signed note, no checkpoint, no key or no policy; the message is one line."""


class Untrusted(Exception):  # noqa: N818 - it says what the checkpoint is
    """The checkpoint does not have the signatures that the policy asks for; the message is one line."""


# --- keys -------------------------------------------------------------------------------------------------------------


class Algorithm(IntEnum):
    """What a key signs: the type byte of signed-note."""

    ED25519 = 1
    """The text itself."""
    COSIGNATURE = 4
    """The text of a checkpoint and the time, as a witness."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key by the name of whoever signs with it."""

    name: str
    algorithm: Algorithm
    public: bytes

    @property
    def id(self) -> bytes:
        """What stands before each signature, to find the key by."""
        return sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the key as it is written down: ``name+id+base64``."""
        return f"{self.name}+{self.id.hex()}+{_base64(bytes([self.algorithm]) + self.public)}"

    def verified(self, text: str, signature: bytes) -> int | None:
        """Return when *text* was signed, 0 where a signature does not say, or ``None`` if this is no such signature."""
        time, signed = 0, text.encode()
        if self.algorithm is Algorithm.COSIGNATURE:
            time = int.from_bytes(signature[:TIME_BYTES])
            signature, signed = signature[TIME_BYTES:], _with_time(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except (InvalidSignature, ValueError):
            return None
        return time


@dataclass(frozen=True)
class SignerKey:
    """A private key by the name of whoever signs with it."""

    name: str
    algorithm: Algorithm
    seed: bytes = field(repr=False)

    @classmethod
    def new(cls, name: str, algorithm: Algorithm) -> "SignerKey":
        """Make a key. Raises MalformedNote for a name that cannot be one."""
        return cls(key_name(name), algorithm, token_bytes(KEY_BYTES))

    @property
    def verifier(self) -> VerifierKey:
        """The public key."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.algorithm, public)

    @property
    def secret(self) -> str:
        """The key as it is kept: ``PRIVATE+KEY+name+id+base64``."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{_base64(bytes([self.algorithm]) + self.seed)}"

    def signature(self, text: str, time: int = 0) -> str:
        """Return the line that signs *text*, at *time* (in seconds since 1970) where the signature says when."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        if self.algorithm is Algorithm.COSIGNATURE:
            signature = time.to_bytes(TIME_BYTES) + private.sign(_with_time(text, time))
        else:
            signature = private.sign(text.encode())
        return f"{DASH}{self.name} {_base64(self.verifier.id + signature)}\n"


def key_name(name: str) -> str:
    """Return *name* if a key can have it. Raises MalformedNote."""
    if not re.fullmatch(r"[!-*,-~]{1,200}", name):  # printable ASCII without space and plus
        message = "the name of a key is 1 to 200 characters without spaces or plus signs"
        raise MalformedNote(message)
    return name


def parse_verifier_key(text: str) -> VerifierKey:
    """Return the public key that *text* says. Raises MalformedNote."""
    name, key_id, content = (*text.split("+", 2), "", "")[:3]
    algorithm, public = _parse_key(content, "public key")
    key = VerifierKey(key_name(name), algorithm, public)
    if key.id.hex() != key_id:
        message = f"the public key of {name} has another number than it says"
        raise MalformedNote(message)
    return key


def parse_signer_key(text: str) -> SignerKey:
    """Return the private key that *text* says. Raises MalformedNote, which never repeats any of it."""
    name, key_id, content = (*text.strip().removeprefix("PRIVATE+KEY+").split("+", 2), "", "")[:3]
    algorithm, seed = _parse_key(content, "private key")
    key = SignerKey(key_name(name), algorithm, seed)
    if not text.startswith("PRIVATE+KEY+") or key.verifier.id.hex() != key_id:
        message = "this is no private key"
        raise MalformedNote(message)
    return key


def _parse_key(content: str, what: str) -> tuple[Algorithm, bytes]:
    message = f"this is no {what} of a kind that is known here"
    try:
        decoded = _from_base64(content)
        algorithm = Algorithm(decoded[0])
    except (MalformedNote, ValueError, IndexError):
        raise MalformedNote(message) from None
    if len(decoded) != 1 + KEY_BYTES:
        raise MalformedNote(message)
    return algorithm, decoded[1:]


def _with_time(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


# --- notes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Note:
    """A text, and the lines that sign it."""

    text: str
    signatures: tuple[str, ...]

    def __str__(self) -> str:
        """Return the note as it is sent and kept."""
        return f"{self.text}\n{''.join(self.signatures)}"

    def signed_by(self, key: VerifierKey) -> int | None:
        """Return when *key* signed it, 0 where a signature does not say, or ``None`` if it did not.

        Raises MalformedNote for a signature that says it is of this key and is not.
        """
        for line in self.signatures:
            name, signature = _parse_signature(line)
            if name == key.name and signature[:KEY_ID_BYTES] == key.id:
                time = key.verified(self.text, signature[KEY_ID_BYTES:])
                if time is None:
                    message = f"the signature of {name} is not theirs"
                    raise MalformedNote(message)
                return time
        return None


def parse_note(content: bytes) -> Note:
    """Return the signed note that *content* is. Raises MalformedNote."""
    if len(content) > NOTE_BYTES:
        message = "a note is not that long"
        raise MalformedNote(message)
    try:
        decoded = content.decode()
    except UnicodeDecodeError:
        message = "a note is UTF-8"
        raise MalformedNote(message) from None
    if any(character < " " and character != "\n" for character in decoded):
        message = "a note has no control characters"
        raise MalformedNote(message)
    text, separator, below = decoded.rpartition("\n\n")
    if not separator or not below.endswith("\n"):
        message = "a note ends with an empty line and signatures"
        raise MalformedNote(message)
    return Note(f"{text}\n", parse_signatures(below))


def parse_signatures(text: str) -> tuple[str, ...]:
    """Return the lines of signatures in *text*. Raises MalformedNote."""
    # Not splitlines, which knows more ends of lines than one.
    lines = tuple(f"{line}\n" for line in text.removesuffix("\n").split("\n"))
    if len(lines) > MOST_SIGNATURES:
        message = "a note has not that many signatures"
        raise MalformedNote(message)
    for line in lines:
        _parse_signature(line)
    return lines


def _parse_signature(line: str) -> tuple[str, bytes]:
    match = re.fullmatch(rf"{DASH}([^\s+]+) (\S+)\n", line)
    signature = _from_base64(match[2]) if match else b""
    if not match or len(signature) <= KEY_ID_BYTES:
        message = "a signature is a dash, a name and what was signed"
        raise MalformedNote(message)
    return match[1], signature


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


def _from_base64(text: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        value = b""
    # There is one way to write a value: b64decode takes others too.
    if not value or _base64(value) != text:
        message = "this is no base64"
        raise MalformedNote(message)
    return value


# --- checkpoints ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: how many entries it has, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that *text* is. Raises MalformedNote.

    Further lines, which tlog-checkpoint advises against, are left alone: they are signed, and mean nothing here.
    """
    origin, size, root, *more = (*text.removesuffix("\n").split("\n"), "", "", "")
    decoded = _from_base64(root) if root else b""
    if (
        not origin
        or not text.endswith("\n")
        or not re.fullmatch("0|[1-9][0-9]{0,18}", size)
        or int(size) > MOST
        or len(decoded) != HASH_BYTES
        or not all(more[:-3])
    ):
        message = "a checkpoint is an origin, a size and a root"
        raise MalformedNote(message)
    return Checkpoint(origin, int(size), decoded)


def hash_lines(hashes: Iterable[bytes]) -> list[str]:
    """Return *hashes* as they stand in a request or a bundle."""
    return [_base64(value) for value in hashes]


def parse_hashes(lines: Sequence[str]) -> list[bytes]:
    """Return the hashes that *lines* say. Raises MalformedNote."""
    hashes = [_from_base64(line) for line in lines]
    if any(len(value) != HASH_BYTES for value in hashes):
        message = f"a hash has {HASH_BYTES} bytes"
        raise MalformedNote(message)
    return hashes


# --- policies ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Witness:
    """Who says that a log was only added to."""

    name: str
    """In the policy."""
    key: VerifierKey
    url: str | None
    """Where it can be asked: the submission prefix of tlog-witness."""


@dataclass(frozen=True)
class Trusted:
    """A checkpoint with all the signatures that were asked for."""

    checkpoint: Checkpoint
    note: Note
    witnessed: Mapping[str, int]
    """Which witnesses of the policy cosigned it, and when."""


@dataclass(frozen=True)
class Policy:
    """Whose word is taken: any of the logs, and as many witnesses as the quorum asks for."""

    logs: tuple[VerifierKey, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    """By name: how many of whom."""
    quorum: str = "none"

    def check(self, note: Note) -> Trusted:
        """Return the checkpoint in *note*. Raises Untrusted, and MalformedNote."""
        checkpoint = parse_checkpoint(note.text)
        keys = [key for key in self.logs if key.name == checkpoint.origin]
        if not keys:
            message = f"the policy does not know the log {checkpoint.origin}"
            raise Untrusted(message)
        if all(note.signed_by(key) is None for key in keys):
            message = f"no key of the policy has signed the checkpoint of {checkpoint.size} events"
            raise Untrusted(message)
        times = {witness.name: note.signed_by(witness.key) for witness in self.witnesses}
        witnessed = {name: time for name, time in times.items() if time is not None}
        if not self.suffice(witnessed):
            message = (
                f"the checkpoint of {checkpoint.size} events lacks cosignatures: "
                f"the quorum is {self.quorum}, and it has {', '.join(witnessed) or 'none'}"
            )
            raise Untrusted(message)
        return Trusted(checkpoint, note, witnessed)

    def suffice(self, witnessed: Iterable[str]) -> bool:
        """Tell whether the cosignatures of these are enough."""
        there = set(witnessed)
        for name, (threshold, members) in self.groups.items():  # a group names earlier ones only
            if len(there.intersection(members)) >= threshold:
                there.add(name)
        return self.quorum == "none" or self.quorum in there


def parse_policy(content: bytes) -> Policy:
    """Return the policy that *content* is, in the form of C2SP tlog-policy. Raises MalformedNote.

    A key of a log that is there twice under different names is accepted: that is how old checkpoints stay good.
    """
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        message = "the policy is not UTF-8"
        raise MalformedNote(message) from None
    if len(lines) > MOST_LINES:
        message = f"the policy has more than {MOST_LINES} lines"
        raise MalformedNote(message)
    reading = _PolicyReader()
    for number, line in enumerate(lines, start=1):
        words = re.findall(r"[^ \t]+", line)
        if words and not words[0].startswith("#"):
            try:
                reading.take(words)
            except MalformedNote as error:
                message = f"line {number} of the policy: {error}"
                raise MalformedNote(message) from None
    if reading.quorum is None:
        message = "the policy has no quorum"
        raise MalformedNote(message)
    return Policy(tuple(reading.logs), tuple(reading.witnesses), reading.groups, reading.quorum)


@dataclass
class _PolicyReader:
    """What the lines so far have said."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str | None = None
    _used: set[str] = field(default_factory=set)

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", key] | ["log", key, _]:
                self.logs.append(_key_for(Algorithm.ED25519, key))
            case ["witness", name, key]:
                self._add_witness(name, key, None)
            case ["witness", name, key, url]:
                self._add_witness(name, key, url)
            case ["group", name, threshold, *members] if members:
                self._add_group(name, threshold, members)
            case ["quorum", name] if self.quorum is None:
                self._must_be_known([name] if name != "none" else [])
                self.quorum = name
            case _:
                message = "this is no log, witness, group or (one) quorum"
                raise MalformedNote(message)

    def _add_witness(self, name: str, key: str, url: str | None) -> None:
        self._must_be_new(name)
        verifier = _key_for(Algorithm.COSIGNATURE, key)
        if any(verifier.public == witness.key.public for witness in self.witnesses):
            message = "another witness has this key"
            raise MalformedNote(message)
        self.witnesses.append(Witness(name, verifier, web_address(url) if url else None))

    def _add_group(self, name: str, threshold: str, members: list[str]) -> None:
        self._must_be_new(name)
        self._must_be_known(members)
        if self._used.intersection(members) or len(set(members)) < len(members):
            message = "each witness counts in one group, once"
            raise MalformedNote(message)
        self._used.update(members)
        needed = {"any": "1", "all": str(len(members))}.get(threshold, threshold)
        if not re.fullmatch("[1-9][0-9]{0,3}", needed) or int(needed) > len(members):
            message = f"{threshold} of {len(members)} cannot be"
            raise MalformedNote(message)
        self.groups[name] = (int(needed), tuple(members))

    def _must_be_new(self, name: str) -> None:
        if name == "none" or name in self.groups or any(name == witness.name for witness in self.witnesses):
            message = f"the name {name} is taken"
            raise MalformedNote(message)

    def _must_be_known(self, names: list[str]) -> None:
        known = {*self.groups, *(witness.name for witness in self.witnesses)}
        if unknown := [name for name in names if name not in known]:
            message = f"nothing above is called {unknown[0]}"
            raise MalformedNote(message)


def _key_for(algorithm: Algorithm, text: str) -> VerifierKey:
    key = parse_verifier_key(text)
    if key.algorithm is not algorithm:
        message = f"the key of {key.name} is of another kind"
        raise MalformedNote(message)
    return key


def web_address(url: str) -> str:
    """Return *url* without a slash at its end, if it can be asked over HTTP. Raises MalformedNote."""
    try:
        parts = urlsplit(url)
        there = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        there = False
    if not there:
        message = "the address is no http:// or https:// address"
        raise MalformedNote(message)
    return url.rstrip("/")

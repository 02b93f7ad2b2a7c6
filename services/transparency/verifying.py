"""Are the events in the database those that were recorded, all of them and in their order?

Every event is held against its leaf in the tiles, the tiles against the checkpoint, the checkpoint against its
signatures, and every earlier checkpoint against the same tree. In one pass over the events the tree is built anew; only
where that differs from the files is it asked which of both is wrong.
"""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from domain.values import Model
from infra.database import Database, DatabaseRole
from infra.files import write_durably
from infra.signednotes import Checkpoint, MalformedNote, Note, Policy, Trusted, Untrusted, parse_checkpoint, parse_note
from infra.tlog import HASH_BYTES, TILE_WIDTH, cut, nodes_of, root_of, tile_of
from services.transparency.comparing import Claim, Comparison, Fault, Faults, Progress, silent
from services.transparency.folder import CHECKPOINT, SIGNED, LogError, LogFolder, all_logs

# --- what is found ----------------------------------------------------------------------------------------------------


class Report(Model):
    """What a verification has found."""

    origin: str
    size: int
    """How many events the log holds."""
    head: int
    """How many the database holds."""
    witnessed: dict[str, datetime]
    """Which witnesses of the policy cosigned the checkpoint, and when."""
    began_after: int
    """Up to where it was verified before; these events were not looked at again."""
    looked_at: int
    earlier_checkpoints: int
    """How many were found consistent, or not, with this one."""
    restarts: tuple[str, ...]
    """What was said of former logs, which ended when a restore lost events."""
    not_covered_since: datetime | None
    """When the first event was recorded that is in no checkpoint yet."""
    faults: tuple[Fault, ...]
    """The first ones."""
    fault_count: int

    @property
    def not_covered(self) -> int:
        """How many events are in no checkpoint yet."""
        return max(0, self.head - self.size)


# --- verifying --------------------------------------------------------------------------------------------------------


@dataclass
class Verification:
    """Verifies what *database* holds against the log in *folder*, by *policy* and for the *topics* that are known."""

    database: Database
    folder: Path
    policy: Policy
    topics: Collection[str]
    trusted_file: Path
    """Holds the checkpoint that was verified last; it is better kept where nobody else can write."""
    full: bool = False
    on_progress: Progress = silent
    _faults: Faults = field(default_factory=Faults, init=False)
    _restarts: list[str] = field(default_factory=list, init=False)

    def run(self) -> Report:
        """Verify, and remember in the trusted file how far all is well. Raises LogError where there is no log."""
        logs = all_logs(self.folder)
        log = logs[-1]
        # A checkpoint is published in the history first. So all that stood there before, but perhaps for the last one,
        # is no further than the checkpoint, and the checkpoint stands in what is there after.
        settled = log.history_length() - 1
        note = log.note(CHECKPOINT)
        if note is None:
            message = f"{log.path.name}/{CHECKPOINT} is missing"
            raise LogError(message)
        checkpoint, witnessed = self._checked(note)
        before = self._trusted(logs, checkpoint)
        start = 0 if self.full or before is None else before.size
        history = list(self._history(log, start))
        self._check_history(log, history, settled, checkpoint)
        self._check_restarts(logs)
        claims = [claim for claim in history if claim.checkpoint != checkpoint and claim.checkpoint.size > start]
        claims = [claim for claim in claims if claim.checkpoint.size <= checkpoint.size]
        if before is not None:
            claims.append(
                Claim(before, f"the checkpoint of {before.size} events that was verified before", signed=True)
            )
        claims.append(Claim(checkpoint, f"the checkpoint of {checkpoint.size} events", signed=True))
        with closing(self.database.connect(DatabaseRole.AUDITOR, autocommit=True)) as connection:
            connection.execute("set statement_timeout = 0")
            comparison = Comparison(log, checkpoint.size, claims, self.topics, self._faults, self.on_progress)
            compared = comparison.run(connection, start)
        if not self._faults.count and checkpoint.size:
            self._remember(note)
        return Report(
            origin=checkpoint.origin,
            size=checkpoint.size,
            head=compared.head,
            witnessed={name: datetime.fromtimestamp(time, UTC) for name, time in witnessed.items()},
            began_after=compared.after,
            looked_at=compared.head - compared.after,
            earlier_checkpoints=len(claims) - 1,
            restarts=tuple(self._restarts),
            not_covered_since=compared.not_covered_since,
            faults=tuple(self._faults.first),
            fault_count=self._faults.count,
        )

    # What speaks of the log

    def _checked(self, note: Note) -> tuple[Checkpoint, dict[str, int]]:
        try:
            trusted: Trusted = self.policy.check(note)
        except (Untrusted, MalformedNote) as error:
            self._faults.add(str(error))
        else:
            return trusted.checkpoint, dict(trusted.witnessed)
        try:
            return parse_checkpoint(note.text), {}
        except MalformedNote as error:
            raise LogError(str(error)) from None

    def _history(self, log: LogFolder, start: int = 0) -> Iterator[Claim]:
        """Yield every published checkpoint; the signatures of those before *start* were looked at before."""
        size = 0
        for number, note in log.history():
            try:
                checkpoint = parse_checkpoint(note.text) if note else None
            except MalformedNote:
                checkpoint = None
            if note is None or checkpoint is None:
                self._faults.add(f"line {number} of {log.path.name}/checkpoints is no checkpoint")
                continue
            if checkpoint.size < size:
                self._faults.add(f"line {number} of {log.path.name}/checkpoints has fewer events than the one before")
            size = checkpoint.size
            signed = size < start or self._is_signed(note)
            if not signed:
                self._faults.add(f"line {number} of {log.path.name}/checkpoints is signed by no key of the policy")
            yield Claim(checkpoint, f"the checkpoint of {size} events in the history", signed=signed)

    def _is_signed(self, note: Note) -> bool:
        origin = note.text.partition("\n")[0]
        try:
            return any(note.signed_by(key) is not None for key in self.policy.logs if key.name == origin)
        except MalformedNote:
            return False

    def _check_history(self, log: LogFolder, history: list[Claim], settled: int, checkpoint: Checkpoint) -> None:
        """Check that nothing speaks of more than the checkpoint does, but for what is just being published."""
        for number, claim in enumerate(history):
            if claim.checkpoint.origin != checkpoint.origin:
                self._faults.add(f"{claim.name} is of the log {claim.checkpoint.origin}")
            elif claim.checkpoint.size > checkpoint.size and number < settled:
                self._faults.add(
                    f"the log was rolled back: {claim.name} has more than the {checkpoint.size} of the last one"
                )
        if checkpoint not in [claim.checkpoint for claim in history]:
            self._faults.add(f"the checkpoint of {checkpoint.size} events is not in the history")
        last = log.note(SIGNED)
        if last is None:
            self._faults.add(f"{log.path.name}/{SIGNED} is missing")
            return
        signed = parse_checkpoint(last.text)
        if not self._is_signed(last) or signed.origin != checkpoint.origin:
            self._faults.add(f"{log.path.name}/{SIGNED} is signed by no key of the policy")
        elif signed.size < checkpoint.size:
            self._faults.add(f"the log was rolled back: {signed.size} events were signed, {checkpoint.size} published")
        elif signed.size == checkpoint.size and signed.root != checkpoint.root:
            self._faults.add(f"{log.path.name}/{SIGNED} is of other events than the checkpoint")

    def _trusted(self, logs: list[LogFolder], checkpoint: Checkpoint) -> Checkpoint | None:
        """Return the checkpoint that was verified before, where this log is the one that it spoke of."""
        try:
            before = self._signed_checkpoint(parse_note(self.trusted_file.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, MalformedNote) as error:
            message = f"what was verified before cannot be read from {self.trusted_file} ({type(error).__name__})"
            raise LogError(message) from None
        except Untrusted:
            message = f"what was verified before, in {self.trusted_file}, no key of the policy has signed"
            raise LogError(message) from None
        if before.origin != checkpoint.origin:
            self._check_former(logs, before)
            return None
        if before.size > checkpoint.size:
            self._faults.add(
                f"the log was rolled back: {before.size} events were verified before, it has {checkpoint.size}"
            )
            return None
        return before

    def _signed_checkpoint(self, note: Note) -> Checkpoint:
        """Return the checkpoint in *note* if a log of the policy signed it: its witnesses may have been others."""
        if not self._is_signed(note):
            message = "no key of the policy has signed it"
            raise Untrusted(message)
        return parse_checkpoint(note.text)

    def _check_former(self, logs: list[LogFolder], before: Checkpoint) -> None:
        """Check that what was verified before is what a former log says, up to where it came."""
        for log in logs[:-1]:
            last = log.note(SIGNED)
            found = parse_checkpoint(last.text) if last else None
            if found and found.origin == before.origin:
                nodes = nodes_of(found.size, log.read_tile)
                if found.size < before.size or root_of(nodes, before.size) != before.root:
                    self._faults.add(f"the former log {before.origin} is not what was verified of {before.size} events")
                return
        self._faults.add(f"the log {before.origin}, which was verified before, is gone")

    def _check_restarts(self, logs: list[LogFolder]) -> None:
        """Check that each log but the first says why it took the place of the one before, and keeps what it says."""
        for old, new in pairwise(logs):
            if self.full:
                self._check_ended(old)
            restart, last, first = new.restart(), old.note(SIGNED), new.note(SIGNED)
            if restart is None or last is None or first is None:
                self._faults.add(f"the log {new.path.name} does not say why it took the place of {old.path.name}")
                continue
            before, after = parse_checkpoint(restart.note.text), parse_checkpoint(first.text)
            if restart.note.text != last.text or restart.origin(before.origin) != after.origin:
                self._faults.add(f"the log {new.path.name} says of {old.path.name} what that does not say")
            elif not self._is_signed(restart.note):
                self._faults.add(f"no key of the policy has signed the last checkpoint of the log {old.path.name}")
            else:
                self._check_kept(old, new, restart.kept, before.size, after.size)
                at = datetime.fromtimestamp(restart.time, UTC)
                self._restarts.append(
                    f"{at:%Y-%m-%d %H:%M}Z, {before.size - restart.kept} of {before.size} events lost: {restart.reason}"
                )

    def _check_ended(self, log: LogFolder) -> None:
        """Check that the files of a log that has ended still say the same."""
        note, last = log.note(CHECKPOINT), log.note(SIGNED)
        claims = [claim for claim in self._history(log) if claim.checkpoint.size]
        for name, found in ((CHECKPOINT, note), (SIGNED, last)):
            if found is None or not self._is_signed(found):
                self._faults.add(f"{log.path.name}/{name} is missing, or signed by no key of the policy")
            elif (told := parse_checkpoint(found.text)).size:
                claims.append(Claim(told, f"{log.path.name}/{name}", signed=True))
        if note and parse_checkpoint(note.text) not in [claim.checkpoint for claim in claims[: -2 if last else -1]]:
            self._faults.add(f"{log.path.name}/{CHECKPOINT} is not in the history")
        size = max((claim.checkpoint.size for claim in claims), default=0)
        Comparison(log, size, claims, self.topics, self._faults).run_on_files()

    def _check_kept(self, old: LogFolder, new: LogFolder, kept: int, before: int, after: int) -> None:
        if not 0 <= kept <= before or kept > after:
            self._faults.add(f"the log {new.path.name} says that it kept {kept} events of {before}")
            return
        for number in range(-(-kept // TILE_WIDTH)):
            width = min(TILE_WIDTH, kept - number * TILE_WIDTH) * HASH_BYTES
            theirs, ours = (log.read_tile(tile_of(0, number, size)) for log, size in ((old, before), (new, after)))
            if theirs[:width] != ours[:width]:
                pairs = enumerate(zip(cut(theirs[:width]), cut(ours[:width]), strict=True), start=1)
                first = next(n for n, (old_leaf, new_leaf) in pairs if old_leaf != new_leaf)
                what = f"is not what the log {old.path.name} held, and was not lost by the restore"
                self._faults.add(what, number * TILE_WIDTH + first)
                return

    def _remember(self, note: Note) -> None:
        try:
            write_durably(self.trusted_file, str(note).encode())
        except OSError as error:
            message = f"what was verified cannot be kept in {self.trusted_file} ({type(error).__name__})"
            raise LogError(message) from None

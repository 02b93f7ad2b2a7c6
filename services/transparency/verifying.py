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
from infra.signednotes import Checkpoint, MalformedNote, Note, Policy, Trusted, Untrusted, parse_checkpoint, parse_note
from infra.tlog import HASH_BYTES, TILE_WIDTH, cut, nodes_of, root_of, tile_of
from services.transparency.comparing import Claim, Comparison, Fault, Faults, Progress, silent
from services.transparency.folder import CHECKPOINT, SIGNED, LogError, LogFolder, all_logs, write_durably

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
        # Before the history: what is published while we look stands there already.
        note = log.note(CHECKPOINT)
        history = list(self._history(log))
        if note is None:
            message = f"{log.path.name}/{CHECKPOINT} is missing"
            raise LogError(message)
        checkpoint, witnessed = self._checked(note)
        self._check_history(log, history, checkpoint)
        before = self._trusted(logs, checkpoint)
        self._check_restarts(logs)
        start = 0 if self.full or before is None else before.size
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

    def _history(self, log: LogFolder) -> Iterator[Claim]:
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
            yield Claim(checkpoint, f"the checkpoint of {size} events in the history", signed=self._is_signed(note))

    def _is_signed(self, note: Note) -> bool:
        origin = note.text.partition("\n")[0]
        try:
            return any(note.signed_by(key) is not None for key in self.policy.logs if key.name == origin)
        except MalformedNote:
            return False

    def _check_history(self, log: LogFolder, history: list[Claim], checkpoint: Checkpoint) -> None:
        """Check that nothing speaks of more than the checkpoint does, but for what is just being published."""
        last = log.note(SIGNED)
        signed_last = parse_checkpoint(last.text) if last else None
        for claim in history:
            if claim.checkpoint.origin != checkpoint.origin:
                self._faults.add(f"{claim.name} is of the log {claim.checkpoint.origin}")
            elif claim.checkpoint.size > checkpoint.size and claim.checkpoint != signed_last:
                self._faults.add(
                    f"the log was rolled back: {claim.name} has more than the {checkpoint.size} of the last one"
                )
        if signed_last is None:
            self._faults.add(f"{log.path.name}/{SIGNED} is missing")
        elif signed_last.size < checkpoint.size:
            self._faults.add(
                f"the log was rolled back: {signed_last.size} events were signed, {checkpoint.size} published"
            )
        if checkpoint not in [claim.checkpoint for claim in history]:
            self._faults.add(f"the checkpoint of {checkpoint.size} events is not in the history")

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

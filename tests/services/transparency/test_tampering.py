"""Is every way of cheating found out, with the place where it was done?

Each is done directly in the database or in the files, by somebody who may do everything there.
"""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest

from infra.database import Database, DatabaseRole
from infra.leaves import leaves
from infra.signednotes import Algorithm, Checkpoint, MalformedNote, Note, Policy, SignerKey, Witness, parse_note
from infra.tlog import Edge, Tile
from services.transparency.comparing import Fault
from services.transparency.folder import CHECKPOINT, HISTORY, LogError
from services.transparency.keys import signed
from services.transparency.restarting import restart
from services.transparency.verifying import Report
from tests.services.transparency.kept import ORIGIN, Kept
from tests.tampering import tampering

CHANGED = "is not what was recorded here: it was changed, or put there"
GONE = "the event that was recorded here is gone"


@pytest.fixture
def kept(kept: Kept) -> Kept:
    """Return a log of 700 events in three checkpoints, that was verified."""
    kept.recorded(100, 300, 700)
    assert kept.verify().faults == ()
    return kept


def cheat(kept: Kept, *statements: str) -> None:
    """Do it in the database."""
    with tampering(kept.database) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def found(report: Report) -> list[tuple[int | None, str]]:
    """Return positions and what is wrong there."""
    assert len(report.faults) == min(report.fault_count, 20)
    return [(fault.position, fault.what) for fault in report.faults]


def test_an_untouched_log_verifies(kept: Kept) -> None:
    """Again, in full and from where it was verified; and as it grows."""
    assert kept.verify().looked_at == 700
    assert kept.verify(full=False).looked_at == 0
    kept.recorded(800)
    report = kept.verify(full=False)

    assert (report.looked_at, report.began_after, report.faults) == (100, 700, ())
    assert kept.verify().earlier_checkpoints == 4


@pytest.mark.parametrize(
    "change",
    [
        "state = set_byte(state, 3, get_byte(state, 3) # 1)",
        "metadata = replace(metadata::text, 'p-1', 'p-2')::json",
        "metadata = (metadata::text || ' ')::json",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "event_id = gen_random_uuid()",
        "salt = uuid_send(gen_random_uuid())",
    ],
)
def test_a_changed_event_is_named(kept: Kept, change: str) -> None:
    """A byte of the fact, its metadata, its time, its identifier, or its salt."""
    cheat(kept, f"update store.events set {change} where position = 123")  # noqa: S608
    report = kept.verify()

    assert report.faults == (Fault(what=CHANGED, position=123, event_id=kept.event(123)),)


def test_a_changed_event_that_was_verified_before_is_found_in_full_only(kept: Kept) -> None:
    """What goes on where it was trusts what it saw."""
    cheat(kept, "update store.events set state = 'other' where position = 123")

    assert kept.verify(full=False).fault_count == 0
    assert kept.verify().fault_count == 1


def test_a_changed_event_since_the_last_time_is_found_without_looking_at_the_others(kept: Kept) -> None:
    """The last checkpoint that was verified is where it begins."""
    kept.recorded(1000)
    cheat(kept, "update store.events set state = 'other' where position = 900")

    assert found(kept.verify(full=False)) == [(900, CHANGED)]


def test_another_version_or_topic_is_named(kept: Kept) -> None:
    """Also where the event is not in the log yet."""
    kept.record(710)
    cheat(
        kept,
        "update store.events set version = 9 where position = 8",
        "update store.events set topic = 'note.unknown.v1' where position = 20",
        "update store.events set version = 9 where position = 710",
    )

    assert found(kept.verify()) == [
        (8, "has version 9 in its stream, after version 7"),
        (20, "has a topic that nobody knows: 'note.unknown.v1'"),
        (710, "has version 9 in its stream, after version 5"),
        (8, CHANGED),
        (20, CHANGED),
    ]


def test_a_stream_that_goes_on_must_have_begun(kept: Kept) -> None:
    """Also where its beginning was verified before."""
    kept.record(708)
    cheat(kept, "update store.events set stream = 'note:new' where position = 705")

    assert (705, "has version 1 in its stream, and there is no version before it") not in found(kept.verify(full=False))
    cheat(kept, "update store.events set version = 3 where position = 705")
    assert (705, "has version 3 in its stream, and there is no version before it") in found(kept.verify(full=False))


def test_a_deleted_event_is_named(kept: Kept) -> None:
    """The hole that it leaves, and the version that follows it."""
    cheat(kept, "delete from store.events where position = 123")

    assert found(kept.verify()) == [(124, "has version 4 in its stream, after version 2"), (123, GONE)]


def test_a_deleted_event_is_named_also_where_the_others_close_up(kept: Kept) -> None:
    """Each of them stands where another one was recorded."""
    cheat(
        kept,
        "delete from store.events where position = 600",
        "update store.events set position = position + 100000 where position > 600",
        "update store.events set position = position - 100001 where position > 100000",
    )
    faults = found(kept.verify())

    assert (600, "was recorded at position 601") in faults
    assert (601, "was recorded at position 602") in faults
    assert kept.verify().fault_count == 1 + 100  # the version after the one that is gone


def test_deleted_last_events_are_named(kept: Kept) -> None:
    """Nothing stands after them that could show a hole."""
    cheat(kept, "delete from store.events where position > 697")

    assert found(kept.verify()) == [(698, GONE), (699, GONE), (700, GONE)]
    assert found(kept.verify(full=False)) == [(698, GONE), (699, GONE), (700, GONE)]


def test_an_inserted_event_is_named(kept: Kept) -> None:
    """The one that was put there, and those that made room for it."""
    cheat(
        kept,
        "update store.events set position = position + 100000 where position >= 650",
        "update store.events set position = position - 99999 where position > 100000",
        "insert into store.events (position, stream, version, topic, event_id, metadata, state)"
        " values (650, 'note:new', 1, 'note.noted.v1', gen_random_uuid(), '{}', '{}')",
    )
    report = kept.verify()

    assert report.faults[0] == Fault(what=CHANGED, position=650, event_id=kept.event(650))
    assert report.faults[1] == Fault(what="was recorded at position 650", position=651, event_id=kept.event(651))
    assert report.fault_count == 51
    assert report.not_covered == 1


def test_swapped_events_are_named(kept: Kept) -> None:
    """Each with the place of the other, also far apart and of streams of their own."""
    cheat(
        kept,
        "update store.events set position = 100000 where position = 9",
        "update store.events set position = 9 where position = 400",
        "update store.events set position = 400 where position = 100000",
    )
    faults = found(kept.verify())

    assert (9, "was recorded at position 400") in faults
    assert (400, "was recorded at position 9") in faults


def test_an_event_before_the_first_is_found(kept: Kept) -> None:
    """Where nobody looks."""
    cheat(
        kept,
        "alter table store.events drop constraint events_position_check",
        "insert into store.events (position, stream, version, topic, event_id, metadata, state)"
        " values (0, 'note:new', 1, 'note.noted.v1', gen_random_uuid(), '{}', '{}')",
    )

    assert found(kept.verify()) == [(None, "there are 1 events before the first position")]


def test_an_event_that_is_there_twice_is_found(kept: Kept) -> None:
    """Its key can be dropped; then a second one can be shown to some."""
    cheat(
        kept,
        "alter table store.events drop constraint events_pkey",
        "insert into store.events (position, stream, version, topic, event_id, metadata, state)"
        " values (55, 'note:new', 1, 'note.noted.v1', gen_random_uuid(), '{}', '{}')",
    )

    assert (55, "there is more than one event") in found(kept.verify())


def test_a_number_that_was_made_up_does_not_hold_up_a_verification(kept: Kept) -> None:
    """A position or a size far away is told of, and not counted up to."""
    cheat(kept, "update store.events set position = 9000000000000000000 where position = 700")
    assert found(kept.verify())[:1] == [(701, "the events from position 701 to 8999999999999999999 are gone")]
    assert (700, GONE) in found(kept.verify())
    cheat(kept, "update store.events set position = 700 where position > 700")
    assert kept.verify().fault_count == 0
    kept.log.write_note(CHECKPOINT, signed(Checkpoint(kept.origin, 2**61, bytes(32)), kept.place.signers()))

    assert (701, f"the events from position 701 to {2**61} are gone") in found(kept.verify())


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tile", [Tile(0, 1), Tile(0, 2, 188), Tile(1, 0, 2)])
def test_a_changed_tile_is_named(kept: Kept, tile: Tile) -> None:
    """The events are what was recorded, and agree with the checkpoint."""
    path = kept.log.path / tile.path
    path.write_bytes(bytes(32) + path.read_bytes()[32:])

    assert [(position, what.partition(" is not what ")[0]) for position, what in found(kept.verify())] == [
        (None, tile.path)
    ]


@pytest.mark.parametrize("tile", [Tile(0, 1), Tile(0, 2, 188), Tile(1, 0, 2)])
def test_a_missing_or_shortened_tile_is_named(kept: Kept, tile: Tile) -> None:
    """There is nothing to compare with, and that is said."""
    path = kept.log.path / tile.path
    path.write_bytes(path.read_bytes()[:-1])
    assert found(kept.verify()) == [(None, f"{tile.path} does not have the length of {tile.width} hashes")]
    path.unlink()

    assert (None, f"{tile.path} is missing") in found(kept.verify())


def flipped(content: bytes, place: int) -> bytes:
    """Return *content* with one bit changed."""
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("restarted", [False, True], ids=["one log", "two logs"])
def test_whatever_is_changed_in_any_file_is_found(kept: Kept, *, restarted: bool) -> None:
    """A bit at the beginning, in the middle and at the end of each; a file that ends early or is gone."""
    if restarted:
        cheat(kept, "delete from store.events where position > 690")
        restart(kept.database, kept.place, "lost ten", 1_772_323_200)
        kept.recorded(695)
    kept.verify()
    policy = kept.place.policy()
    assert kept.verify(policy=policy).faults == ()
    unnoticed = []
    files = sorted(path for path in kept.place.folder.rglob("*") if path.is_file())
    for path in files:
        content = path.read_bytes()
        changes = {f"bit {at}": flipped(content, at) for at in {0, len(content) // 2, len(content) - 1} if content}
        for what, changed in changes.items() | {("half", content[: len(content) // 2]), ("gone", None)}:
            path.unlink() if changed is None else path.write_bytes(changed)
            try:
                found_out = kept.verify(policy=policy).fault_count > 0
            except (LogError, MalformedNote):
                found_out = True
            if not found_out:
                unnoticed.append(f"{path.relative_to(kept.place.folder)}: {what}")
            path.write_bytes(content)

    assert kept.verify(policy=policy).faults == ()
    assert len(files) >= 10
    assert [one for one in unnoticed if not one.startswith(("lock: ", "policy: "))] == []


def test_an_event_that_is_replaced_with_its_tile_is_found(kept: Kept) -> None:
    """Events and tiles agree with each other, but not with what was signed: between which checkpoints is told."""
    cheat(kept, "update store.events set state = 'other' where position = 223")
    leaf = leaf_of(kept, 223)
    kept.forge(lambda leaves: leaves.__setitem__(222, leaf))
    faults = found(kept.verify())

    told = "was signed for other events than those that are here: an event from position 101 to 300 was replaced"
    assert any(told in what for _, what in faults)
    assert found(kept.verify(full=False)) != []


def test_an_event_that_is_replaced_with_its_tile_alone_is_found(kept: Kept) -> None:
    """Then the tile above it tells too."""
    cheat(kept, "update store.events set state = 'other' where position = 223")
    path = kept.log.path / Tile(0, 0).path
    content = bytearray(path.read_bytes())
    content[222 * 32 : 223 * 32] = leaf_of(kept, 223)
    path.write_bytes(content)
    faults = found(kept.verify())

    assert (None, "tile/1/000.p/2 is not what the tiles below it say") in faults
    assert any("from position 101 to 300" in what for _, what in faults)


def leaf_of(kept: Kept, position: int) -> bytes:
    """Return the leaf that the database now makes of an event."""
    with closing(kept.database.connect(DatabaseRole.AUDITOR)) as connection:
        return next(leaves(connection, position - 1, position))[4]


def test_with_a_stolen_key_earlier_checkpoints_tell(kept: Kept) -> None:
    """Tiles and checkpoint are forged and signed; what was published before is still there."""
    cheat(kept, "update store.events set state = 'other' where position = 223")
    leaf = leaf_of(kept, 223)
    kept.forge(lambda leaves: leaves.__setitem__(222, leaf), checkpoint=True)
    faults = found(kept.verify())

    assert any("an event from position 101 to 300 was replaced" in what for _, what in faults)


def forge_all(kept: Kept) -> None:
    """Replace event, tiles, checkpoint and history, with a stolen key."""
    cheat(kept, "update store.events set state = 'other' where position = 223")
    leaf = leaf_of(kept, 223)
    kept.forge(lambda leaves: leaves.__setitem__(222, leaf), checkpoint=True)
    (kept.log.path / HISTORY).write_text(json.dumps((kept.log.path / CHECKPOINT).read_text("utf-8")) + "\n", "utf-8")


def test_with_a_stolen_key_and_all_files_the_trusted_one_tells(kept: Kept) -> None:
    """Whoever verifies keeps a checkpoint of their own, somewhere else."""
    forge_all(kept)

    assert any("that was verified before was signed for other events" in what for _, what in found(kept.verify()))
    assert found(kept.verify(full=False)) != []


def test_with_a_stolen_key_and_all_files_witnesses_tell(kept: Kept) -> None:
    """They do not cosign what is not consistent with what they saw, and without them nothing is believed."""
    witness = SignerKey.new("witness.example.org", Algorithm.COSIGNATURE)
    policy = Policy(kept.place.policy().logs, (Witness("W", witness.verifier, None),), quorum="W")
    note = kept.log.note(CHECKPOINT)
    assert note is not None
    cosigned = Note(note.text, (*note.signatures, witness.signature(note.text, 1_764_374_400)))
    kept.log.write_note(CHECKPOINT, cosigned)
    assert kept.verify(policy=policy).witnessed == {"W": datetime(2025, 11, 29, tzinfo=UTC)}
    forge_all(kept)
    (kept.place.folder.parent / "verified").unlink()

    assert kept.verify().fault_count == 0  # without a witness nothing tells
    assert "lacks cosignatures" in found(kept.verify(policy=policy))[0][1]


def test_a_log_that_was_rolled_back_is_found(kept: Kept) -> None:
    """With its events: all is well in there, but it has been further."""
    before = kept.saved("before")
    kept.recorded(750)
    kept.verify()
    kept.put_back(before)
    cheat(kept, "delete from store.events where position > 700")

    assert found(kept.verify()) == [(None, "the log was rolled back: 750 events were verified before, it has 700")]


def test_a_checkpoint_that_was_rolled_back_is_found(kept: Kept) -> None:
    """By what was signed since."""
    before = (kept.log.path / CHECKPOINT).read_bytes()
    kept.recorded(750, 800)
    (kept.log.path / CHECKPOINT).write_bytes(before)
    faults = found(kept.verify())

    assert any(what.startswith("the log was rolled back: the checkpoint of 750 events") for _, what in faults)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda lines: lines[:-1], "the checkpoint of 700 events is not in the history"),
        (lambda lines: [*lines[:2], "nonsense", *lines[2:]], "line 3 of 1/checkpoints is no checkpoint"),
        (lambda lines: [lines[3], *lines], "line 2 of 1/checkpoints has fewer events than the one before"),
    ],
)
def test_a_changed_history_is_found(kept: Kept, change: Callable[[list[str]], list[str]], what: str) -> None:
    """Lines that are missing, no checkpoints, or out of order."""
    path = kept.log.path / HISTORY
    path.write_text("".join(f"{line}\n" for line in change(path.read_text("utf-8").splitlines())), "utf-8")

    assert (None, what) in found(kept.verify())


def test_a_checkpoint_of_another_key_is_found(kept: Kept) -> None:
    """Whoever has no key of the policy can sign what they like."""
    other = SignerKey.new(ORIGIN, Algorithm.ED25519)
    kept.log.write_note(CHECKPOINT, signed(kept.checkpoint, [other]))

    assert (None, "no key of the policy has signed the checkpoint of 700 events") in found(kept.verify())


def test_two_histories_for_two_witnesses_are_never_both_believed(kept: Kept) -> None:
    """Each cosigns one of them; a quorum of both has neither."""
    witnesses = [SignerKey.new(f"w{n}.example.org", Algorithm.COSIGNATURE) for n in range(2)]
    policy = Policy(
        kept.place.policy().logs,
        tuple(Witness(f"W{n}", key.verifier, None) for n, key in enumerate(witnesses)),
        groups={"both": (2, ("W0", "W1"))},
        quorum="both",
    )
    forked = Edge()
    list(forked.add([bytes(32)] * 700))
    here, there = kept.checkpoint, Checkpoint(ORIGIN, 700, forked.root())
    for checkpoint, witness in zip((here, there), witnesses, strict=True):
        note = signed(checkpoint, kept.place.signers())
        kept.log.write_note(CHECKPOINT, Note(note.text, (*note.signatures, witness.signature(note.text, 1))))

        assert any("lacks cosignatures" in what for _, what in found(kept.verify(policy=policy)))


def test_a_signed_fork_in_the_history_is_found(kept: Kept) -> None:
    """The log itself has said two things: that is proof against whoever has its key."""
    fork = signed(Checkpoint(ORIGIN, 300, bytes(32)), kept.place.signers())
    path = kept.log.path / HISTORY
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[:2], json.dumps(str(fork)), *lines[2:], ""]), "utf-8")

    assert found(kept.verify()) == [
        (
            None,
            (
                "the checkpoint of 300 events in the history was signed for other events than those that are here:"
                " an event from position 101 to 300 was replaced in one of both"
            ),
        )
    ]


def test_a_trusted_file_that_was_tampered_with_is_refused(kept: Kept) -> None:
    """It is a checkpoint, and must be signed like one."""
    trusted = kept.place.folder.parent / "verified"
    note = parse_note(trusted.read_bytes())
    trusted.write_text(str(Note(note.text.replace("700", "600"), note.signatures)), "utf-8")

    with pytest.raises(LogError, match="no key of the policy has signed"):
        kept.verify(full=False)


def test_an_untouched_database_of_a_hundred_thousand_events_verifies(database: Database, kept: Kept) -> None:
    """Whole, and with the one byte that was changed in it."""
    kept.recorded(100_000)
    report = kept.verify()

    assert (report.size, report.looked_at, report.faults) == (100_000, 100_000, ())
    with tampering(database) as connection:
        connection.execute("update store.events set state = set_byte(state, 0, 1) where position = 77777")
    assert found(kept.verify()) == [(77_777, CHANGED)]

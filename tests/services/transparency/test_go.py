"""Does an implementation that is not ours agree: Go's ``golang.org/x/mod/sumdb``, by the program in ``tests/go``?"""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.database import DatabaseRole
from infra.leaves import entry, leaves, stored
from infra.signednotes import Algorithm, Note, SignerKey, parse_checkpoint
from infra.tlog import nodes_of, prove_consistency, prove_inclusion
from services.transparency.folder import CHECKPOINT
from tests.services.transparency.kept import Kept

PROGRAM = Path(__file__).parents[2] / "go"
GO = "WEERBAAR_TEST_GO"
"""Which Go compiles it; with it named, its absence is a failure."""
PACKAGES = Path("/usr/share/gocode")
"""Where Debian's ``golang-golang-x-mod-dev`` puts the package: nothing is fetched."""
WITNESS = SignerKey.new("witness.example.org", Algorithm.COSIGNATURE)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the compiled program."""
    named = os.environ.get(GO)
    go = shutil.which(named or "go")
    there = (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir()
    if not named and (go is None or not there):
        pytest.skip("no Go here, or no golang.org/x/mod: no other implementation has verified the log")
    assert go, f"{GO} names a Go that is not there"
    assert there, "Debian's golang-golang-x-mod-dev is not installed"
    made = tmp_path_factory.mktemp("go") / "verify"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(PACKAGES),
        "GOFLAGS": "",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOCACHE": str(made.with_name("cache")),
    }
    built = subprocess.run(
        [go, "build", "-o", made, "main.go"], cwd=PROGRAM, env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return made


def question(kept: Kept) -> dict[str, Any]:
    """Return what the program is asked: the log, entries of it, and proofs of ours."""
    size = kept.checkpoint.size
    nodes = nodes_of(size, kept.log.read_tile)
    with closing(kept.database.connect(DatabaseRole.AUDITOR)) as connection:
        found = [(position - 1, stored(row)) for position, *_, row in leaves(connection, 0, size)]
    notes = [note for _, note in kept.log.history() if note]
    earlier = [checkpoint for checkpoint in (parse_checkpoint(note.text) for note in notes) if checkpoint.size]
    return {
        "Folder": str(kept.log.path),
        "Log": str(kept.begun.verifier),
        "Witnesses": [str(WITNESS.verifier)],
        "Entries": [
            {"Index": index, "Entry": entry(event).hex(), "Proof": written(prove_inclusion(nodes, index, size))}
            for index, event in found[::7] + found[-1:]
        ],
        "Growth": [
            {
                "Size": one.size,
                "Root": b64encode(one.root).decode(),
                "Proof": written(prove_consistency(nodes, one.size, size)),
            }
            for one in earlier
        ],
    }


def written(proof: list[bytes]) -> list[str]:
    """Return a proof as JSON has it."""
    return [b64encode(value).decode() for value in proof]


def ask(program: Path, asked: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    """Run the program."""
    return subprocess.run([program], input=json.dumps(asked), capture_output=True, text=True, check=False)


@pytest.fixture
def kept(kept: Kept) -> Kept:
    """Return a log of 700 events with a cosigned checkpoint."""
    kept.recorded(1, 2, 255, 256, 300, 700)
    note = kept.log.note(CHECKPOINT)
    assert note is not None
    line = WITNESS.signature(note.text, 1_764_374_400)
    kept.log.write_note(CHECKPOINT, Note(note.text, (*note.signatures, line)))
    return kept


def test_another_implementation_verifies_the_log(program: Path, kept: Kept) -> None:
    """Signatures, tiles, leaves, every earlier checkpoint, and our proofs beside its own."""
    done = ask(program, question(kept))

    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "Origin": kept.origin,
        "Size": 700,
        "Root": b64encode(kept.checkpoint.root).decode(),
        "Signers": [kept.origin, "witness.example.org"],
        "Entries": 101,
        "Growth": 6,
        "History": 6,
    }


def in_a_tile(kept: Kept, _: dict[str, Any]) -> None:
    """Change a hash."""
    path = kept.log.path / "tile/0/001"
    path.write_bytes(bytes(32) + path.read_bytes()[32:])


def in_an_entry(_: Kept, asked: dict[str, Any]) -> None:
    """Change a byte."""
    one = asked["Entries"][3]
    one["Entry"] = one["Entry"][:-2] + ("00" if one["Entry"][-2:] != "00" else "01")


def in_a_proof(_: Kept, asked: dict[str, Any]) -> None:
    """Change a hash of ours."""
    asked["Growth"][2]["Proof"][0] = b64encode(bytes(32)).decode()


def in_the_key(_: Kept, asked: dict[str, Any]) -> None:
    """Take another log for it."""
    asked["Log"] = str(SignerKey.new(asked["Log"].partition("+")[0], Algorithm.ED25519).verifier)


def in_the_checkpoint(kept: Kept, _: dict[str, Any]) -> None:
    """Change the size."""
    path = kept.log.path / CHECKPOINT
    path.write_text(path.read_text("utf-8").replace("\n700\n", "\n699\n"), "utf-8")


@pytest.mark.parametrize("change", [in_a_tile, in_an_entry, in_a_proof, in_the_key, in_the_checkpoint])
def test_it_finds_what_was_changed(program: Path, kept: Kept, change: Callable[[Kept, dict[str, Any]], None]) -> None:
    """So it does look."""
    asked = question(kept)
    change(kept, asked)
    done = ask(program, asked)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1

"""Are the key-encryption keys kept for us alone, and forgotten for good?"""

import base64
import json
import stat
from pathlib import Path

import pytest

from infra.keyring import EpochGone, FileKeyring, KeyringError, keyring, new_file
from infra.settings import Mode, SettingsError, read_settings

KEY = b"a key of somebody, as it is used"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a file with a first key."""
    new_file(tmp_path / "keys")
    return tmp_path / "keys"


def in_file(path: Path) -> dict[int, bytes]:
    """Return what anybody finds who can read the file."""
    return {int(epoch): base64.b64decode(key) for epoch, key in json.loads(path.read_bytes()).items()}


def test_a_new_file_holds_one_key_and_is_for_us_alone(path: Path) -> None:
    """Also in a folder that others may read."""
    ((epoch, key),) = in_file(path).items()

    assert (epoch, len(key)) == (1, 32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_new_file_takes_the_place_of_another(path: Path) -> None:
    """Whoever makes one by mistake would close everything that was sealed."""
    before = path.read_bytes()

    with pytest.raises(KeyringError, match=r"cannot be made \(FileExistsError\)"):
        new_file(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "written", [None, b"", b"\xff", b"[]", b"{}", b'{"1": 1}', b'{"1": "AAAA"}', b'{"one": "AAAA"}', b'{"1": "a key"}']
)
def test_a_file_that_is_none_of_keys_is_refused_in_one_line(tmp_path: Path, written: bytes | None) -> None:
    """The line repeats nothing of what stands in it."""
    path = tmp_path / "keys"
    if written is not None:
        path.write_bytes(written)

    with pytest.raises(KeyringError) as refused:
        FileKeyring(path)
    assert "\n" not in str(refused.value)
    assert "key" not in str(refused.value).replace("key-encryption keys", "")
    with pytest.raises(SettingsError, match="malformed setting: WEERBAAR_KEYS_FILE"):
        keyring(read_settings(keys_file=path))


def test_production_makes_no_keys_by_itself_and_the_demo_does_once(tmp_path: Path) -> None:
    """The demo keeps them beside its database."""
    keyring(read_settings(data_dir=tmp_path))
    made = (tmp_path / "keys").read_bytes()
    keyring(read_settings(data_dir=tmp_path))

    assert (tmp_path / "keys").read_bytes() == made
    with pytest.raises(SettingsError, match="WEERBAAR_KEYS_FILE"):
        keyring(read_settings(data_dir=tmp_path, mode=Mode.PRODUCTION, secret_file=tmp_path / "keys"))


def test_a_key_comes_out_for_its_owner_only(path: Path) -> None:
    """Whoever can write in the database cannot give somebody's key to somebody else."""
    kept = FileKeyring(path)
    epoch, wrapped = kept.wrap("threat_case:1", KEY)

    assert kept.unwrap("threat_case:1", epoch, wrapped) == KEY
    assert KEY not in wrapped
    assert kept.wrap("threat_case:1", KEY) != (epoch, wrapped), "the same one is kept otherwise each time"
    with pytest.raises(KeyringError, match="a key of epoch 1 does not open"):
        kept.unwrap("threat_case:2", epoch, wrapped)
    with pytest.raises(KeyringError, match="a key of epoch 1 does not open"):
        kept.unwrap("threat_case:1", epoch, wrapped[:-1])


def test_what_another_process_begins_is_found_when_it_is_needed(path: Path) -> None:
    """Neither of them is started anew."""
    here, there = FileKeyring(path), FileKeyring(path)
    epoch, wrapped = there.wrap("somebody", KEY)
    begun = there.begin_epoch()

    assert (begun, here.epoch(), there.epoch()) == (2, 1, 2)
    assert here.unwrap("somebody", *there.wrap("somebody", KEY)) == KEY
    assert here.epoch() == 2
    assert here.unwrap("somebody", epoch, wrapped) == KEY


def test_what_is_forgotten_is_in_no_file_any_more(path: Path) -> None:
    """Nor in the one that somebody left there who was killed while writing."""
    kept = FileKeyring(path)
    epoch, wrapped = kept.wrap("somebody", KEY)
    old = in_file(path)[1]
    path.with_name("keys.new").write_bytes(path.read_bytes())
    kept.forget_before(kept.begin_epoch())

    assert kept.epochs() == list(in_file(path)) == [2]
    assert [name.name for name in path.parent.iterdir()] == ["keys"]
    assert old not in in_file(path).values()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(EpochGone, match="there is no key-encryption key of epoch 1"):
        kept.unwrap("somebody", epoch, wrapped)


def test_an_old_file_does_not_pass_for_one_that_forgot(path: Path, tmp_path: Path) -> None:
    """What is kept under a later key is not gone: somebody brought the file of before."""
    old = tmp_path / "copy"
    old.write_bytes(path.read_bytes())
    kept = FileKeyring(path)
    kept.begin_epoch()
    epoch, wrapped = kept.wrap("somebody", KEY)

    with pytest.raises(KeyringError) as refused:
        FileKeyring(old).unwrap("somebody", epoch, wrapped)
    assert not isinstance(refused.value, EpochGone)


def test_a_file_that_cannot_be_written_is_refused_in_one_line(path: Path) -> None:
    """And stays as it is."""
    before = path.read_bytes()
    path.with_name("keys.new").mkdir()

    with pytest.raises(KeyringError, match=r"cannot be written \("):
        FileKeyring(path).begin_epoch()
    assert path.read_bytes() == before


def test_keys_are_shown_to_nobody_who_prints_them(path: Path) -> None:
    """As an error might."""
    assert repr(FileKeyring(path)) == f"FileKeyring(path={path!r})"

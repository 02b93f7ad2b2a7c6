"""Does a build of the front end leave it whole for whoever reads it meanwhile?"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services import portal
from services.portal.assets import ENCODINGS, STATIC, Assets

SOURCE = Path(portal.__file__).with_name("front-end")
PACKAGES = Path(__file__).parents[3] / "build/front-end/node_modules"
"""As the last ``make front-end`` installed them."""

Build = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """Return a copy of what was built."""
    return shutil.copytree(STATIC, tmp_path / "static")


@pytest.fixture
def build(tmp_path: Path, static: Path) -> Build:
    """Return a function that begins to build there, with some words added to the script."""
    assert PACKAGES.exists(), "the packages of the front end are gone: touch requirements-node.txt, make front-end"
    source = shutil.copytree(SOURCE, tmp_path / "source")
    (source / "node_modules").symlink_to(PACKAGES)
    script = source / "weerbaar.js"
    ours = script.read_text("utf-8")
    # Ours is there only where the machine's does not do.
    node = shutil.which("node", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert node

    def begin(words: str) -> "subprocess.Popen[bytes]":
        script.write_text(f"{ours}\nconsole.log({json.dumps(words)});\n", "utf-8")
        return subprocess.Popen([node, "build.mjs", static], cwd=source, stdout=subprocess.DEVNULL)

    return begin


def found(folder: Path) -> dict[str, bytes]:
    """Return what a server that starts now has to send."""
    names = Assets(folder).names.values()
    files = [folder / f"{name}{end}" for name in names for end in ("", *(suffix for _, suffix in ENCODINGS))]
    return {file.name: file.read_bytes() for file in files if file.exists()}


def test_whoever_reads_during_a_build_finds_one_that_is_whole(static: Path, build: Build) -> None:
    """The build before or the new one: a test, or a server that starts just then, has its style and its script."""
    before = found(static)
    meanwhile = [before]
    with build("anew") as building:
        while building.poll() is None:
            meanwhile.append(found(static))
    after = found(static)

    assert building.returncode == 0
    assert before.keys() != after.keys()
    assert [files.keys() for files in meanwhile if files not in (before, after)] == []


def test_a_server_keeps_its_files_until_the_build_after_the_next(static: Path, build: Build) -> None:
    """It sends those with which it was started; a build that changes nothing does not count."""
    scripts = [Assets(static).names["weerbaar.js"]]
    for words in ("once", "once", "twice"):
        assert (static / scripts[0]).exists()
        with build(words) as building:
            pass
        assert building.returncode == 0
        scripts.append(Assets(static).names["weerbaar.js"])

    assert [(static / script).exists() for script in scripts] == [False, True, True, True]
    assert not list(static.glob(f"{scripts[0]}*"))

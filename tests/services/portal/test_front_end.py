"""Are style, letters and scripts of the pages ours, small, readable in light and dark, and described?

They are built by ``make front-end``, which ``make test`` does by itself.
"""

import gzip
import json
import re
import tomllib
from pathlib import Path

import pytest

from services import portal
from services.portal.assets import MANIFEST, STATIC, TYPES, Assets

SOURCE = Path(portal.__file__).with_name("front-end")
TEMPLATES = Path(portal.__file__).with_name("templates")
PYPROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
README = (SOURCE / "README.md").read_text("utf-8")
FIRST_VISIT = ("weerbaar.css", "weerbaar.js", "favicon.svg", "logo.svg")
LETTERS = ("fira-sans-latin-400-normal.woff2", "fira-sans-latin-700-normal.woff2")

CLASS = re.compile(r"\.((?:wb|utrecht)-[\w-]+)")
TOKENS = re.compile(r"\.voorbeeld-theme\{([^{}]*)\}")
DARK = "@media screen and (prefers-color-scheme:dark){"

TEXT = 4.5
LARGE = 3.0
"""WCAG 2.2, success criteria 1.4.3 and 1.4.11: the contrast of text, and of what shows where a control is."""
GROUND = "basis-color-default-bg-document"
PAIRS = [
    ("basis-color-default-color-document", GROUND, TEXT),
    ("basis-color-default-color-document", "wb-surface", TEXT),
    ("basis-color-default-color-document", "wb-danger-surface", TEXT),
    ("basis-color-default-color-document", "wb-changed-surface", TEXT),
    *(("wb-muted", ground, TEXT) for ground in (GROUND, "wb-surface", "wb-danger-surface", "wb-changed-surface")),
    *(("utrecht-link-color", ground, TEXT) for ground in (GROUND, "wb-surface", "wb-danger-surface")),
    *(("utrecht-link-hover-color", ground, TEXT) for ground in (GROUND, "wb-surface", "wb-danger-surface")),
    *(("wb-danger-text", ground, TEXT) for ground in (GROUND, "wb-danger-surface", "wb-surface")),
    *(("wb-warning-text", ground, TEXT) for ground in (GROUND, "wb-danger-surface", "wb-surface")),
    *(
        (f"utrecht-button-{kind}-color", f"utrecht-button-{kind}{state}-background-color", TEXT)
        for kind in ("primary-action", "primary-action-danger")
        for state in ("", "-hover", "-active")
    ),
    ("utrecht-button-secondary-action-color", GROUND, TEXT),
    ("utrecht-button-secondary-action-color", "wb-surface", TEXT),
    ("utrecht-button-secondary-action-danger-color", GROUND, TEXT),
    *(
        (f"utrecht-status-badge-{kind}-color", f"utrecht-status-badge-{kind}-background-color", TEXT)
        for kind in ("danger", "warning", "success", "neutral")
    ),
    *(
        (f"utrecht-{colour}", f"utrecht-alert-{kind}-background-color", TEXT)
        for kind in ("info", "ok", "warning", "error")
        for colour in (f"alert-{kind}-color", f"alert-icon-{kind}-color", "link-color")
    ),
    ("utrecht-form-field-error-message-color", GROUND, TEXT),
    ("utrecht-form-field-description-color", GROUND, TEXT),
    ("utrecht-textbox-color", "utrecht-textbox-background-color", TEXT),
    ("utrecht-textbox-placeholder-color", "utrecht-textbox-background-color", TEXT),
    ("utrecht-textbox-color", "utrecht-textbox-invalid-background-color", TEXT),
    ("wb-header-text", "wb-header", TEXT),
    ("wb-header-muted", "wb-header", TEXT),
    ("wb-header-line", "wb-header", LARGE),
    ("basis-focus-color", "basis-focus-background-color", TEXT),
    ("basis-focus-outline-color", "basis-focus-inverse-outline-color", LARGE),
    ("utrecht-textbox-border-color", GROUND, LARGE),
    ("utrecht-textbox-invalid-border-color", GROUND, LARGE),
    ("utrecht-radio-button-border-color", GROUND, LARGE),
    ("wb-accent", GROUND, LARGE),
    ("wb-accent", "wb-line", LARGE),
    ("wb-danger", GROUND, LARGE),
    ("wb-changed-line", GROUND, LARGE),
]


@pytest.fixture(scope="module")
def assets() -> Assets:
    """Return what was built."""
    return Assets()


@pytest.fixture(scope="module")
def style(assets: Assets) -> str:
    """Return the stylesheet."""
    return (STATIC / assets.names["weerbaar.css"]).read_text("utf-8")


def tokens(style: str, *, dark: bool) -> dict[str, str]:
    """Return the value of every token on a screen."""
    screen = style.partition("@media print")[0]
    found: dict[str, str] = {}
    for block in TOKENS.finditer(screen):
        if dark or not screen[: block.start()].endswith(DARK):
            found |= dict(re.findall(r"--([\w-]+): *([^;]*)", block[1]))
    return found


def colour(name: str, values: dict[str, str]) -> tuple[float, ...]:
    """Return red, green and blue of the token *name*, each from 0 to 1."""
    value = values[name]
    if other := re.fullmatch(r"var\(--([\w-]+)\)", value):
        return colour(other[1], values)
    digits = value.removeprefix("#")
    digits = digits if len(digits) == len("rrggbb") else "".join(2 * digit for digit in digits)
    return tuple(part / 255 for part in bytes.fromhex(digits))


def luminance(rgb: tuple[float, ...]) -> float:
    """Return the relative luminance, as WCAG defines it."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str, values: dict[str, str]) -> float:
    """Return the contrast of two tokens, as WCAG defines it: from 1 to 21."""
    darker, lighter = sorted(luminance(colour(name, values)) for name in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_and_white_have_all_the_contrast_there_is() -> None:
    """The measure is WCAG's, with its own examples."""
    values = {"black": "#000", "white": "#ffffff", "grey": "#767676", "same": "var(--grey)"}

    assert contrast("black", "white", values) == pytest.approx(21)
    assert contrast("grey", "white", values) == pytest.approx(4.54, abs=0.01)
    assert contrast("same", "grey", values) == 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_can_be_read(style: str, *, dark: bool) -> None:
    """Every pair of colours that pages put on each other has the contrast that WCAG 2.2 AA asks."""
    values = tokens(style, dark=dark)
    found = {(one, other): contrast(one, other, values) for one, other, _ in PAIRS}

    assert {
        (one, other, round(found[one, other], 2)) for one, other, least in PAIRS if found[one, other] < least
    } == set()


def test_the_dark_is_dark(style: str) -> None:
    """The two schemes are two."""
    light, dark = (luminance(colour(GROUND, tokens(style, dark=dark))) for dark in (False, True))

    assert light > 0.9
    assert dark < 0.02


def test_nothing_comes_from_elsewhere(assets: Assets, style: str) -> None:
    """The stylesheet holds no data and no address but those of the files beside it."""
    asked = {address.strip("\"'").removeprefix("./") for address in re.findall(r"url\(([^)]*)\)", style)}

    assert asked <= set(assets.names.values())
    assert "data:" not in style
    assert not re.search(r"https?:|//\w|@import", style)


def test_every_file_is_there_and_of_a_known_type(assets: Assets) -> None:
    """The manifest lists what is served; what is text is there compressed as well."""
    for name in assets.names.values():
        content = (STATIC / name).read_bytes()
        kind = Path(name).suffix
        if kind != ".woff2":
            assert gzip.decompress((STATIC / f"{name}.gz").read_bytes()) == content
            assert (STATIC / f"{name}.br").exists()

        assert kind in TYPES
    assert json.loads((STATIC / MANIFEST).read_text("utf-8")) == dict(assets.names)
    assert "SIL OPEN FONT LICENSE" in (STATIC / "licences.txt").read_text("utf-8")


def test_a_first_visit_costs_little(assets: Assets) -> None:
    """With gzip it stays below 100 kB; 50 kB are left for the page itself."""
    sent = sum((STATIC / f"{assets.names[name]}.gz").stat().st_size for name in FIRST_VISIT)
    sent += sum((STATIC / assets.names[name]).stat().st_size for name in LETTERS)

    assert sent < 100_000


def test_an_installed_package_has_its_files() -> None:
    """Whoever installs the program gets every template and everything that was built, and nothing to build it with."""
    setuptools = PYPROJECT["tool"]["setuptools"]
    folder = SOURCE.parent
    brought = {file for pattern in setuptools["package-data"]["services.portal"] for file in folder.glob(pattern)}

    assert brought == {file for part in (TEMPLATES, STATIC) for file in part.rglob("*") if file.is_file()}
    assert "services.portal.front-end*" in setuptools["packages"]["find"]["exclude"]


def test_packages_are_pinned_by_what_is_in_them() -> None:
    """The lock file holds a hash for each and the address of none."""
    text = (SOURCE / "package-lock.json").read_text("utf-8")
    packages = {name: found for name, found in json.loads(text)["packages"].items() if name}
    asked = json.loads((SOURCE / "package.json").read_text("utf-8"))

    assert packages
    assert {name for name, found in packages.items() if not found.get("integrity", "").startswith("sha512-")} == set()
    assert "resolved" not in text
    assert "registry" not in text
    versions = (asked["dependencies"] | asked["devDependencies"]).values()
    assert all(re.fullmatch(r"[\d.]+", version) for version in versions)


def test_every_class_of_ours_is_described(style: str) -> None:
    """Who writes a template finds all of them in one place, and nothing there that does not exist."""
    ours = {name for name in CLASS.findall(style) if name.startswith("wb-")}
    # A variant may be named by its end alone, after the name that it is a variant of.
    described = set(re.findall(r"\bwb-[\w-]+", README))
    ends = set(re.findall(r"(?<=`)--[\w-]+", README))

    assert {name for name in ours - described if not any(name.endswith(end) for end in ends)} == set()
    assert described - ours - {"wb-badge"} == set()


def test_every_class_of_the_design_system_that_is_described_is_there(style: str) -> None:
    """Its components are taken one by one, so a component that nobody took would have no style."""
    there = set(CLASS.findall(style)) | {"utrecht-radio-button--html-input", "utrecht-button--html-button"}

    assert {name for name in re.findall(r"\butrecht-[\w-]+", README) if name not in there} == set()


def test_every_class_in_a_template_has_a_style(style: str) -> None:
    """A class that was misspelt, or that nobody wrote, looks like a forgotten one."""
    there = set(CLASS.findall(style)) | {"wb-badge"}
    used = {
        (file.relative_to(TEMPLATES).as_posix(), name)
        for file in TEMPLATES.rglob("*.html")
        for name in re.findall(r"(?<![\w-])wb-[\w-]+(?![\w-]*{)", re.sub(r"{#.*?#}", "", file.read_text("utf-8")))
    }

    assert used
    assert {(file, name) for file, name in used if name not in there} == set()


def test_every_behaviour_of_the_script_is_described() -> None:
    """An attribute that switches something on can be found by who writes a template."""
    script = (SOURCE / "weerbaar.js").read_text("utf-8")
    attribute = r"(?<![\w-])data-[\w-]+"

    assert set(re.findall(attribute, script)) == set(re.findall(attribute, README)) - {"data-label"}

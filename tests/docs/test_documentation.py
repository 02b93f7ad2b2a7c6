"""Is everything documented that exists, does everything exist that is documented, and would we hear of it if not?

Each check compares what a document says with what the code says, and returns the differences. To show that it bites,
every line it guards is taken out once, and a line about something that does not exist is put in.
"""

import importlib
import inspect
import pkgutil
import re
import tempfile
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import domain
import services
from domain.basis import Refusal, Role, kebab
from domain.kinds import KINDS
from domain.values import CodeList
from infra.database import Database
from infra.settings import TEST_PREFIX, Settings, read_settings, variables
from services.app import Service, create_api
from services.cli import program
from services.demo.cast import CAST
from services.projections.register import VIEWS
from services.web.problems import Answerable
from tests.commands import commands_of
from tests.keyring import KEYRING

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


# --- reading documents ------------------------------------------------------------------------------------------------


def sections(text: str) -> dict[str, str]:
    """Return what stands under each heading, up to the next heading of any level."""
    parts = re.split(r"(?m)^#+ (.*)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def under(text: str, heading: str) -> str:
    """Return what stands under *heading*, the headings below it included."""
    level = heading.partition(" ")[0]
    after = text.partition(f"\n{heading}\n")[2]
    return re.split(rf"(?m)^#{{1,{len(level)}}} ", after)[0]


def rows(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the tables in *text*, without their heads."""
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        _, _, *body = table.splitlines()
        yield from (tuple(cell.strip() for cell in line.strip("|").split("|")) for line in body)


def coded(text: str) -> set[str]:
    """Return what stands between backticks."""
    return set(re.findall(r"`([^`]*)`", text))


def differences(documented: Iterable[Hashable], existing: Iterable[Hashable]) -> set[str]:
    """Return what stands on one side only."""
    one, other = set(documented), set(existing)
    return {f"does not exist: {item}" for item in one - other} | {f"not documented: {item}" for item in other - one}


# --- reading code -----------------------------------------------------------------------------------------------------


@cache
def ours(parent: type) -> tuple[type[Any], ...]:
    """Return our classes that derive from *parent*; what only pages know is Dutch already, and no part of the API."""
    modules = [
        importlib.import_module(found.name)
        for package in (domain, services)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.startswith("services.portal.")
    ]
    return tuple(
        value
        for module in modules
        for _, value in inspect.getmembers(module, inspect.isclass)
        if issubclass(value, parent) and value is not parent and value.__module__ == module.__name__
    )


@cache
def source() -> str:
    """Return all of our code."""
    files = [file for package in ("domain", "infra", "services") for file in sorted((ROOT / package).rglob("*.py"))]
    return "\n".join(file.read_text("utf-8") for file in files)


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the operations that the API describes, by method and path."""
    with tempfile.TemporaryDirectory() as folder, Database("", keyring=KEYRING) as database:
        described = create_api(Service(read_settings(data_dir=Path(folder)), database)).openapi()
    return {(method, path): found for path, methods in described["paths"].items() for method, found in methods.items()}


def sentence(documented: type) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(documented) or "").partition("\n")[0]


# --- checks -----------------------------------------------------------------------------------------------------------


def settings(text: str) -> set[str]:
    """Compare every variable with its default and its meaning."""

    def default(value: object) -> str:
        return "none" if value in (None, {}) else f"`{value.value if isinstance(value, Enum) else value}`"

    fields = Settings.model_fields.items()
    defaults = {f"WEERBAAR_{name.upper()}": default(field.default) for name, field in fields}
    existing = {(f"`{name}`", defaults[name], meaning) for name, meaning in variables().items()}
    tests = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("*.py"))
    of_tests = re.findall(rf"{TEST_PREFIX}[A-Z_]+", tests)
    documented = sections(text)
    return differences(rows(documented["Settings"]), existing) | differences(
        (name.strip("`") for name, *_ in rows(documented["The tests"])), of_tests
    )


def commands(text: str) -> set[str]:
    """Compare every command of the program, its options and the people of the demo; each command has an example."""
    existing = {f"`weerbaar {name}`": command for name, command in commands_of(program).items()}
    documented = {name: part for name, part in sections(text).items() if name != "Commands"}
    found = differences(documented, existing)
    for name in documented.keys() & existing.keys():
        declared = {
            option for parameter in existing[name].params for option in parameter.opts if option.startswith("--")
        }
        explained = {option for option in coded(documented[name]) if option.startswith("--")}
        found |= {f"{name}: {fault}" for fault in differences(explained, declared)}
        if not re.search(rf"(?m)^ {{4}}(\w+=\S+ )*{name.strip('`')}\b", documented[name]):
            found.add(f"{name}: no example")
    people = documented.get("`weerbaar token`", "").partition("`--as`")[2].partition(".")[0]
    return found | differences(coded(people), CAST)


def topics(text: str) -> set[str]:
    """Compare every topic with its sentence and its audience, under its kind."""
    documented = {name: part for name, part in sections(text).items() if name != "Topics"}
    found = differences(documented, {f"`{kind.name}`" for kind in KINDS})
    for kind in KINDS:
        existing = {(f"`{fact.topic}`", sentence(fact), ", ".join(sorted(fact.audience))) for fact in kind.facts}
        found |= differences(rows(documented.get(f"`{kind.name}`", "")), existing)
    return found


def refusals(text: str) -> set[str]:
    """Compare every refusal with its sentence."""
    existing = {(f"`{refusal.name()}`", refusal.sentence()) for refusal in ours(Refusal)}
    return differences(rows(under(text, "## Refusals")), existing)


def problems(text: str) -> set[str]:
    """Compare every reason for a problem that is no refusal."""
    said = re.findall(r'(?:HTTPStatus\.[A-Z_]+|\bstatus),\s*"([a-z-]+)"', source())
    raised = [kebab(error.__name__) for error in ours(Answerable)]
    of_starlette = ["not-found", "method-not-allowed"]
    documented = {reason.strip("`") for reason, *_ in rows(under(text, "## Problems")) if reason != "*a refusal*"}
    return differences(documented, {*said, *raised, *of_starlette})


def permissions(text: str) -> set[str]:
    """Compare who may give which command, and the roles that a token can name."""
    existing = {
        (f"`POST {path}`", ", ".join(operation["x-roles"]))
        for (method, path), operation in operations().items()
        if method == "post"
    }
    documented = {row for row in rows(under(text, "## Commands")) if row[0].startswith("`POST ")}
    (claim,) = (meaning for name, meaning in rows(under(text, "## Who you are")) if name == "`role`")
    return differences(documented, existing) | differences(coded(claim), (role.value for role in Role))


def views(text: str) -> set[str]:
    """Compare what can be read, and who may read what is not for everybody."""
    documented: dict[str, str] = {}
    collections = {kind.collection for kind in KINDS}
    for view, _, whom in rows(under(text, "## Views")):
        path = view.strip("`").removeprefix("GET ")
        documented |= {path.replace("…", collection): whom for collection in collections}
    existing = {path: operation.get("x-roles") for (method, path), operation in operations().items() if method == "get"}
    wrong = {
        f"{path} is for {roles}"
        for path, roles in existing.items()
        if roles and set(documented.get(path, "").split(", ")) != set(roles)
    }
    return differences(documented, existing) | wrong


def glossary(text: str) -> set[str]:
    """Compare the names of kinds, facts and commands, and every code list with its codes and their Dutch words."""
    kinds, facts, given = (
        {code.strip("`") for _, code, *_ in rows(under(text, f"## {heading}"))}
        for heading in ("Kinds of case", "Facts", "Commands")
    )
    lists = sections(under(text, "## Code lists"))
    documented = {name.partition(":")[0].strip("`"): list(rows(part)) for name, part in lists.items()}
    found = differences(documented, (codes.__name__ for codes in ours(CodeList)))
    for codes in ours(CodeList):
        words = {(row[0], row[1].strip("`")) for row in documented.get(codes.__name__, ())}
        found |= {
            f"{codes.__name__}: {fault}"
            for fault in differences(words, {(member.label, member.value) for member in codes})
        }
    return (
        found
        | differences(kinds, (kind.name for kind in KINDS))
        | differences(facts, (fact.__name__ for kind in KINDS for fact in kind.facts))
        | differences(given, (command.__name__ for kind in KINDS for command in kind.commands))
    )


def words(text: str) -> set[str]:
    """Tell which names of the glossary the code does not use, and which words have no meaning or source."""
    named = [*rows(under(text, "## Dutch words that stay in code")), *rows(under(text, "## Words of the field"))]
    used = set(re.findall(r"\w+", source()))
    parts = {part for name in used for part in (name, *name.lower().split("_"))} | {
        part.lower() for name in used for part in re.findall(r"[A-Z][a-z]+", name)
    }
    unused = {f"no such name: {name}" for _, names, *_ in named for name in coded(names) if name not in parts}
    every = [row for row in rows(text) if len(row) == len(("Dutch", "Code name", "Meaning", "Source"))]
    return unused | {f"incomplete: {row}" for row in [*named, *every] if not all(row)}


def architecture(text: str) -> set[str]:
    """Compare the views with their questions, and the files that the tree names."""
    documented = [name for name, _ in rows(under(text, "## The views"))]
    named = re.findall(r"(?<= )(\w+\.py|\w+/)(?= |$)", under(text, "## Where things are"), re.MULTILINE)
    tops = [ROOT / top for top in ("domain", "infra", "services", "tests", "docs")]
    files = {path.name if path.is_file() else f"{path.name}/" for top in tops for path in [top, *top.rglob("*")]}
    return differences(documented, (f"`{view.name}`" for view in VIEWS)) | {
        f"no such file: {file}" for file in set(named) - files
    }


def decisions(text: str) -> set[str]:
    """Compare the list of decisions with the pages: their numbers, titles and lines."""
    existing = set()
    for page in sorted((ROOT / "docs/decisions").glob("0*.md")):
        title, _, quoted, *_ = page.read_text("utf-8").splitlines()
        number = page.name[:4]
        existing.add((number, f"[{title.removeprefix(f'# {int(number)}. ')}]({page.name})", quoted.removeprefix("> ")))
    return differences(rows(text), existing)


@dataclass(frozen=True)
class Guarded:
    """A check, its document, and the lines that it guards."""

    check: Callable[[str], set[str]]
    document: str
    lines: str = r"\| `.*"
    """What they look like."""
    under: tuple[str, ...] = ()
    """Under which headings they stand, where not everywhere."""
    complete: bool = True
    """Whether it misses a line that is taken out; if not, it only finds what does not exist."""

    def __str__(self) -> str:
        """Name the check."""
        return self.check.__name__

    @property
    def text(self) -> str:
        """The document."""
        return (ROOT / self.document).read_text("utf-8")

    def guarded(self) -> list[str]:
        """The lines themselves."""
        text = "\n".join(under(self.text, heading) for heading in self.under) if self.under else self.text
        return [line for line in text.splitlines() if re.fullmatch(self.lines, line)]


NAMED = r"(\| .* \| `.*` \|.*|### `.*)"
GUARDED = [
    Guarded(settings, "docs/settings.md"),
    Guarded(commands, "docs/commands.md", lines=r"## `.*|`--.*"),
    Guarded(topics, "docs/topics.md", lines=r"(\||##) `.*"),
    Guarded(refusals, "docs/api.md", under=("## Refusals",)),
    Guarded(problems, "docs/api.md", under=("## Problems",)),
    Guarded(permissions, "docs/api.md", lines=r"\| `POST .*"),
    Guarded(views, "docs/api.md", under=("## Views",)),
    Guarded(glossary, "docs/glossary.md", NAMED, ("## Kinds of case", "## Facts", "## Commands", "## Code lists")),
    Guarded(
        words, "docs/glossary.md", NAMED, ("## Dutch words that stay in code", "## Words of the field"), complete=False
    ),
    Guarded(architecture, "docs/architecture.md", under=("## The views",)),
    Guarded(decisions, "docs/decisions/README.md", lines=r"\| 0.*"),
]


@pytest.mark.parametrize("guarded", GUARDED, ids=str)
def test_what_exists_is_documented_and_nothing_else(guarded: Guarded) -> None:
    """The document says what the code says."""
    assert guarded.check(guarded.text) == set()


@pytest.mark.parametrize("guarded", GUARDED, ids=str)
def test_the_check_bites(guarded: Guarded) -> None:
    """Without any one of its lines the document is found incomplete; with one too many it is found wrong."""
    text = guarded.text
    lines = guarded.guarded()
    assert len(lines) > 1
    for line in lines:
        without = text.replace(f"\n{line}\n", "\n", 1)
        wrong = re.sub(r"`([^`]+)`|(?<=\| )0", r"`\1-not`", line, count=1)
        one_too_many = text.replace(f"\n{line}\n", f"\n{line}\n{wrong}\n", 1)

        assert guarded.check(one_too_many), wrong
        assert not guarded.complete or guarded.check(without), line


# --- pages ------------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of *page*, as code hosts make them."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Return the links of *page* that lead nowhere; links to other sites are not followed."""
    broken = []
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if link.startswith("https://"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


def unknown_commands(text: str) -> set[str]:
    """Return what a page tells to type, or to call, that does not exist."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {f"make {target}" for target in re.findall(r"(?m)^([a-z-]+):.*## ", makefile)}
    programs = {f"weerbaar {name.partition(' ')[0]}" for name in commands_of(program)}
    paths = {path.strip("/").partition("/")[0] for _, path in operations()} | {"openapi.json"}
    typed = set(re.findall(r"\bmake [a-z-]+(?=`|  )", text)) - targets
    typed |= set(re.findall(r"(?:(?<=bin/)|(?<=`)|(?<=project ))weerbaar [a-z-]+", text)) - programs
    called = set(re.findall(r"127\.0\.0\.1:8000/v1/([\w.-]+)", text)) - paths
    return typed | called


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_leads_somewhere(page: Path) -> None:
    """Its links, and the commands and addresses that it names, exist."""
    text = page.read_text("utf-8")

    assert broken_links(page) == []
    assert unknown_commands(text) == set()
    assert text.startswith("# ")


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """To a page, or to a heading of one."""
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n[here](#a-page) [there](#nowhere) [elsewhere](other.md)\n", "utf-8")

    assert broken_links(page) == ["#nowhere", "other.md"]


def test_a_command_that_does_not_exist_is_found() -> None:
    """Of make, of the program, or of the API."""
    text = "`make tea`, `weerbaar dance`, .venv/bin/weerbaar sing, http://127.0.0.1:8000/v1/nothing; `make test`"

    assert unknown_commands(text) == {"make tea", "weerbaar dance", "weerbaar sing", "nothing"}

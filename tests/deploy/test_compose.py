"""Would the deployment on one host start, without a secret in it and with no more rights than it needs?"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.deploy.example import make_secrets
from infra.settings import Mode, read_settings, variables

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "app", "project")
DEPLOYMENT = ("compose.yaml", "infra/deploy/Dockerfile", "docs/how-to/deploy.md")
SECRET = re.compile(r"/run/secrets/(\w+)")


def _answers(*command: str) -> bool:
    try:
        return subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


CHECKERS = [command for command in (("docker", "compose"), ("docker-compose",)) if _answers(*command)]
"""The programs on this machine that can judge a compose file; none of them needs an engine for that."""


def values(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every scalar in *node* with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from values(value, f"{path}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from values(value, path)
    else:
        yield path, str(node)


def environment(service: str) -> dict[str, str]:
    """Return the environment of *service*."""
    found: dict[str, str] = SERVICES[service].get("environment", {})
    return found


@pytest.mark.parametrize(
    "checker", [pytest.param(found, id=" ".join(found)) for found in CHECKERS] or [pytest.param((), id="no-compose")]
)
def test_the_file_is_accepted(checker: tuple[str, ...]) -> None:
    """By every version of Compose on this machine; where there is none, by what is known of the format."""
    for service in SERVICES.values():
        assert {"image", "build"} & service.keys()
        assert set(service.get("networks", ())) <= COMPOSE["networks"].keys()
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
        assert set(service.get("depends_on", ())) <= SERVICES.keys()
        named = (volume.partition(":")[0] for volume in service.get("volumes", ()))
        assert {volume for volume in named if not volume.startswith(".")} <= COMPOSE["volumes"].keys()
    if checker:
        judged = subprocess.run(
            [*checker, "--file", "compose.yaml", "config", "--quiet"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert judged.returncode == 0, judged.stderr


def test_no_secret_stands_in_the_file() -> None:
    """Secrets come from files, and nothing that looks like a password has a value."""
    for secret in COMPOSE["secrets"].values():
        assert secret.keys() == {"file"}
    for path, value in values(COMPOSE):
        if re.search("password|secret|token_keys", path, re.IGNORECASE) and "/environment/" in path:
            assert path.endswith("_FILE")
            assert SECRET.fullmatch(value)
        assert not re.search(r"://[^/@]*:[^/@]*@", value), path


def test_every_secret_that_is_read_is_declared_and_given() -> None:
    """A program is given the files that it is pointed at, and no others."""
    for name, service in SERVICES.items():
        read = {found for _, value in values(service) for found in SECRET.findall(value)}
        if name == "database":
            logins = (ROOT / "infra/deploy/database/10-logins.sql").read_text("utf-8")
            read |= set(re.findall(r"cat :'secrets'/(\w+)", logins))

        assert read == set(service["secrets"]), name


def test_every_secret_that_is_declared_is_used_and_can_be_made(tmp_path: Path) -> None:
    """The example makes exactly the files that the deployment needs, all different and readable in a container."""
    folder = tmp_path / "secrets"
    make_secrets.make(folder, b'{"keys": []}')
    made = [file for file in folder.iterdir() if file.name != ".gitignore"]

    assert {secret for service in SERVICES.values() for secret in service["secrets"]} == COMPOSE["secrets"].keys()
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == {file.name for file in made}
    assert len({file.read_bytes() for file in made}) == len(made)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in made} == {0o444}


def test_secrets_are_never_made_over_others(tmp_path: Path) -> None:
    """A database keeps the passwords that it was made with."""
    make_secrets.make(tmp_path / "secrets", b"{}")

    with pytest.raises(FileExistsError):
        make_secrets.make(tmp_path / "secrets", b"{}")


@pytest.mark.parametrize("file", DEPLOYMENT)
def test_every_setting_that_is_named_exists(file: str) -> None:
    """An unknown setting would keep the program from starting."""
    named = set(re.findall(r"\bWEERBAAR_[A-Z_]+\b", (ROOT / file).read_text("utf-8")))

    assert named
    assert named <= variables().keys()


@pytest.mark.parametrize("service", OURS)
def test_production_accepts_the_settings(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what a service is given, and what it would have by default, the program starts in production mode."""
    for name, value in environment(service).items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value))

    assert read_settings().mode is Mode.PRODUCTION


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(service: str) -> None:
    """None is root, gains rights, or writes outside its volumes and its temporary folders."""
    found = SERVICES[service]

    assert str(found["user"]).partition(":")[0] not in {"", "0", "root"}
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & found.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_watched_and_started_again(service: str) -> None:
    """Whatever is to stay up says whether it is well; what is done once is waited for."""
    found = SERVICES[service]
    waiting = [other["depends_on"][service]["condition"] for other in SERVICES.values() if service in _waits(other)]

    if found["restart"] == "no":
        assert set(waiting) == {"service_completed_successfully"}
    else:
        assert found["restart"] == "unless-stopped"
        assert found["healthcheck"]["test"][0] == "CMD"
        assert set(waiting) <= {"service_healthy"}


def _waits(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service.get("depends_on", {})
    return found


def test_nobody_outside_reaches_the_database() -> None:
    """It publishes no port, and its only network leads nowhere; the application is published to this machine only."""
    assert "ports" not in SERVICES["database"]
    assert SERVICES["database"]["networks"] == ["database"]
    assert COMPOSE["networks"]["database"] == {"internal": True}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["app"]["ports"])


def test_only_migrations_know_the_password_of_the_owner() -> None:
    """Application and projector log in as the service, which owns nothing."""
    given = {name: set(SERVICES[name]["secrets"]) for name in OURS}

    assert {name for name in OURS if "owner_password" in given[name]} == {"migrate"}
    assert not any("superuser_password" in secrets for secrets in given.values())


def test_the_image_is_not_root_and_installs_what_is_pinned() -> None:
    """The last stage runs as a numbered user; packages are installed by their hashes."""
    stages = re.split(r"(?m)^FROM ", (ROOT / "infra/deploy/Dockerfile").read_text("utf-8"))[1:]

    assert len(stages) == 2
    assert re.findall(r"(?m)^USER (.*)$", stages[-1]) == ["10001:10001"]
    assert "--require-hashes -r requirements.txt" in stages[0]
    assert "--require-hashes -r requirements-node.txt" in stages[0]
    assert "npm ci " in stages[0]
    assert SERVICES["app"]["user"] == "10001:10001"
    assert all(stage.startswith("python:3.13-slim") for stage in stages)


def test_the_image_is_built_from_named_folders_only() -> None:
    """What nobody named does not get into it, secrets and data least of all."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", (ROOT / "infra/deploy/Dockerfile").read_text("utf-8"))

    assert rules[0] == "*"
    named = {rule[1:].rstrip("/") for rule in rules if rule.startswith("!")}
    # A folder in a named one may be copied earlier, apart.
    assert named == {path for path in " ".join(copied).split() if path.partition("/")[0] not in named - {path}}

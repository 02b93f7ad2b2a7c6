"""Which commands does the program have, those of its groups with them?"""

from typing import Any

import typer


def commands_of(program: typer.Typer) -> dict[str, Any]:
    """Return every command by what is typed after ``weerbaar``."""

    def below(group: Any, before: str) -> dict[str, Any]:  # noqa: ANN401 - typer's own classes are not public
        found: dict[str, Any] = {}
        for name, command in group.commands.items():
            found |= (
                below(command, f"{before}{name} ") if hasattr(command, "commands") else {f"{before}{name}": command}
            )
        return found

    return below(typer.main.get_command(program), "")

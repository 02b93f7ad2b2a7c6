"""What stands in a database, all of it, as whoever gets a dump of it can read it?"""

import re

from tests.programs import run

BYTES = re.compile(r"\\\\x((?:[0-9a-f]{2})+)")
"""How a dump writes what is bytes to the database."""


def dumped(url: str) -> str:
    """Return a dump of the database, every schema of it, with bytes as the text that they are."""
    plain = run("pg_dump", "--no-owner", "--no-privileges", f"--dbname={url}")
    return BYTES.sub(lambda found: bytes.fromhex(found[1]).decode("utf-8", "replace"), plain)

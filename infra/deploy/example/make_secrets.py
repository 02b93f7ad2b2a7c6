#!/usr/bin/env python3
"""EXAMPLE: which secret files does ``compose.yaml`` need, to try it out on a machine of your own?

Makes fresh ones in a folder, ``secrets`` unless you name another. The passwords and the secret are random and as good
as any. The token keys are those of the *demo's* issuer: whoever can read ``.weerbaar/issuer.json`` can sign in as
anybody. In production put the key set of your identity provider in the place of ``token_keys``.
"""

import argparse
import json
import secrets
import sys
from pathlib import Path

from infra.identity import demo_issuer
from infra.opaque import SECRET_BYTES
from infra.settings import read_settings

PASSWORDS = ("superuser_password", "owner_password", "service_password")
PASSWORD_BYTES = 32


def make(folder: Path, token_keys: bytes) -> None:
    """Write the secret files into *folder*, which must not exist yet."""
    # The folder keeps others out. The files themselves must be readable by the users in the containers, who are none of
    # this machine's, and each container is given only those that it needs.
    folder.mkdir(mode=0o700, parents=True)
    contents = {name: secrets.token_urlsafe(PASSWORD_BYTES).encode() for name in PASSWORDS}
    contents |= {"secret": secrets.token_bytes(SECRET_BYTES), "token_keys": token_keys, ".gitignore": b"*\n"}
    for name, content in contents.items():
        file = folder / name
        file.write_bytes(content)
        file.chmod(0o444)


def main() -> int:
    """Make the files in the folder that the command line names, and say what to do with them."""
    parser = argparse.ArgumentParser(description="Make the secret files of compose.yaml, to try it out.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("secrets"))
    folder: Path = parser.parse_args().folder
    if folder.exists():
        sys.stderr.write(f"{folder} exists already; a database keeps the passwords that it was made with\n")
        return 1
    keys = demo_issuer(read_settings()).verifier.keys.as_dict(private=False)
    make(folder, json.dumps(keys).encode())
    sys.stdout.write(f"Made {folder}. EXAMPLE: its token keys are the demo's; `weerbaar token` signs with them.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

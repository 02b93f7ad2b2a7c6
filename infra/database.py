"""How do the parts of the service reach PostgreSQL, and as whom?

Each part works in a database role of its own, so that PostgreSQL itself refuses what the part has no business doing:
*app* appends and loads, *projector* owns the views, *reader* reads views under row-level security, as one actor at a
time, *keys* seals and opens, *auditor* reads the log as it is stored, to tell whether it is whole.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, RowFactory, dict_row, tuple_row
from psycopg_pool import ConnectionPool

from domain.basis import Actor
from infra.keyring import Keyring

Connection = psycopg.Connection[tuple[Any, ...]]

STATEMENT_TIMEOUT = "30s"
LOCK_TIMEOUT = "10s"
IDLE_IN_TRANSACTION_TIMEOUT = "60s"
RANDOM_PAGE_COST = "1.1"
"""What a page out of order costs beside one in order: next to nothing, on anything but a disk that turns."""
CONNECT_SECONDS = 5
"""How long a server may take to let us in, unless the address says ``connect_timeout``."""
SILENT_SECONDS = 20
"""After how long a server that does not even acknowledge is given up: by default that takes the network two hours."""
WAIT_SECONDS = 5.0
"""How long a request waits for its turn on a connection: less than whoever asks is prepared to wait for an answer."""


class DatabaseRole(StrEnum):
    """The roles; each is prefixed in the cluster, so that several installations can share one."""

    APP = "app"
    PROJECTOR = "projector"
    READER = "reader"
    KEYS = "keys"
    AUDITOR = "auditor"


@dataclass
class Database:
    """One installation's database: its address, its role prefix, its pools (opened at first use)."""

    url: str
    prefix: str = "weerbaar"
    pool_size: int = 10
    keyring: Keyring | None = field(default=None, repr=False)
    """The key-encryption keys of what is sealed in it; without them nothing can be sealed or opened."""
    _pools: dict[DatabaseRole, ConnectionPool[Connection]] = field(init=False, repr=False)
    _closing: ExitStack = field(init=False, repr=False, default_factory=ExitStack)

    def __post_init__(self) -> None:
        """Prepare the pools; each connects at its first use."""
        self._pools = {
            role: ConnectionPool(
                self._address(),
                kwargs={"options": self._options(role)},
                min_size=1,
                max_size=self.pool_size,
                timeout=WAIT_SECONDS,
                open=False,
                name=str(role),
            )
            for role in DatabaseRole
        }

    def role(self, role: DatabaseRole) -> str:
        """Return the role's name in the cluster."""
        return f"{self.prefix}_{role}"

    def owner(self, *, autocommit: bool = False) -> Connection:
        """Connect as the login itself, which owns the permanent tables: for migrations. The caller closes."""
        return psycopg.connect(self._address(), autocommit=autocommit)

    def connect(self, role: DatabaseRole, *, autocommit: bool = False) -> Connection:
        """Connect in *role*. The caller closes."""
        return psycopg.connect(self._address(), options=self._options(role), autocommit=autocommit)

    def pool(self, role: DatabaseRole) -> ConnectionPool[Connection]:
        """Return the pool of connections in *role*."""
        pool = self._pools[role]
        pool.open()
        return pool

    @contextmanager
    def cursor(self, role: DatabaseRole, rows: RowFactory[Any] = tuple_row) -> Iterator[psycopg.Cursor[Any]]:
        """Yield a cursor in *role* for statements that stand alone: a transaction would cost two more round trips."""
        with self.pool(role).connection() as connection:
            connection.set_autocommit(True)
            try:
                with connection.cursor(row_factory=rows, binary=True) as cursor:
                    yield cursor
            finally:
                if not connection.closed:
                    connection.set_autocommit(False)

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[psycopg.Cursor[DictRow]]:
        """Read views as *actor*: in one read-only transaction that row-level security sees as theirs."""
        with (
            self.pool(DatabaseRole.READER).connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            cursor.execute("set transaction read only")
            cursor.execute(
                "select set_config('weerbaar.person', %s, true), set_config('weerbaar.organisation', %s, true),"
                " set_config('weerbaar.role', %s, true)",
                (actor.person, actor.organisation, actor.role),
            )
            yield cursor

    def before_close(self, call: Callable[[], object]) -> None:
        """Call *call* before the pools are closed: what works on this database ends with it."""
        self._closing.callback(call)

    def close(self) -> None:
        """Close what works on the pools, and the pools."""
        self._closing.close()
        for pool in self._pools.values():
            pool.close()

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pools."""
        self.close()

    def identifiers(self) -> dict[str, sql.Identifier]:
        """Return the role names as SQL identifiers, for the templates of migrations and views."""
        return {role.value: sql.Identifier(self.role(role)) for role in DatabaseRole}

    def _address(self) -> str:
        patience = {
            "connect_timeout": CONNECT_SECONDS,
            "keepalives_idle": SILENT_SECONDS // 2,
            "keepalives_interval": SILENT_SECONDS // 4,
            "keepalives_count": 2,
            "tcp_user_timeout": SILENT_SECONDS * 1000,
        }
        return make_conninfo("", **(patience | conninfo_to_dict(self.url)))

    def _options(self, role: DatabaseRole) -> str:
        given = str(conninfo_to_dict(self.url).get("options") or "")
        settings = {
            "role": self.role(role),
            "statement_timeout": STATEMENT_TIMEOUT,
            "lock_timeout": LOCK_TIMEOUT,
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT,
            "timezone": "UTC",
            "random_page_cost": RANDOM_PAGE_COST,
        }
        return " ".join([given, *(f"-c {name}={value}" for name, value in settings.items())]).strip()

"""A private MariaDB server for one user: what `make run-mysql` and the tests stand on.

It lives in one folder, listens on a socket that only its owner can reach (and on a port of 127.0.0.1 when asked),
and ends with the program that started it::

    python -m facekd_db.server --home FOLDER -- facekd
"""

import argparse
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from sqlalchemy.engine import URL
from sqlalchemy.exc import InterfaceError, OperationalError

from facekd_db import grants
from facekd_db.engine import make_engine, parse_url
from facekd_db.errors import StoreError, StoreUnavailable
from facekd_db.keys import open_keys
from facekd_db.store import Store

DATABASE = "facekd"
ACCOUNT = "facekd"
START_S = 60.0
MISSING = (
    "expected MariaDB's programs mariadbd and mariadb-install-db on this computer, found none; install the package "
    "mariadb-server-core (Debian, Ubuntu) or mariadb-server (Fedora, Homebrew)"
)


def find(program: str) -> str | None:
    """The full path of a program, also where servers lie that are not on everybody's path."""
    return shutil.which(
        program, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    )


class PrivateServer:
    """A server on a folder; `with` starts and stops it.

    Args:
        folder: holds everything; made when it is missing, and used again.
        port: of 127.0.0.1; None listens on the socket only.
        lasting: False gives up safety against power cuts for speed, for tests.
        options: more options of mariadbd.
    """

    def __init__(
        self, folder: Path, *, port: int | None = None, lasting: bool = True, options: Sequence[str] = ()
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._run: Path | None = None
        self._lasting = lasting
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where a running server listens."""
        if self._run is None:
            raise ValueError("expected a server that was started, this one was not; call start() first")
        return self._run / "s"

    def __enter__(self) -> "PrivateServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the server and waits until it answers.

        Raises:
            StoreUnavailable: there is no MariaDB here, or it does not start; its own words are in the message.
        """
        server, install = find("mariadbd"), find("mariadb-install-db")
        if server is None or install is None:
            raise StoreUnavailable(MISSING)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._claim()
        try:
            self._launch(server, install)
        except BaseException:
            self.stop()
            raise

    def _launch(self, server: str, install: str) -> None:
        # A socket's path may have 107 bytes only, and home folders can be deep.
        self._run = Path(tempfile.mkdtemp(prefix="facekd-"))
        as_root = ["--user=root"] if os.name == "posix" and os.geteuid() == 0 else []
        data = self.folder / "data"
        if not (data / "mysql").is_dir():
            self._install(install, data, as_root)
        arguments = [
            server,
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'pid'}",
            f"--log-error={self.folder / 'server.log'}",
            "--innodb-log-file-size=8M",
            "--innodb-buffer-pool-size=64M",
            "--skip-log-bin",
            "--performance-schema=OFF",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--max-allowed-packet=64M",
            *(
                ["--skip-networking"]
                if self.port is None
                else ["--bind-address=127.0.0.1", f"--port={self.port}"]
            ),
            *(
                []
                if self._lasting
                else [
                    "--innodb-flush-log-at-trx-commit=0",
                    "--innodb-doublewrite=0",
                    "--innodb-flush-method=nosync",
                ]
            ),
            *as_root,
            *self._options,
        ]
        # A session of its own: Ctrl+C ends the program first, and the server after it.
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._await()

    def stop(self) -> None:
        """Stops the server and waits for it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._run is not None:
            shutil.rmtree(self._run, ignore_errors=True)
            self._run = None

    def url(self, user: str = "root", password: str = "", database: str = DATABASE) -> str:
        """The address for a store: by port when there is one, else by socket."""
        query = {} if self.port is not None else {"unix_socket": str(self.socket)}
        address = URL.create(
            "mysql",
            username=user,
            password=password or None,
            host="127.0.0.1" if self.port is not None else "localhost",
            port=self.port,
            database=database,
            query=query,
        )
        return address.render_as_string(hide_password=False)

    def execute(self, *statements: str) -> None:
        """Runs statements as the server's administrator, through the socket."""
        address = URL.create("mysql", username="root", host="localhost", database="mysql")
        engine = make_engine(
            parse_url(str(address.set(query={"unix_socket": str(self.socket)}))), pooled=False
        )
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def _claim(self) -> None:
        """Takes the folder for this process, and ends a server that an earlier one left behind when it was killed."""
        self._lock = (self.folder / "lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            self._lock.close()
            self._lock = None
            raise StoreUnavailable(
                f"another program uses the private MariaDB in {self.folder}; close it first, or use another folder"
            ) from e
        try:
            orphan = int((self.folder / "pid").read_text())
            words = Path(f"/proc/{orphan}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return
        if f"--datadir={self.folder / 'data'}".encode() not in words:
            return  # the number belongs to somebody else by now
        os.kill(orphan, signal.SIGTERM)
        deadline = time.monotonic() + START_S
        while Path(f"/proc/{orphan}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _install(self, program: str, data: Path, as_root: list[str]) -> None:
        # Beside the socket first: the script stumbles over blanks in a path, and half a folder is never taken for one.
        fresh = self.socket.with_name("data")
        done = subprocess.run(
            [
                program,
                "--no-defaults",
                f"--datadir={fresh}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--innodb-log-file-size=8M",
                *as_root,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise StoreUnavailable(
                f"MariaDB cannot prepare {data}: {' '.join(last)}; check the folder and its disk"
            )
        part = data.with_name("data.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.move(fresh, part)
        part.rename(data)

    def _await(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            if self.socket.exists():
                with suppress(OperationalError, InterfaceError):  # it does not take connections yet
                    self.execute("SELECT 1")
                    return
            time.sleep(0.05)
        raise StoreUnavailable(
            f"MariaDB does not start on {self.folder}; its reason stands at the end of {self.folder / 'server.log'} "
            "(often another copy that still runs there)"
        )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(server: PrivateServer, home: Path) -> str:
    """Makes schema and least-privilege account, and returns the account's address.

    The account's password is new at each start and known to nobody but the program that is started.
    """
    server.execute(
        f"CREATE DATABASE IF NOT EXISTS `{DATABASE}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    )
    store = Store(server.url(), open_keys(home))
    store.upgrade()
    store.close()
    password = secrets.token_urlsafe(24)
    server.execute(
        f"CREATE USER IF NOT EXISTS '{ACCOUNT}'@'localhost'",
        f"ALTER USER '{ACCOUNT}'@'localhost' IDENTIFIED BY '{password}'",
        *grants.statements(ACCOUNT, "localhost", DATABASE),
    )
    return server.url(ACCOUNT, password)


def main(arguments: Sequence[str] | None = None) -> int:
    """Starts a server under a home folder, runs a command with FACEKD_DB_URL set, and stops the server again."""
    parser = argparse.ArgumentParser(prog="python -m facekd_db.server", description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the program's home folder")
    parser.add_argument(
        "--print-url", action="store_true", help="print the address, password included, on stderr"
    )
    parser.add_argument("command", nargs="+", help="the program to run on it, after --")
    given = parser.parse_args(arguments)
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM)
    )  # so that the server is stopped, too
    try:
        with PrivateServer(given.home / "mariadb") as server:
            url = prepare(server, given.home)
            if given.print_url:
                sys.stderr.write(f"FACEKD_DB_URL={url}\n")
            environment = os.environ | {"FACEKD_DB_URL": url, "FACEKD_HOME": str(given.home.absolute())}
            child = subprocess.Popen(given.command, env=environment)
            try:
                return _wait(child)
            finally:
                if child.poll() is None:
                    child.terminate()
                    child.wait()
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _wait(child: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the child got it, too, and decides what it means
            continue


if __name__ == "__main__":
    sys.exit(main())

"""Opening the store at the beginning: one that is new, one that people work with, or one that was lost. No Qt."""

from pathlib import Path

from facekd.models import Registry
from facekd_db.engine import file_of
from facekd_db.errors import SchemaTooOld, StoreMissing
from facekd_db.keys import open_keys
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.settings import Settings

STORES_KEPT = 20


def open_desk(
    address: str, home: Path, settings: Settings, networks: Networks | None = None
) -> tuple[Desk, bool]:
    """(desk, whether there is no account yet); the schema is made or upgraded where that is needed.

    Args:
        networks: those of the settings when None.

    Raises:
        StoreMissing: people worked with this store from here, and now nobody is in it or it is not there. It must not
            look like a first start: whoever comes first would be administrator over what is brought back.
        StoreError: it cannot be opened.
    """
    store = Store(address, open_keys(home))
    try:
        known = store.where in settings.stores
        if store.is_file and not known and not file_of(store.engine.url).exists():
            store.upgrade()
        try:
            store.ping()
        except SchemaTooOld:
            store.upgrade()
        desk = Desk.build(store, home, networks or _networks(home, settings), settings.desk_name)
        is_first = Logins(store, desk.name).is_first_run()
        if is_first and known:
            raise StoreMissing(
                f"expected the accounts that were in {store.where}, found none; bring the database back, or "
                "restore a backup"
            )
        return desk, is_first
    except BaseException:
        store.close()
        raise


def remembering(stores: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The stores that people worked with from here, with one more: from now on its absence is a loss."""
    return stores if where in stores else (*stores[1 - STORES_KEPT :], where)


def _networks(home: Path, settings: Settings) -> Networks:
    wanted = settings.recognising
    choice = Choice(wanted.detector or None, threads=wanted.threads or None, provider=wanted.provider)
    return Networks(Registry.from_environment(home), choice)

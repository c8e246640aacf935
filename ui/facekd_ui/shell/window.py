"""The one window of the program: login and first run fill it, the chrome with its pages takes their place."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from facekd_ui.i18n.language import Language, said, say
from facekd_ui.i18n.text import T, Text
from facekd_ui.shell.actions import action, usable
from facekd_ui.shell.finder import Finder, Found, KeySheet, Lookup
from facekd_ui.shell.pages import PageSpec, PageStack, allowed
from facekd_ui.shell.rail import WIDE_FROM, Rail
from facekd_ui.shell.status_line import StatusLine
from facekd_ui.shell.top_bar import TopBar
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.focus import FocusRing
from facekd_ui.widgets.toasts import Toasts
from facekd_ui.workers.tasks import Tasks

SMALLEST = (1180, 700)  # laid out for 1280 x 800; a little less must not hide the buttons of small screens
EVERYWHERE = T("Everywhere")


class MainWindow(QWidget):
    """Rail, top bar, status line, pages, finder, toasts and the focus ring.

    Args:
        theme, language: changed by the operator's menu; the settings page uses the same objects.
        tasks: where the finder's look-ups run.
    """

    closing = Signal()
    """The window was asked to close; threads and store are to end."""

    def __init__(self, theme: Theme, language: Language, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.language, self.tasks = theme, language, tasks
        self.setObjectName("window")
        say(self, T("FaceKD"), "windowTitle")
        self.setMinimumSize(*SMALLEST)
        self.resize(1440, 900)
        self.rail = Rail()
        self.top_bar = TopBar(lambda: theme.mode)
        self.pages = PageStack()
        self.status_line = StatusLine()
        self._banners = QVBoxLayout()
        self._chrome = self._lay_out()
        self._outer = QStackedWidget()
        self._outer.addWidget(self._chrome)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._outer)
        self.toasts = Toasts(self)
        self._lookup: Lookup | None = None
        self._more: Callable[[], Sequence[Found]] = tuple
        self._finder: Finder | None = None
        self._role = ""
        self._visited: list[str] = []
        self.focus_ring = FocusRing(self)
        self.may_close: Callable[[], bool] | None = None
        """Asked before the window closes; False keeps it open, because something was asked."""
        self._page_actions: list[QAction] = []
        self._chrome_actions = self._make_actions()
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes from control to control, not to the window

    # -- what it shows

    def show_full(self, page: QWidget) -> None:
        """Fills the window with a page: login, first run, lock. The chrome keeps its state behind it."""
        if self._outer.indexOf(page) < 0:
            self._outer.addWidget(page)
        self._outer.setCurrentWidget(page)
        self._allow_chrome_keys(allow=False)

    def show_chrome(self) -> None:
        """Back to rail and pages; full pages are thrown away."""
        self._outer.setCurrentWidget(self._chrome)
        for row in reversed(range(self._outer.count())):
            page = self._outer.widget(row)
            if page is not None and page is not self._chrome:
                self._outer.removeWidget(page)
                page.deleteLater()
        self._allow_chrome_keys(allow=True)

    @property
    def shows_chrome(self) -> bool:
        """Whether pages are shown, not a full page."""
        return self._outer.currentWidget() is self._chrome

    def set_pages(self, specs: Sequence[PageSpec], role: str) -> None:
        """The pages that a role may use; the first is not opened yet."""
        self._role = role
        mine = allowed(specs, role)
        self.pages.set_pages(mine)
        self.rail.set_pages(mine)
        for old in self._page_actions:
            self.removeAction(old)
            old.deleteLater()
        self._page_actions = [
            action(self, spec.title, partial(self.open, spec.key), spec.shortcut, spec.icon, T("Pages"))
            for spec in mine
        ]

    def open(self, key: str) -> QWidget:
        """Shows a page. Raises KeyError for one that the role may not use."""
        page = self.pages.open(key)
        spec = self.pages.spec(key)
        self.rail.mark_current(spec.below or key)
        self.top_bar.title.say(spec.title)
        return page

    def set_lookup(self, lookup: Lookup | None, more: Callable[[], Sequence[Found]] = tuple) -> None:
        """What the finder finds besides pages and actions.

        Args:
            lookup: people; runs on the tasks.
            more: what is at hand: settings.
        """
        self._lookup, self._more = lookup, more
        self._finder = None

    def show_banner(
        self,
        kind: str,
        lead: Text | str,
        rest: Text | str = "",
        actions: Sequence[tuple[Text, Callable[[], object]]] = (),
    ) -> Banner:
        """A banner on top of every page (alarms, store away) until `drop_banner`."""
        banner = Banner(kind, lead, rest, actions)
        self._banners.addWidget(banner)
        self._banners.setContentsMargins(16, 12, 16, 0)
        banner.show()
        return banner

    def drop_banner(self, banner: Banner) -> None:
        """It is over."""
        self._banners.removeWidget(banner)
        banner.hide()
        banner.deleteLater()
        if self._banners.count() == 0:
            self._banners.setContentsMargins(0, 0, 0, 0)

    def place(self) -> bytes:
        """Size and place, to be kept by the settings."""
        return bytes(self.saveGeometry().data())

    def restore(self, place: bytes) -> None:
        """Goes back to where it was; nonsense is ignored."""
        self.restoreGeometry(QByteArray(place))

    def come_forward(self) -> None:
        """Raises the window: a second start, an alarm."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()
        QApplication.alert(self)

    # -- finder and keys

    def ask_finder(self) -> None:
        """Opens the finder."""
        if self._finder is None:
            self._finder = Finder(self, self._at_hand, self._lookup, self.tasks)
        self._finder.ask()

    def show_keys(self) -> KeySheet:
        """Opens the sheet of keys."""
        sheet = KeySheet(self, self.keys_here())
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()
        return sheet

    def keys_here(self) -> list[tuple[Text | str, list[tuple[str, str]]]]:
        """Heading and (what, key) pairs of everything with a key that works here."""
        page = self.pages.currentWidget() if self.shows_chrome else None
        here = self.pages.spec(self.pages.key).title if self.pages.key else EVERYWHERE
        groups: dict[str, tuple[Text | str, list[tuple[str, str]]]] = {}
        for found in usable(page, *self._parts(page), self):
            key = found.shortcut().toString()
            if not key:
                continue
            own = found.property("group")
            heading: Text | str = own if isinstance(own, Text) else here
            groups.setdefault(str(heading), (heading, []))[1].append((str(said(found)), key))
        return list(groups.values())

    def _at_hand(self) -> list[Found]:
        page = self.pages.currentWidget() if self.shows_chrome else None
        here = str(self.pages.spec(self.pages.key).title) if self.pages.key else ""
        result = []
        for found in usable(page, *self._parts(page), self):
            if found.property("hidden"):
                continue
            own = found.property("group")
            icon = found.property("iconName")
            note = str(own) if isinstance(own, Text) else here
            result.append(
                Found(
                    str(said(found)),
                    found.trigger,
                    str(icon) if icon else "arrow-right",
                    note,
                    found.shortcut().toString(),
                )
            )
        return [*result, *self._more()]

    @staticmethod
    def _parts(page: QWidget | None) -> list[QWidget]:
        """Parts of a page that have actions of their own and are shown (a section of the settings)."""
        return (
            [] if page is None else [w for w in page.findChildren(QWidget) if w.actions() and w.isVisible()]
        )

    # -- inside

    def _lay_out(self) -> QWidget:
        chrome = QWidget()
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.top_bar)
        middle.addLayout(self._banners)
        middle.addWidget(self.pages, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(middle, 1)
        column = QVBoxLayout(chrome)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.status_line)
        return chrome

    def _make_actions(self) -> list[QAction]:
        find = action(
            self, T("Find a person, a page or an action"), self.ask_finder, "Ctrl+K", "search", EVERYWHERE
        )
        find.setProperty("hidden", True)
        keys = action(self, T("Show all keys"), self.show_keys, "F1", "keyboard", EVERYWHERE)
        lock = action(self, T("Lock"), self.top_bar.lock_asked.emit, "Ctrl+L", "lock", EVERYWHERE)
        full = action(self, T("Full screen"), self._toggle_full, "F11", "full-screen", EVERYWHERE)
        switch = action(
            self, T("Switch user"), self.top_bar.switch_user_asked.emit, "", "switch-user", EVERYWHERE
        )
        log_out = action(self, T("Log out"), self.top_bar.log_out_asked.emit, "", "log-out", EVERYWHERE)
        themes = []
        for mode, word in (
            ("light", T("Light theme")),
            ("dark", T("Dark theme")),
            ("system", T("Theme of the system")),
        ):
            themes.append(action(self, word, partial(self.theme.apply, mode), "", "palette", EVERYWHERE))
        return [find, keys, lock, full, switch, log_out, *themes]

    def _connect(self) -> None:
        self.rail.chosen.connect(self.open)
        self.top_bar.find_asked.connect(self.ask_finder)
        self.top_bar.theme_asked.connect(self.theme.apply)
        self.top_bar.language_asked.connect(self.language.set)

    def _allow_chrome_keys(self, *, allow: bool) -> None:
        """Behind the login nobody opens pages by keys."""
        for one in (*self._chrome_actions, *self._page_actions):
            one.setEnabled(allow)

    def _toggle_full(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wide rail in large windows, fewer words in small ones."""
        super().resizeEvent(event)
        self.rail.set_wide(wide=self.width() >= WIDE_FROM)
        self.top_bar.fit(self.width())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tells the program to end."""
        if self.may_close is not None and not self.may_close():
            event.ignore()
            return
        self.closing.emit()
        super().closeEvent(event)

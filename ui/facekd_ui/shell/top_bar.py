"""The top bar: where one is, find anything, how cameras and store are, alarms, who one is."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import LANGUAGES, T, Text, Tn, current_language
from facekd_ui.theme.theme import px, set_type, set_variant
from facekd_ui.widgets.badges import CountBadge
from facekd_ui.widgets.buttons import IconButton, Line, tip_with_key
from facekd_ui.widgets.faces import Avatar
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, KeyCap, Label
from facekd_ui.widgets.menus import Menu

HEIGHT = 52
_MARKS = {"ok": ("check", "success"), "warning": ("warning", "warning"), "danger": ("error", "danger")}


class BarButton(QPushButton):
    """A flat button that holds other widgets in a row; as wide as they need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 0, 8, 0)
        self.row.setSpacing(8)

    def add(self, widget: QWidget) -> QWidget:
        """A part; clicks go through it."""
        widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.row.addWidget(widget)
        return widget

    def sizeHint(self) -> QSize:
        """As wide as its parts."""
        return QSize(self.row.sizeHint().width(), px(36))

    def minimumSizeHint(self) -> QSize:
        """It does not shrink."""
        return self.sizeHint()


class StateItem(BarButton):
    """A state with icon, words and mark; a click goes to the place that mends it."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.add(IconLabel(icon, "text.2", 16))
        self._words = Label("", "medium")
        self._words_wanted = True
        self.add(self._words)
        self._mark = IconLabel("check", "success", 16)
        self.add(self._mark)

    def show_state(self, kind: str, words: Text | str, tip: Text | str = "") -> None:
        """`kind`: ok, warning or danger."""
        self._words.say(words)
        self._words.set_ink("text" if kind == "ok" else kind)
        self._mark.show_icon(*_MARKS[kind], 16)
        set_variant(self, "state", kind)
        say(self, words, "accessibleName")
        say(self, tip or words, "toolTip")
        self.updateGeometry()

    def set_compact(self, *, compact: bool) -> None:
        """The mark alone, where the window is narrow."""
        self._words.setVisible(not compact)
        self.updateGeometry()


class TopBar(QWidget):
    """Shows states and asks for things by signals; knows nobody."""

    find_asked = Signal()
    cameras_asked = Signal()
    store_asked = Signal()
    alerts_asked = Signal()
    switch_user_asked = Signal()
    lock_asked = Signal()
    log_out_asked = Signal()
    language_asked = Signal(str)
    theme_asked = Signal(str)

    def __init__(self, theme_mode: Callable[[], str], parent: QWidget | None = None) -> None:
        """`theme_mode` tells which theme is in force, for the tick in the menu."""
        super().__init__(parent)
        self._theme_mode = theme_mode
        self.setProperty("part", "topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = ElidedLabel("", "heading")
        self._find = self._make_find()
        self.cameras = StateItem("video")
        self.cameras.clicked.connect(self.cameras_asked)
        self.cameras.hide()  # no tick for a camera that nobody has opened
        self.store = StateItem("database")
        self.store.clicked.connect(self.store_asked)
        self._bell = IconButton("bell", T("Alerts"))
        self._bell.clicked.connect(self.alerts_asked)
        self._alerts = CountBadge(danger=True, parent=self._bell)
        self._operator = self._make_operator()
        right = QHBoxLayout()
        right.setSpacing(4)
        right.addStretch()
        for widget in (self.cameras, self.store, self._bell):
            right.addWidget(widget)
        rule = Line(standing=True)
        rule.setFixedHeight(20)
        right.addSpacing(6)
        right.addWidget(rule)
        right.addSpacing(6)
        right.addWidget(self._operator)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 10, 0)
        row.setSpacing(16)
        row.addWidget(self.title, 1)
        row.addWidget(self._find)
        row.addLayout(right, 1)
        self._fit_text()

    def _make_find(self) -> QPushButton:
        find = QPushButton()
        find.setProperty("role", "find")
        set_type(find, "body")
        say(find, T("Find a person, a page or an action"), "accessibleName")
        say(find, tip_with_key(T("Find a person, a page or an action"), "Ctrl+K"), "toolTip")
        row = QHBoxLayout(find)
        row.setContentsMargins(10, 0, 8, 0)
        row.setSpacing(10)
        hint = ElidedLabel(T("Find a person, a page or an action"), "body", "text.2")
        for widget in (IconLabel("search", "text.2", 16), hint, KeyCap("Ctrl+K")):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(widget, 1 if widget is hint else 0)
        find.clicked.connect(self.find_asked)
        find.setFixedWidth(380)
        return find

    def _make_operator(self) -> BarButton:
        button = BarButton()
        self._avatar = Avatar("")
        button.add(self._avatar)
        names = QWidget()
        column = QVBoxLayout(names)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._name = Label("", "medium")
        self._role = Label("", "tiny", "text.2")
        column.addWidget(self._name)
        column.addWidget(self._role)
        button.add(names)
        button.add(IconLabel("chevron-down", "text.2", 14))
        button.clicked.connect(self._open_menu)
        return button

    def sizeHint(self) -> QSize:
        """52 high."""
        return QSize(1200, self.height())

    def changeEvent(self, event: QEvent) -> None:
        """Another text size."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit_text()

    def _fit_text(self) -> None:
        self.setFixedHeight(max(HEIGHT, px(44)))

    def show_operator(self, name: str, role: Text | str) -> None:
        """Who is logged in."""
        self._avatar.show_name(name)
        self._name.say(self._name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, px(160)))
        self._role.say(role)
        say(self._operator, T("{name}, {role}: menu", name=name, role=role), "accessibleName")
        say(self._operator, T("Switch user, lock, language, theme, log out"), "toolTip")
        self._operator.updateGeometry()

    def show_alerts(self, count: int) -> None:
        """The red count on the bell."""
        self._alerts.set_count(count)
        self._alerts.move(self._bell.width() - self._alerts.width() - 1, 1)
        say(self._bell, Tn("{n} alert", "{n} alerts", count), "accessibleName")

    def fit(self, width: int) -> None:
        """Words go when the window is narrow."""
        self._find.setFixedWidth(380 if width >= 1400 else 340 if width >= 1240 else 260)
        for item in (self.cameras, self.store):
            item.set_compact(compact=width < px(1160))

    def menu(self) -> Menu:
        """The operator's menu."""
        menu = Menu(self)
        menu.add(T("Switch user"), self.switch_user_asked.emit, "switch-user")
        menu.add(T("Lock"), self.lock_asked.emit, "lock", "Ctrl+L")
        menu.addSeparator()
        for code, name in LANGUAGES.items():
            menu.add_choice(name, partial(self.language_asked.emit, code), chosen=code == current_language())
        menu.addSeparator()
        for mode, word in (("light", T("Light")), ("dark", T("Dark")), ("system", T("As the system"))):
            menu.add_choice(word, partial(self.theme_asked.emit, mode), chosen=mode == self._theme_mode())
        menu.addSeparator()
        menu.add(T("Log out"), self.log_out_asked.emit, "log-out")
        return menu

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        corner = self._operator.mapToGlobal(self._operator.rect().bottomRight())
        menu.popup(corner - QPoint(menu.sizeHint().width(), -4))

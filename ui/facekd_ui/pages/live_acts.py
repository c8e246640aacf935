"""What can be done about a face of the live picture: enrol, say who it is or is not, ignore."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget, QWidgetAction

from facekd.types import State
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.live_enrol import EnrolSheet, PickSheet, add_views, why_not
from facekd_ui.pages.live_presence import Guest, LiveView, Presence
from facekd_ui.services.enrolment import Enrolled
from facekd_ui.shell.actions import action
from facekd_ui.widgets.badges import StateGlyph
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.menus import Menu


class FaceActs(QObject):
    """The acts on the selected face, as actions of the page with keys, and as a menu.

    Args:
        page: owns the actions; lies below the sheets.
        guest: the guest that is selected, if one is.
        name_of: person id -> name on file.
    """

    changed = Signal()
    """The people on file changed: recognition should look again at once."""
    ignored = Signal(int)  # track

    def __init__(
        self,
        page: QWidget,
        context: PageContext,
        presence: Presence,
        guest: Callable[[], Guest | None],
        name_of: Callable[[Guest], str],
    ) -> None:
        super().__init__(page)
        self._page, self._context, self._presence = page, context, presence
        self._guest, self._name_of = guest, name_of
        may = context.session.may
        self._may_enrol = may("enrolment.enrol")
        self._may_reject = may("recognition.not_this_person")
        self._may_open = may("people.get")
        self.enrol = action(page, T("Enrol as new person…"), self._enrol, "E", "add-person")
        self.pick = action(page, T("This is someone on file…"), self._pick, "A", "people")
        self.confirm = action(page, T("It is this person"), self._confirm, "Y", "check")
        self.reject = action(page, T("Not this person"), self._reject, "N", "close")
        self.ignore = action(page, T("Ignore until they leave"), self._ignore, "I", "eye-off")
        self.open = action(page, T("Open this person"), self._open, "O", "person")
        self.refresh()

    def refresh(self) -> None:
        """Which acts are possible for the face that is selected now."""
        guest = self._guest()
        name = "" if guest is None else self._name_of(guest)
        state = None if guest is None else guest.face.state if name else State.UNKNOWN
        views = guest is not None and bool(guest.views)
        self.enrol.setEnabled(self._may_enrol and views and state is not State.KNOWN)
        self.pick.setEnabled(self._may_enrol and views and state is not State.KNOWN)
        self.confirm.setEnabled(self._may_enrol and views and state is State.UNCERTAIN)
        self.reject.setEnabled(self._may_reject and bool(name) and guest is not None)
        self.ignore.setEnabled(guest is not None)
        self.open.setEnabled(self._may_open and bool(name))

    def menu(self, guest: Guest) -> Menu:
        """Everything that is possible for a face, under a line that says who it is."""
        self.refresh()
        name = self._name_of(guest)
        first = name.split()[0] if name else ""
        menu = Menu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(_head(menu, guest, name))
        menu.addSeparator()
        entries: list[tuple[QAction, Text | None]] = [
            (self.confirm, T("It is {name}", name=first)),
            (self.enrol, T("Enrol as new person…")),
            (self.pick, T("This is someone on file…")),
            (self.reject, T("Not {name}, remember for good", name=first)),
            (self.open, T("Open {name}", name=first)),
            (self.ignore, T("Ignore until they leave")),
        ]
        for act, words in entries:
            if act.isEnabled() and words is not None:
                icon = str(act.property("iconName"))
                menu.add(words, act.trigger, icon, act.shortcut().toString())
        return menu

    def show_menu(self, guest: Guest, point: QPointF) -> Menu:
        """Opens the menu beside the face."""
        menu = self.menu(guest)
        menu.popup(QPoint(round(point.x()), round(point.y())))
        return menu

    def answer(self, *, is_it: bool) -> None:
        """ "It is Jonas" or "Not Jonas" for the selected face."""
        if is_it:
            self._confirm()
        else:
            self._reject()

    # -- the acts

    def _enrol(self) -> None:
        if (guest := self._guest()) is None or not guest.views:
            return
        sheet = EnrolSheet(self._page, self._context, lambda: guest.views)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.enrolled.connect(self._enrolled)
        sheet.merge.connect(lambda person_id: self._add_to(person_id, views=sheet.views))
        sheet.open()

    def _enrolled(self, enrolled: Enrolled) -> None:
        n = enrolled.templates
        name = enrolled.person.name
        self._context.toasts.show(
            Tn("{name} added with {n} photo", "{name} added with {n} photos", n, name=name)
        )
        self.changed.emit()

    def _pick(self) -> None:
        if (guest := self._guest()) is None or not guest.views:
            return
        sheet = PickSheet(self._page, self._context)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.picked.connect(partial(self._add_to, views=tuple(guest.views)))
        sheet.open()

    def _confirm(self) -> None:
        guest = self._guest()
        if guest is not None and guest.person_id is not None and guest.views:
            self._add_to(guest.person_id, views=tuple(guest.views))

    def _add_to(self, person_id: int, *, views: tuple[LiveView, ...]) -> None:
        services = self._context.services
        self._context.work.run(
            lambda _p: add_views(services, views, person_id),
            self._added,
            self._failed,
            over=self._page,
            title=T("Adding the views"),
        )

    def _added(self, enrolled: Enrolled) -> None:
        n, name = enrolled.templates, enrolled.person.name
        words = (
            Tn("{n} photo added to {name}", "{n} photos added to {name}", n, name=name)
            if n
            else T("{name} has these photos already", name=name)
        )
        self._context.toasts.show(words)
        self.changed.emit()

    def _reject(self) -> None:
        guest = self._guest()
        if guest is None or guest.person_id is None or not guest.views:
            if guest is not None and guest.person_id is not None:
                self._context.toasts.show(
                    T("Wait for a clearer view of this face, then say it again."), icon="info", token="accent"
                )
            return
        services, person, view = self._context.services, guest.person_id, guest.views[-1]
        name = self._name_of(guest)
        self._context.work.run(
            lambda _p: services.recognition.not_this_person(person, view.image, view.box),
            lambda _none: self._rejected(name),
            self._failed,
            over=self._page,
            title=T("Remembering that this is not {name}", name=name),
        )

    def _rejected(self, name: str) -> None:
        self._context.toasts.show(T("Remembered: this face is not {name}", name=name))
        self.changed.emit()

    def _ignore(self) -> None:
        if (guest := self._guest()) is not None:
            self._presence.ignore(guest.face.track)
            self.ignored.emit(guest.face.track)

    def _open(self) -> None:
        if (guest := self._guest()) is not None and guest.person_id is not None:
            self._context.go("people", guest.person_id)

    def _failed(self, error: Exception) -> None:
        self._context.toasts.show(why_not(error), icon="error", token="danger")


def _head(menu: Menu, guest: Guest, name: str) -> QWidgetAction:
    state = guest.face.state if name else State.UNKNOWN
    head = QWidget()
    row = QHBoxLayout(head)
    row.setContentsMargins(12, 8, 16, 8)
    row.setSpacing(12)
    row.addWidget(StateGlyph(state))
    words = QVBoxLayout()
    words.setSpacing(0)
    shown: Text | str = f"{name}?" if state is State.UNCERTAIN else name or T("Unknown")
    words.addWidget(Label(shown, "strong"))
    stayed = max(1, round((guest.last - guest.since).total_seconds()))
    told = (
        Tn("here for {s} s, {n} good view", "here for {s} s, {n} good views", guest.good, s=stayed)
        if guest.good
        else T("here for {s} s, no clear view yet", s=stayed)
    )
    words.addWidget(Label(told, "small", "text.2"))
    row.addLayout(words, 1)
    result = QWidgetAction(menu)
    result.setDefaultWidget(head)
    return result

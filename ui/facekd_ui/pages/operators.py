"""Accounts: who may log in, as what, where they are logged in; new ones with a password that works once."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QItemSelection, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QTableView, QVBoxLayout, QWidget

from facekd_db.records import Role
from facekd_db.records import Session as StoredSession
from facekd_ui.i18n.formats import countdown, date, moment
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.words import ROLE_HELP
from facekd_ui.services.accounts import AccountRow, NewPassword
from facekd_ui.services.words import ROLES
from facekd_ui.shell.actions import action, button_for
from facekd_ui.tables.operators import OperatorsTable, state_of
from facekd_ui.tables.people import now
from facekd_ui.tables.plain import PlainDelegate, plain_table
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Line, Switch
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.faces import Avatar
from facekd_ui.widgets.fields import Choice, Field, FormRow
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import Question, Sheet

DETAIL = 380


class OperatorsSection(QWidget):
    """Table and detail."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._chosen: int | None = None
        self.add = action(self, T("New operator"), self.ask_new, "Ctrl+N", "plus")
        self.model = OperatorsTable()
        self.model.setParent(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegate(PlainDelegate(self.table, height=44, mark=self._mark))
        plain_table(self.table, {1: 140, 2: 200, 3: 160}, 0, 44)
        say(self.table, T("Operators"), "accessibleName")
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self._count = Label("", "body", "text.2")
        head = QHBoxLayout()
        head.setContentsMargins(20, 14, 20, 14)
        head.setSpacing(10)
        head.addWidget(Label(T("Operators"), "section"))
        head.addWidget(self._count)
        head.addStretch()
        head.addWidget(button_for(self.add, "primary"))
        left = Panel("surface")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addWidget(self.table, 1)
        self._detail = Panel("bg")
        self._detail.setFixedWidth(DETAIL)
        self._detail_column = QVBoxLayout(self._detail)
        self._detail_column.setContentsMargins(20, 20, 20, 20)
        self._inner: QWidget | None = None
        self._detail.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left, 1)
        row.addWidget(Line(standing=True))
        row.addWidget(self._detail)

    def _mark(self, row: int, column: int) -> tuple[str, str] | None:
        return state_of(self.model.record(row))[:2] if column == 2 else None

    # -- loading

    @Slot()
    def opened(self) -> None:
        """Reads the accounts again."""
        self._context.ask(self._context.services.accounts.all, self._show)

    def retranslate(self) -> None:
        """In another language."""
        self.model.retranslate()

    def _show(self, rows: Sequence[AccountRow]) -> None:
        self.model.show_rows(rows)
        here = sum(bool(row.sessions) for row in rows)
        self._count.say(T("{n}, {m} logged in", n=len(rows), m=here))
        if self._chosen is not None and (row := self.model.row_of(self._chosen)) is not None:
            self.table.selectRow(row)

    @Slot(QItemSelection, QItemSelection)
    def _selected(self, _new: QItemSelection, _old: QItemSelection) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            account = self.model.record(rows[0].row())
            self._chosen = account.operator.id
            self._context.ask(
                lambda: self._context.services.accounts.sessions(account.operator.id),
                partial(self._show_detail, account),
            )

    # -- the detail

    def _show_detail(self, account: AccountRow, sessions: Sequence[StoredSession]) -> None:
        operator = account.operator
        if operator.id != self._chosen:
            return
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(Avatar(operator.name, 48))
        words = QVBoxLayout()
        words.addWidget(Label(operator.name, "heading"))
        words.addWidget(
            Label(T("since {day}", day=date(operator.created_at.astimezone())), "small", "text.2")
        )
        head.addLayout(words, 1)
        column.addLayout(head)
        role = Choice({each.value: ROLES[each] for each in Role})
        role.choose(operator.role.value)
        role.chosen.connect(lambda key: self._change_role(account, Role(key)))
        column.addWidget(FormRow(T("Role"), role, ROLE_HELP[operator.role]))
        name = Field()
        name.setText(operator.name)
        name.editingFinished.connect(lambda: self._rename(account, name.text().strip()))
        column.addWidget(FormRow(T("Name"), name, T("What they log in with. Enter keeps it.")))
        may = Switch(T("May log in"))
        may.setChecked(operator.enabled)
        may.clicked.connect(lambda on: self._switch(account, on=on))
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(may)
        switch_words = QVBoxLayout()
        switch_words.setSpacing(1)
        switch_words.addWidget(Label(T("May log in"), "medium"))
        switch_words.addWidget(
            Label(T("Switching off ends open sessions within seconds."), "small", "text.2", wrap=True)
        )
        line.addLayout(switch_words, 1)
        column.addLayout(line)
        if account.locked_until is not None:
            left = countdown(account.locked_until - now())
            column.addWidget(
                Banner(
                    "warning",
                    T("Locked out for {left}.", left=left),
                    "",
                    ((T("Unlock"), partial(self._unlock, account)),),
                )
            )
        column.addLayout(self._sessions(account, sessions))
        column.addStretch()
        password = Button(T("New password…"), icon="key")
        password.clicked.connect(partial(self._ask_password, account))
        foot = QHBoxLayout()
        foot.addWidget(password)
        foot.addStretch()
        column.addLayout(foot)
        if self._inner is not None:
            self._detail_column.removeWidget(self._inner)
            self._inner.hide()
            self._inner.deleteLater()
        self._inner = inner
        self._detail_column.addWidget(inner)
        self._detail.show()

    def _sessions(self, account: AccountRow, sessions: Sequence[StoredSession]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(Label(T("Sessions"), "section"))
        for session in sessions:
            own = session.id == self._context.session.stored.id
            row = QHBoxLayout()
            words = QVBoxLayout()
            words.setSpacing(1)
            words.addWidget(Label(session.client, "medium"))
            since = T("since {when}", when=moment(session.started_at.astimezone(), now()))
            words.addWidget(Label(T("this one") if own else since, "small", "text.2"))
            row.addLayout(words, 1)
            if not own:
                end = Button(T("End"), size="small")
                end.clicked.connect(partial(self._end, account, session.id))
                row.addWidget(end)
            column.addLayout(row)
        if not sessions:
            column.addWidget(Label(T("Not logged in anywhere."), "body", "text.2"))
        return column

    # -- acts

    def _do(self, work: Callable[[], object], done: Callable[[object], object] | None = None) -> None:
        def finished(result: object) -> None:
            if done is not None:
                done(result)
            self.opened()

        def failed(error: Exception) -> None:
            self._context.fail(error)
            self.opened()

        self._context.ask(work, finished, failed, over=self)

    def _change_role(self, account: AccountRow, role: Role) -> None:
        operator = account.operator
        if role is not operator.role:
            self._do(lambda: self._context.services.accounts.change_role(operator.id, role, operator.version))

    def _rename(self, account: AccountRow, name: str) -> None:
        operator = account.operator
        if name and name != operator.name:
            self._do(lambda: self._context.services.accounts.rename(operator.id, name, operator.version))

    def _switch(self, account: AccountRow, *, on: bool) -> None:
        operator = account.operator
        self._do(lambda: self._context.services.accounts.switch(operator.id, on, operator.version))

    def _unlock(self, account: AccountRow) -> None:
        self._do(lambda: self._context.services.accounts.unlock(account.operator.id))

    def _end(self, account: AccountRow, session_id: int) -> None:
        self._do(
            lambda: self._context.services.accounts.end_sessions(account.operator.id, session_id),
            lambda count: self._context.toasts.show(
                Tn("{n} session ends within seconds", "{n} sessions end within seconds", int(str(count)))
            ),
        )

    def _ask_password(self, account: AccountRow) -> None:
        sheet = Question(
            self,
            T("A new password for {name}?", name=account.operator.name),
            T(
                "The old one stops working now and open sessions end. The new one works once and is shown once."
            ),
            T("Make it"),
        )
        sheet.accepted.connect(
            lambda: self._do(
                lambda: self._context.services.accounts.new_password(account.operator.id), self._show_password
            )
        )
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _show_password(self, made: object) -> None:
        assert isinstance(made, NewPassword)
        sheet = PasswordSheet(self, made)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    @Slot()
    def ask_new(self) -> None:
        """Asks for name and role."""
        sheet = Question(
            self,
            T("New operator"),
            T("They get a password that works once, and choose their own with it."),
            T("Create"),
        )
        name, role = Field(), Choice({each.value: ROLES[each] for each in Role})
        name.setMaxLength(64)
        row = FormRow(T("Role"), role, ROLE_HELP[Role.OPERATOR])
        role.chosen.connect(lambda key: row.set_help(ROLE_HELP[Role(key)]))
        name_row = FormRow(T("Name"), name)
        sheet.extra.addWidget(name_row)
        sheet.extra.addWidget(row)
        sheet.act.clicked.disconnect()

        def go() -> None:
            if not name.text().strip():
                name.setFocus()
                return
            sheet.act.setEnabled(False)
            wanted, as_role = name.text().strip(), Role(role.value)
            self._context.ask(
                lambda: self._context.services.accounts.create(wanted, as_role), done, failed, over=sheet
            )

        def done(made: NewPassword) -> None:
            sheet.accept()
            self._chosen = made.operator.id
            self.opened()
            self._show_password(made)

        def failed(error: Exception) -> None:
            sheet.act.setEnabled(True)
            name_row.set_error(explain(error))

        sheet.act.clicked.connect(go)
        name.returnPressed.connect(go)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()
        name.setFocus()


class PasswordSheet(Sheet):
    """Shows a one-time password, once."""

    def __init__(self, parent: QWidget, made: NewPassword) -> None:
        super().__init__(parent, T("One-time password"))
        self.password = Field()
        self.password.setText(made.password)
        self.password.setReadOnly(True)
        copy, close = Button(T("Copy"), icon="copy"), Button(T("Done"), "primary")
        copy.clicked.connect(lambda: QApplication.clipboard().setText(made.password))
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(copy)
        foot.addStretch()
        foot.addWidget(close)
        self.body.addWidget(
            Label(T("One-time password for {name}", name=made.operator.name), "section", wrap=True)
        )
        words = T("Hand it over in person. It works once and is not shown again.")
        if made.operator.one_time_until is not None:
            words = T(
                "Hand it over in person. It works once, until {when}, and is not shown again.",
                when=moment(made.operator.one_time_until.astimezone(), now()),
            )
        self.body.addWidget(Label(words, "body", "text.2", wrap=True))
        self.body.addWidget(self.password)
        self.body.addSpacing(8)
        self.body.addLayout(foot)

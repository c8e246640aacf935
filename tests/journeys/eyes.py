"""Inside the application under test: tells over a local socket what stands where on the screen. It never acts.

One request is one line; the answer is one line of JSON, a list of everything that is visible, outermost first. What a
person would do with it (point, click, type) is done outside, by real X events.
"""

import json
from typing import Any

from PySide6.QtCore import QObject, QPoint, QRect, Qt, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTableView,
    QWidget,
)

from facekd_ui.widgets.video import VideoView

Seen = dict[str, Any]


class Eyes(QObject):
    """Answers `look` requests as long as its parent lives."""

    def __init__(self, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._called)
        if not self._server.listen(name):
            raise OSError(f"the eyes cannot open at {name}: {self._server.errorString()}")

    @Slot()
    def _called(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._answer(socket))
            socket.disconnected.connect(socket.deleteLater)

    def _answer(self, socket: QLocalSocket) -> None:
        while socket.canReadLine():
            socket.readLine()
            socket.write(json.dumps(look()).encode() + b"\n")


def look() -> list[Seen]:
    """Everything that can be seen now."""
    found: list[Seen] = []
    for window in QApplication.topLevelWidgets():
        if window.isVisible():
            for widget in (window, *window.findChildren(QWidget)):
                part = widget.visibleRegion().boundingRect()
                if widget.window() is not window:
                    continue  # a dialog, which is a window of its own
                if widget.isVisible() and not part.isEmpty():
                    found.append(_seen(widget, part))
    return found


def _seen(widget: QWidget, part: QRect) -> Seen:
    place = _on_screen(widget, part)
    seen: Seen = {
        "kinds": [kind.__name__ for kind in type(widget).mro() if issubclass(kind, QWidget)],
        "object": widget.objectName(),
        "name": widget.accessibleName(),
        "text": _words(widget),
        "hint": str(widget.property("placeholderText") or ""),
        "tip": widget.toolTip(),
        "place": place,
        "enabled": widget.isEnabled(),
        "focus": widget.hasFocus(),
        "window": widget.window().windowTitle(),
        "reachable": _reachable(widget, place),
    }
    if isinstance(widget, QAbstractButton):
        seen["checked"] = widget.isChecked()
    if isinstance(widget, QAbstractItemView):
        seen["rows"], seen["count"] = _rows(widget)
    if isinstance(widget, QMenu):
        seen["entries"] = [
            {
                "text": action.text().replace("&&", "&"),
                "enabled": action.isEnabled(),
                "place": _on_screen(widget, widget.actionGeometry(action)),
            }
            for action in widget.actions()
            if action.isVisible() and not action.isSeparator()
        ]
    if isinstance(widget, VideoView):
        seen["picture"] = _on_screen(widget, widget.picture_rect().toAlignedRect())
        seen["faces"] = [
            {
                "track": face.track,
                "state": face.state,
                "text": face.label,
                "place": _on_screen(widget, widget.box_rect(face).toAlignedRect()),
            }
            for face in widget.faces
        ]
    return seen


def _words(widget: QWidget) -> str:
    match widget:
        case QLabel() | QLineEdit():
            return widget.text()
        case QAbstractButton():
            return widget.text().replace("&&", "&")
        case QComboBox():
            return widget.currentText()
        case QPlainTextEdit():
            return widget.toPlainText()
    return ""


def _on_screen(widget: QWidget, part: QRect) -> list[int]:
    corner = widget.mapToGlobal(part.topLeft())
    return [corner.x(), corner.y(), part.width(), part.height()]


def _reachable(widget: QWidget, place: list[int]) -> bool:
    """Whether a click in the middle of what is seen would arrive: nothing lies over it, no dialog bars it."""
    x, y, width, height = place
    there = QApplication.widgetAt(QPoint(x + width // 2, y + height // 2))
    while there is not None and there is not widget:
        there = there.parentWidget()
    popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
    bar = popup or modal
    return there is widget and (bar is None or bar is widget.window() or widget is bar)


def _rows(view: QAbstractItemView) -> tuple[list[Seen], int]:
    """The rows within the view, with the words of their cells."""
    model, port = view.model(), view.viewport().rect()
    if model is None:
        return [], 0
    rows: list[Seen] = []
    columns = [0]
    if isinstance(view, QTableView):
        columns = [column for column in range(model.columnCount()) if not view.isColumnHidden(column)]
    first = view.indexAt(QPoint(port.left() + 2, port.top() + 1))
    for row in range(max(0, first.row()), model.rowCount()):
        places = [view.visualRect(model.index(row, column)) for column in columns]
        whole = QRect()
        for place in places:
            whole = whole.united(place)
        part = whole.intersected(port)
        if part.isEmpty():
            break
        cells = []
        for column in columns:
            index = model.index(row, column)
            words = index.data(Qt.ItemDataRole.AccessibleTextRole) or index.data()
            cells.append("" if words is None else str(words))
        selected = view.selectionModel().isRowSelected(row, view.rootIndex())
        rows.append(
            {
                "row": row,
                "cells": cells,
                "places": [_on_screen(view.viewport(), place) for place in places],
                "place": _on_screen(view.viewport(), part),
                "selected": selected,
            }
        )
    return rows, model.rowCount()

"""PaperStyle: what a stylesheet cannot draw without image files (checks, radios, arrows), drawn from the tokens."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

from facekd_ui.theme.tokens import Tokens

INDICATOR = 16  # logical pixels of a check box or radio button
_On = QStyle.StateFlag.State_On
_Enabled = QStyle.StateFlag.State_Enabled
_Partly = QStyle.StateFlag.State_NoChange
_Over = QStyle.StateFlag.State_MouseOver

_ARROWS = {
    QStyle.PrimitiveElement.PE_IndicatorArrowDown: ((-4, -2), (0, 2), (4, -2)),
    QStyle.PrimitiveElement.PE_IndicatorSpinDown: ((-3, -1.5), (0, 1.5), (3, -1.5)),
    QStyle.PrimitiveElement.PE_IndicatorArrowUp: ((-4, 2), (0, -2), (4, 2)),
    QStyle.PrimitiveElement.PE_IndicatorSpinUp: ((-3, 1.5), (0, -1.5), (3, 1.5)),
    QStyle.PrimitiveElement.PE_IndicatorArrowRight: ((-2, -4), (2, 0), (-2, 4)),
    QStyle.PrimitiveElement.PE_IndicatorArrowLeft: ((2, -4), (-2, 0), (2, 4)),
    QStyle.PrimitiveElement.PE_IndicatorHeaderArrow: ((-4, -2), (0, 2), (4, -2)),
}


class PaperStyle(QProxyStyle):
    """Fusion with our own small parts. `tokens` is asked at every stroke, so a new theme needs no new style."""

    def __init__(self, tokens: Callable[[], Tokens]) -> None:
        super().__init__("Fusion")
        self._tokens = tokens

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        """Ours, or Fusion's."""
        if element in (
            QStyle.PrimitiveElement.PE_IndicatorCheckBox,
            QStyle.PrimitiveElement.PE_IndicatorItemViewItemCheck,
        ):
            self._check(option, painter)
        elif element == QStyle.PrimitiveElement.PE_IndicatorRadioButton:
            self._radio(option, painter)
        elif element == QStyle.PrimitiveElement.PE_FrameFocusRect:
            pass  # the window's FocusRing shows it, outside the widget
        elif element in _ARROWS:
            self._arrow(_ARROWS[element], option, painter)
        else:
            super().drawPrimitive(element, option, painter, widget)

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        """Sizes of our own parts."""
        if metric in (
            QStyle.PixelMetric.PM_IndicatorWidth,
            QStyle.PixelMetric.PM_IndicatorHeight,
            QStyle.PixelMetric.PM_ExclusiveIndicatorWidth,
            QStyle.PixelMetric.PM_ExclusiveIndicatorHeight,
        ):
            return INDICATOR
        if metric in (
            QStyle.PixelMetric.PM_CheckBoxLabelSpacing,
            QStyle.PixelMetric.PM_RadioButtonLabelSpacing,
        ):
            return 8
        return super().pixelMetric(metric, option, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        data: QStyleHintReturn | None = None,
    ) -> int:
        """Underlines only with Alt; tooltips after half a second; no wobble of pressed buttons."""
        if hint == QStyle.StyleHint.SH_ToolTip_WakeUpDelay:
            return 500
        if hint == QStyle.StyleHint.SH_EtchDisabledText:
            return 0
        return super().styleHint(hint, option, widget, data)

    def _colors(self, option: QStyleOption) -> tuple[QColor, QColor, QColor]:
        """Fill, line and mark of a check box or radio button."""
        tokens, state = self._tokens(), option.state
        if not state & _Enabled:
            return tokens.color("sunken"), tokens.color("border.control"), tokens.color("text.disabled")
        if state & (_On | _Partly):
            fill = tokens.color("accent.hover" if state & _Over else "accent")
            return fill, fill, tokens.color("accent.on")
        line = tokens.color("text.2" if state & _Over else "border.strong")
        return tokens.color("surface"), line, tokens.color("accent.on")

    def _check(self, option: QStyleOption, painter: QPainter) -> None:
        fill, line, mark = self._colors(option)
        box = _square(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(line, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 3.5, 3.5)
        if option.state & (_On | _Partly):
            painter.setPen(_pen(mark, 1.75))
            c = box.center()
            if option.state & _Partly:
                painter.drawLine(c + QPointF(-3.5, 0), c + QPointF(3.5, 0))
            else:
                painter.drawPolyline(
                    QPolygonF([c + QPointF(-3.6, 0.2), c + QPointF(-1.1, 2.7), c + QPointF(3.7, -2.6)])
                )
        painter.restore()

    def _radio(self, option: QStyleOption, painter: QPainter) -> None:
        fill, line, mark = self._colors(option)
        box = _square(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(line, 1))
        painter.setBrush(fill)
        painter.drawEllipse(box)
        if option.state & _On:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mark)
            painter.drawEllipse(box.center(), 3, 3)
        painter.restore()

    def _arrow(
        self, points: tuple[tuple[float, float], ...], option: QStyleOption, painter: QPainter
    ) -> None:
        color = self._tokens().color("text.2" if option.state & _Enabled else "text.disabled")
        centre = QRectF(option.rect).center()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_pen(color, 1.5))
        painter.drawPolyline(QPolygonF([centre + QPointF(x, y) for x, y in points]))
        painter.restore()


def _pen(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _square(rect: QRect) -> QRectF:
    """The indicator's outline in the middle of its place, on half pixels so that a 1 px line is sharp."""
    side = min(rect.width(), rect.height(), INDICATOR)
    left = rect.x() + (rect.width() - side) // 2
    top = rect.y() + (rect.height() - side) // 2
    return QRectF(left + 0.5, top + 0.5, side - 1, side - 1)

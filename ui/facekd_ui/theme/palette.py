"""Tokens -> QPalette: what Fusion and every widget without its own rule take their colours from."""

from PySide6.QtGui import QPalette

from facekd_ui.theme.tokens import Tokens

_ROLES = {
    QPalette.ColorRole.Window: "bg",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "surface",
    QPalette.ColorRole.AlternateBase: "surface",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "text.disabled",
    QPalette.ColorRole.Button: "surface",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "danger",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Highlight: "accent.soft",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.Light: "raised",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "border.strong",
    QPalette.ColorRole.Shadow: "border.control",
}
_DISABLED = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


def palette(tokens: Tokens) -> QPalette:
    """The whole palette; nothing is left to the platform's theme."""
    result = QPalette()
    for role, name in _ROLES.items():
        result.setColor(role, tokens.color(name))
    for role in _DISABLED:
        result.setColor(QPalette.ColorGroup.Disabled, role, tokens.color("text.disabled"))
    result.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Base, tokens.color("sunken"))
    result.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Button, tokens.color("sunken"))
    return result

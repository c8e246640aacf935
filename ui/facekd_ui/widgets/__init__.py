"""The parts that pages are made of. `python -m facekd_ui.widgets.gallery` shows all of them.

Every widget takes its texts as `T("...")` (see `facekd_ui.i18n`) and its colours from the theme, has a size hint, an
accessible name and a way by keyboard. Look here before writing one: labels, buttons, choices, fields, badges, faces,
cards, banners, busy, toasts, sheets, menus, video, chart.
"""

"""Languages: English in the code, others beside it, switched while the program runs.

Read `text` (no Qt: what a string in the code looks like, catalogues, plurals), then `formats` (numbers, dates,
durations), then `language` (tells open widgets that the language changed).

A string for people is `T("Delete {name}?", name=...)` or `Tn("{n} person", "{n} people", n)`. The Chinese lies in
`i18n/zh_CN/*.toml`, one file per part of the window: `"Cancel" = "取消"`. A test fails when a string
of the code has no Chinese, when a placeholder is lost, or when a translation is left over.
"""

from facekd_ui.i18n.text import LANGUAGES, T, Text, Tn, current_language, set_catalogue, translate

__all__ = ["LANGUAGES", "T", "Text", "Tn", "current_language", "set_catalogue", "translate"]

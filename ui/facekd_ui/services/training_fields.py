"""The fields of the form, read from what the trainer says of itself (`describe`): label, range, meaning, and the check.

Nothing here knows a method by name. Whoever adds one to the trainer finds it in the form.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_words import choice_word, field_help, field_label

Kind = Literal["integer", "number", "boolean", "text", "choice", "list"]
Value = bool | int | float | str | list[Any] | None

IMPORTANT = 6
SHOWN_APART = {
    "data": frozenset({"kind", "train", "task", "validation", "cache"}),
    "teacher": frozenset({"kind", "path", "stages"}),
    "budget": frozenset({"device"}),
}
"""Fields that have a place of their own in the form."""
BEFORE_ALL = (("budget", "epochs"), ("budget", "batch_size"), ("budget", "learning_rate"))
LESS_TELLING = frozenset({"margin", "margin_size", "scale", "start_at_centres", "shared_centres", "gather"})
"""What every method has; none of the six that matter."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a value, and a value that would do."""

    text: Text
    instead: Value = None  # None: nothing can be offered


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a section of the configuration."""

    section: str
    key: str
    kind: Kind
    default: Value
    low: float | None = None
    high: float | None = None
    open_low: bool = False  # the bound itself is not allowed
    open_high: bool = False
    choices: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()  # of the choices: depths are numbers
    optional: bool = False  # may be left to the trainer
    help: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Section and key."""
        return self.section, self.key

    @property
    def label(self) -> Text | str:
        """What it is called."""
        return field_label(self.key)

    @property
    def meaning(self) -> Text | str:
        """One sentence."""
        return field_help(self.help)

    def options(self) -> dict[str, Text | str]:
        """Of a choice: value -> word."""
        return {value: choice_word(value) for value in self.choices}

    def range(self) -> Text | str:
        """ "1 to 1,000", "above 0", "5 choices"."""
        if self.kind == "choice":
            return T("{n} choices", n=len(self.choices))
        if self.kind not in ("integer", "number"):
            return ""
        low, high = self.low, self.high
        shown = _large
        if low is not None and high is not None:
            if self.open_low:
                return T("above {low}, to {high}", low=shown(low), high=shown(high))
            if self.open_high:
                return T("{low} to below {high}", low=shown(low), high=shown(high))
            return T("{low} to {high}", low=shown(low), high=shown(high))
        if low is not None:
            return T("above {low}", low=shown(low)) if self.open_low else T("from {low}", low=shown(low))
        return T("up to {high}", high=shown(high)) if high is not None else T("any number")

    def parse(self, words: str) -> Value | Problem:
        """The value of what was typed, or what is wrong with it. Comma and point both part decimals."""
        words = words.strip()
        if not words and self.optional:
            return None
        if self.kind == "integer":
            return self._integer(words)
        if self.kind == "number":
            return self._number(words)
        if self.kind == "list":
            return self._list(words)
        if self.kind == "choice":
            if words not in self.choices:
                return Problem(T("Expected one of the choices"), self.default)
            return self.values[self.choices.index(words)]
        return words

    def check(self, value: Value) -> Problem | None:
        """What is wrong with a value of the right type."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if self.low is not None and (value < self.low or (self.open_low and value == self.low)):
            return Problem(
                self._words_too_low(), self._nearest(self.low, 1) if self.open_low else self._own(self.low)
            )
        if self.high is not None and (value > self.high or (self.open_high and value == self.high)):
            instead = self._nearest(self.high, -1) if self.open_high else self._own(self.high)
            return Problem(
                T("Expected less than {high}", high=shown(self.high))
                if self.open_high
                else T("Expected at most {high}", high=shown(self.high)),
                instead,
            )
        return None

    def _words_too_low(self) -> Text:
        assert self.low is not None
        if self.open_low:
            return T("Expected more than {low}", low=shown(self.low))
        return T("Expected at least {low}", low=shown(self.low))

    def _nearest(self, bound: float, direction: int) -> Value:
        """The default: beyond an open bound no value is the natural one."""
        del bound, direction
        return self.default

    def _own(self, value: float) -> Value:
        return int(value) if self.kind == "integer" else float(value)

    def _integer(self, words: str) -> Value | Problem:
        plain = words.replace(",", "").replace(" ", "")
        try:
            value = int(plain)
        except ValueError:
            number = _float(words)
            instead = round(number) if number is not None and math.isfinite(number) else self.default
            return Problem(T("Expected a whole number"), instead)
        return self.check(value) or value

    def _number(self, words: str) -> Value | Problem:
        value = _float(words)
        if value is None or not math.isfinite(value):
            return Problem(T("Expected a number"), self.default)
        return self.check(value) or value

    def _list(self, words: str) -> Value | Problem:
        parts = [part.strip() for part in words.replace(";", ",").split(",") if part.strip()]
        if not (isinstance(self.default, list) and all(isinstance(one, int | float) for one in self.default)):
            return list(parts)
        numbers = [_float(part) for part in parts]
        good = [number for number in numbers if number is not None and self.check(number) is None]
        if len(good) < len(parts):
            return Problem(T("Expected numbers in their range, with commas between them"), self.default)
        return list(good)


def shown(value: Value) -> str:
    """A value as it stands in a field: 60, 0.0002, 1e-05, "0.3, 0.6"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(shown(one) for one in value)
    if isinstance(value, float):
        return f"{value:g}" if not value.is_integer() or abs(value) >= 1e6 else f"{value:.0f}"
    return str(value)


def _large(value: float) -> str:
    """A bound with thousands separators: 100,000."""
    return f"{value:,.0f}" if float(value).is_integer() else shown(value)


def fields_of(section: str, schema: Mapping[str, Any], defaults: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
    """The fields of a section that a form can show, in the trainer's order.

    Args:
        section: of the configuration.
        schema: JSON Schema of its dataclass.
        defaults: key -> value that stands when nobody says anything; otherwise the schema's.
    """
    apart = SHOWN_APART.get(section, frozenset())
    found = []
    for key, property_ in schema.get("properties", {}).items():
        if key in apart:
            continue
        spec = _field(
            section, key, property_, schema.get("$defs", {}), defaults.get(key, property_.get("default"))
        )
        if spec is not None:
            found.append(spec)
    return tuple(found)


def important(budget: Sequence[FieldSpec], method: Sequence[FieldSpec]) -> tuple[FieldSpec, ...]:
    """The six that matter: how long and how fast, then the method's own, those that are in use first."""
    first = [spec for place in BEFORE_ALL for spec in budget if spec.place == place]
    own = [spec for spec in method if spec.key not in LESS_TELLING]
    used = [spec for spec in own if _in_use(spec)]
    rest = [spec for spec in own if not _in_use(spec)]
    return tuple([*first, *used, *rest][:IMPORTANT])


def _in_use(spec: FieldSpec) -> bool:
    """A weight or a choice of the method that does something as it stands."""
    return (
        spec.kind == "number" and spec.key.endswith("weight") and bool(spec.default)
    ) or spec.kind == "choice"


def _field(
    section: str, key: str, property_: Mapping[str, Any], parts: Mapping[str, Any], default: Any
) -> FieldSpec | None:
    help_ = str(property_.get("description", ""))
    options = [_resolved(one, parts) for one in property_.get("anyOf", (property_,))]
    optional = any(one.get("type") == "null" for one in options)
    first = next((one for one in options if one.get("type") != "null"), {})
    common: dict[str, Any] = {
        "section": section,
        "key": key,
        "optional": optional,
        "help": help_ or str(first.get("description", "")),
    }
    if "enum" in first:
        values = tuple(first["enum"])
        return FieldSpec(
            kind="choice", default=default, choices=tuple(map(str, values)), values=values, **common
        )
    kind = {
        "integer": "integer",
        "number": "number",
        "boolean": "boolean",
        "string": "text",
        "array": "list",
    }.get(str(first.get("type")))
    if kind is None:
        return None
    bounds = first.get("items", {}) if kind == "list" else first
    low, high = bounds.get("minimum"), bounds.get("maximum")
    open_low, open_high = bounds.get("exclusiveMinimum"), bounds.get("exclusiveMaximum")
    return FieldSpec(
        kind=kind,  # type: ignore[arg-type]  # one of the values above
        default=list(default) if isinstance(default, list | tuple) else default,
        low=low if open_low is None else open_low,
        high=high if open_high is None else open_high,
        open_low=open_low is not None,
        open_high=open_high is not None,
        **common,
    )


def _resolved(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    found = parts.get(str(reference).rsplit("/", 1)[-1], schema) if reference else schema
    return found if isinstance(found, Mapping) else {}


def _float(words: str) -> float | None:
    plain = words.replace(" ", "")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        return float(plain.replace(",", ""))
    except ValueError:
        return None


def said(problem: Exception) -> Text:
    """A refusal of the trainer as a sentence."""
    return relayed(problem)

"""Tables to frozen dataclasses or structs and back, with messages that name the nearest key and the range.

msgspec checks types and bounds; what it does not do stands here: an unknown key names its nearest neighbour, a wrong
value is shown with everything that its field allows, and TOML is written.
"""

import dataclasses
import difflib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from facekd.errors import InputError

Record = inspect.DataclassType | inspect.StructType
"""What has a fixed set of keys."""


class ConfigError(InputError):
    """A configuration is incomplete, misspelt or out of range."""


def decode(table: Mapping[str, Any], kind: Any, where: str) -> Any:
    """An instance of the record `kind` from a table.

    Args:
        table: parsed TOML or JSON.
        kind: a frozen dataclass or struct, possibly of others, with `msgspec.Meta` beside its fields.
        where: what messages start with, such as the file's name or `[method]`.

    Raises:
        ConfigError: an unknown key, a missing key, or a wrong value.
    """
    _refuse_unknown(table, inspect.type_info(kind), where, "")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {_explained(str(error), table, kind)}") from error


def range_of(kind: Any) -> str:
    """What a field of this type allows, in words, for example `an integer from 1 to 100`."""
    return _range(inspect.type_info(kind))


def parse_value(text: str) -> Any:
    """A TOML value, or the text itself when it is none (so that `device=cpu` needs no quotes)."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def toml_text(table: Mapping[str, Any], header: str = "") -> str:
    """A table as TOML: values first, then one section each for inner tables. None is left out."""
    lines = [f"# {line}" for line in header.splitlines()]
    sections = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines += [f"{_key(k)} = {_value(v)}" for k, v in table.items() if k not in sections and v is not None]
    for name, section in sections.items():
        lines += ["", f"[{_key(name)}]"]
        lines += [f"{_key(key)} = {_value(value)}" for key, value in section.items() if value is not None]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _string(key)


def _string(text: str) -> str:
    """JSON's escapes are TOML's, except that TOML also wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)  # inf, nan and 1e-05 are TOML too
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no TOML form")


def _bare(info: inspect.Type) -> inspect.Type:
    while isinstance(info, inspect.Metadata):
        info = info.type
    return info


def _members(info: inspect.Type) -> tuple[inspect.Type, ...]:
    info = _bare(info)
    return tuple(map(_bare, info.types)) if isinstance(info, inspect.UnionType) else (info,)


def _record_in(info: inspect.Type) -> Record | None:
    return next((one for one in _members(info) if isinstance(one, Record)), None)


def _inner(info: inspect.Type) -> inspect.Type | None:
    """The type of what a list or a table of free keys holds."""
    for one in _members(info):
        if isinstance(one, inspect.DictType):
            return one.value_type
        if isinstance(one, inspect.VarTupleType | inspect.ListType):
            return one.item_type
    return None


def _refuse_unknown(table: Any, info: inspect.Type, where: str, section: str) -> None:
    found = _record_in(info)
    if found is None or not isinstance(table, Mapping):
        if (inner := _inner(info)) is not None and isinstance(table, Mapping | list | tuple):
            items = table.items() if isinstance(table, Mapping) else enumerate(table)
            for key, value in items:
                _refuse_unknown(value, inner, where, f"{section}.{key}")
        return
    fields = {one.encode_name: one.type for one in found.fields}
    place = f" in [{section}]" if section else ""
    for key, value in table.items():
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, n=1, cutoff=0.5)
            hint = (
                f"did you mean `{near[0]}`?" if near else f"known are {', '.join(sorted(fields)) or 'none'}"
            )
            raise ConfigError(f"{where}: unknown key `{key}`{place}; {hint}")
        _refuse_unknown(value, fields[key], where, f"{section}.{key}" if section else str(key))


def _explained(error: str, table: Any, kind: Any) -> str:
    """msgspec's message with the whole range of the field and the value that came."""
    missing = re.match(r"Object missing required field `(\w+)`(?: - at `\$\.?(.*)`)?", error)
    if missing:
        place = f" in [{missing[2]}]" if missing[2] else ""
        return f"expected a key `{missing[1]}`{place}, got none; add it"
    match = re.match(r"(.*) - at `\$\.?(.*)`$", error, re.DOTALL)
    if not match:
        return error
    path, info, value = match[2], inspect.type_info(kind), table
    for part in re.findall(r"\w+|\[[^\]]*\]", path):
        if part.startswith("["):
            inner = _inner(info)
            if inner is None or not part[1:-1].isdecimal():  # msgspec names no free key
                break
            info, value = inner, value[int(part[1:-1])]
            continue
        found = _record_in(info)
        if found is None:
            break
        info = next((one.type for one in found.fields if one.encode_name == part), info)
        value = value.get(part) if isinstance(value, Mapping) else value
    return f"`{path}`: expected {_range(info)}, got {value!r}"


def _range(info: inspect.Type) -> str:
    info = _bare(info)
    if isinstance(info, inspect.UnionType):
        words = [_range(one) for one in info.types if not isinstance(_bare(one), inspect.NoneType)]
        return " or ".join(words)
    if isinstance(info, inspect.IntType | inspect.FloatType):
        name = "an integer" if isinstance(info, inspect.IntType) else "a number"
        low, high = (info.ge, "from"), (info.le, "to")
        if info.gt is not None:
            low = (info.gt, "above")
        if info.lt is not None:
            high = (info.lt, "below")
        bounds = " ".join(f"{word} {bound:g}" for bound, word in (low, high) if bound is not None)
        return f"{name} {bounds}".strip()
    if isinstance(info, inspect.LiteralType):
        return "one of " + ", ".join(repr(value) for value in info.values)
    if isinstance(info, inspect.StrType):
        return f"text like {info.pattern}" if info.pattern else "text"
    if isinstance(info, inspect.BoolType):
        return "true or false"
    if isinstance(info, inspect.VarTupleType | inspect.ListType):
        least = f" of at least {info.min_length}" if info.min_length else ""
        return f"a list{least}, each {_range(info.item_type)}"
    if isinstance(info, inspect.TupleType):
        return "[" + ", ".join(map(_range, info.item_types)) + "]"
    if isinstance(info, Record):
        return f"a table of {', '.join(one.encode_name for one in info.fields)}"
    if isinstance(info, inspect.DictType):
        return f"a table, each value {_range(info.value_type)}"
    return str(dataclasses.asdict(info)) if dataclasses.is_dataclass(info) else type(info).__name__

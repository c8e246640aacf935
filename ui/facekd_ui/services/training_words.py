"""Words for what the trainer deals in: terms of the loss, methods, fields of the form. No Qt.

The trainer describes itself in English (`describe`). What is listed here is said in the language of the window; a
method, field or term that is not listed yet is said as the trainer says it, so that a new one needs no change here.
"""

from collections.abc import Mapping
from typing import Any

from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_labels import CHOICES, HELP, LABELS

TERMS: dict[str, Text] = {
    "task": T("Cross-entropy"),
    "kd": T("Teacher's answers"),
    "selective": T("Selective KD"),
    "channel": T("Channels"),
    "distance": T("Relation, distance"),
    "angle": T("Relation, angle"),
    "correlation": T("Channel correlations"),
    "embedding": T("Cosine"),
    "embedding_distance": T("Embeddings, distance"),
    "embedding_angle": T("Embeddings, angle"),
    "branch": T("Labels in branches"),
    "response": T("Responses"),
    "review": T("Self-reflection"),
    "centres": T("Class centres"),
    "guided": T("Guided answers"),
    "dkd": T("Decoupled answers"),
}
"""Names of losses; a number at the end is a stage."""


METHODS: dict[str, Text] = {
    "plain": T("No teacher"),
    "embedding_cosine": T("Cosine only"),
    "fixed_centres": T("Fixed class centres"),
}
"""Methods whose title is English; the others are called the same everywhere."""

TITLES = {
    "adaptive_centres": "AdaDistill",
    "ccskd": "CCSKD",
    "cd_gkd_edt": "CD+GKD+EDT",
    "dkd": "DKD",
    "kd": "KD (Hinton)",
    "mskd_ssr": "MSKD-SSR",
    "rkd": "RKD",
}
METHOD_HELP: dict[str, Text] = {
    "ccskd": T("Channels and their relations; trusts the teacher less where it is wrong."),
    "mskd_ssr": T("Stage by stage, then the student reflects on its own answers."),
}
NETWORKS: dict[str, Text] = {
    "desktop": T("FaceKD desktop"),
    "iresnet": T("IResNet"),
    "mobilefacenet": T("MobileFaceNet"),
    "cifar_resnet": T("ResNet, small pictures"),
    "wide_resnet": T("Wide ResNet, small pictures"),
    "mobilenet": T("MobileNetV2, small pictures"),
    "resnet": T("ResNet-18 and 34, small pictures"),
}


def method_word(name: str, title: str = "") -> Text | str:
    """A method as people read it; a new one by the title that the trainer gives it."""
    return METHODS.get(name) or TITLES.get(name) or title or plain(name)


def network_word(name: str, fields: Mapping[str, Any] | None = None) -> Text | str:
    """A network, and its size where it has a name for it."""
    word = NETWORKS.get(name) or plain(name)
    size = (fields or {}).get("size")
    return T("{network} {size}", network=word, size=choice_word(size)) if isinstance(size, str) else word


def field_label(key: str) -> Text | str:
    """A field as people read it."""
    return LABELS.get(key) or plain(key)


def field_help(help_: str) -> Text | str:
    """The meaning of a field; the trainer's own English where it is not listed."""
    sentence = help_[:1].upper() + help_[1:]
    return HELP.get(sentence) or sentence


def choice_word(value: str) -> Text | str:
    """An option of a choice."""
    return CHOICES.get(value) or value.replace("_", " ")


def term_word(name: str) -> Text | str:
    """A loss as people read it."""
    return TERMS.get(name) or plain(name)


def plain(name: str) -> str:
    """ "angle_rows" -> "Angle rows"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]

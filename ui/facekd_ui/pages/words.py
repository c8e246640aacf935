"""Words that several pages use: what each role is for, where networks run."""

from facekd_db.records import Role
from facekd_ui.i18n.text import T, Text

ROLE_HELP: dict[Role, Text] = {
    Role.OPERATOR: T("Watches, enrols people, corrects wrong names."),
    Role.ADMINISTRATOR: T("Answers for the data: accounts, shared settings, erasing."),
    Role.ENGINEER: T("Answers for the recognition; changes nobody's data."),
    Role.AUDITOR: T("Reads what was recorded; changes nothing."),
}

_DEVICES = {"CPUExecutionProvider": "CPU", "CUDAExecutionProvider": "GPU (CUDA)"}


def device_words(provider: str) -> Text:
    """Where the networks really run, as ONNX Runtime calls it -> "CPU · ONNX Runtime"."""
    name = _DEVICES.get(provider, provider.removesuffix("ExecutionProvider"))
    return T("{device} · ONNX Runtime", device=name)

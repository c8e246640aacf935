"""What this package raises on purpose. Each message says what was expected, what came, and what to do."""


class FacekdError(Exception):
    """Base of every expected failure; its message is meant for the person at the keyboard."""

    exit_status = 1


class InputError(FacekdError):
    """A file or folder that was handed in cannot be used: missing, broken, too large, of the wrong kind."""

    exit_status = 2


class ImageError(InputError):
    """A picture cannot be read."""


class CameraError(InputError):
    """A camera, stream or video cannot be opened, or stopped answering for good."""


class ModelFileError(InputError):
    """A model file is missing, damaged, without its card, or not what its card says."""


class ModelMismatch(FacekdError):
    """Embeddings of two different models were about to be compared."""


class ProviderError(InputError):
    """The execution provider that was asked for is not available on this machine."""

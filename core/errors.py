"""One error root. A message says what happened and what the reader can do about it."""


class RondaError(Exception):
    """Root of every error that Ronda raises on purpose."""


class DecodeError(RondaError):
    """A payload or a log entry cannot be read; `reason` comes from a closed list."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class ConfigError(RondaError):
    """A setting or a configuration version is wrong; the message names it and the remedy."""


class LeaseLostError(RondaError):
    """Another owner holds this stage's lease; nothing of the refused commit was written."""


class ConflictError(RondaError):
    """A write met a newer state (HTTP 409); read again and decide again."""


class UnavailableError(RondaError, ConnectionError):
    """A server that we need does not answer or cannot write now; nothing is wrong with the request: try again."""

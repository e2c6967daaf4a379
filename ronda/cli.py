"""The command `ronda`. Each command lives in `ronda/commands/`; it is imported when called, so `--help` is quick."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from core.errors import ConfigError, RondaError
from ronda import guard
from ronda.arguments import parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 1 for a failure, 2 for wrong usage."""
    try:
        guard.check()
        args = parser().parse_args(argv)
        return int(importlib.import_module(args.module).run(args) or 0)
    except ConfigError as error:
        return _say(error, 2)
    except RondaError as error:
        return _say(error, 1)
    except BrokenPipeError:  # `ronda detect … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _say(error: Exception, code: int) -> int:
    sys.stderr.write(f"ronda: {' '.join(str(error).split())}\n")
    return code

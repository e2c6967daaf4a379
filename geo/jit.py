"""One source, two speeds: kernels are plain scalar Python that numba compiles where it has a wheel.

No fastmath, no fused or reordered arithmetic and no library transcendental in a kernel: compiled and interpreted
results are equal bit for bit (law 5).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

try:
    numba: Any = import_module("numba")
except ImportError:  # no wheel for this interpreter: the same source, slower
    numba = None

COMPILED: Final = numba is not None
SOURCES: Final = ("jit.py", "plane.py", "layout.py", "dwell.py", "rewind.py")


def cache_folder() -> Path | None:
    """Where compiled kernels are kept: beside the source, else in the user's cache, else nowhere.

    It is named after all kernel sources: numba itself looks only at the file of each function, and would go on using a
    helper as it was inlined before.
    """
    here = Path(__file__).parent
    name = "kernel-" + blake2b(b"".join((here / s).read_bytes() for s in SOURCES), digest_size=8).hexdigest()
    for base in (here / "__pycache__", Path("~/.cache/ronda").expanduser()):
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


CACHE: Final = cache_folder() if COMPILED else None
if CACHE:
    numba.config.CACHE_DIR = str(CACHE)


def jit(function: F) -> F:
    """Compile `function` on first use, without the GIL; the identity where numba is absent."""
    if not COMPILED:
        return function
    compiled: Any = numba.njit(nogil=True, cache=CACHE is not None)(function)
    return cast("F", compiled)


def interpreted(*modules: ModuleType) -> dict[str, Any]:
    """The kernels of `modules` by name as plain Python functions that call each other, never compiled code."""
    namespace: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            plain = getattr(value, "py_func", None)
            namespace[name] = FunctionType(plain.__code__, namespace, name, plain.__defaults__) if plain else value
    return namespace

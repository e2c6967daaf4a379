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

COMPILED: Final = numba is not None and not numba.config.DISABLE_JIT  # NUMBA_DISABLE_JIT=1: step through the source
SOURCES: Final = (
    "jit.py",
    "plane.py",
    "layout.py",
    "fences.py",
    "lanes.py",
    "dwell.py",
    "tracklayout.py",
    "saying.py",
    "contacts.py",
    "odometer.py",
    "trips.py",
    "visits.py",
    "passes.py",
    "track.py",
    "timers.py",
    "rewind.py",
)


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
    """Compile `function` on first use, without the GIL; the identity where numba is absent or switched off.

    Without numba's runtime (`_nrt`) no references are counted, which took nine tenths of the time; so a kernel cannot
    make an array, nor copy into a slice: it writes cell by cell into what it was given.
    """
    if not COMPILED:
        return function
    return cast("F", compile_later(function))


def inlined(function: F) -> F:
    """`jit`, but set into its callers: for a kernel that takes a world or a track.

    Their hundred pointers are copied at each call (60 ns), and LLVM seldom inlines by itself what has a loop.
    """
    if not COMPILED:
        return function
    return cast("F", compile_later(function, forceinline=True))


def bare(value: Any) -> Any:
    """Tuples without names, all the way down: numba asks Python for the type of a named one at each call (1 us)."""
    return tuple(map(bare, value)) if isinstance(value, tuple) else value


def compile_later(function: Any, **options: Any) -> Any:
    """A kernel, compiled once for each set of types. numba would do it anew for each constant that stands in a call."""
    common = {"nogil": True, "cache": CACHE is not None, "error_model": "numpy", "_nrt": False}
    compiled = numba.njit(**common, **options)(function)
    ask, plain = compiled.get_call_template, numba.types.unliteral
    compiled.get_call_template = lambda args, kws: ask([plain(a) for a in args], {n: plain(a) for n, a in kws.items()})
    return compiled


def interpreted(*modules: ModuleType) -> dict[str, Any]:
    """The kernels of `modules` by name as plain Python functions that call each other, never compiled code."""
    namespace: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            plain = getattr(value, "py_func", None)
            namespace[name] = FunctionType(plain.__code__, namespace, name, plain.__defaults__) if plain else value
    return namespace

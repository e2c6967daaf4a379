"""One source, two speeds: kernels are plain scalar Python that numba compiles where it has a wheel.

No fastmath, no fused or reordered arithmetic and no library transcendental in a kernel: compiled and interpreted
results are equal bit for bit (law 5).
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

try:
    from numba import njit as _njit
except ImportError:  # no wheel for this interpreter: the same source, slower
    _njit = None  # type: ignore[assignment]

COMPILED = _njit is not None


def jit(function: F) -> F:
    """Compile `function` on first use, without the GIL; the identity where numba is absent."""
    if _njit is None:
        return function
    compiled: Any = _njit(nogil=True, cache=True)(function)
    return cast("F", compiled)


def interpreted(*modules: ModuleType) -> dict[str, Any]:
    """The kernels of `modules` by name as plain Python functions that call each other, never compiled code."""
    namespace: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            plain = getattr(value, "py_func", None)
            namespace[name] = FunctionType(plain.__code__, namespace, name, plain.__defaults__) if plain else value
    return namespace

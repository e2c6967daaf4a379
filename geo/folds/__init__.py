"""Kernels: what advances fix by fix, compiled, over plain arrays."""

"""Size budgets over all rooms: a reader meets no god file and no endless function."""

import statistics

import pytest

from tests.architecture.source import ROOT, functions, modules

MODULE_LINES = 400
MODULE_MEDIAN = 150
BODY_LINES = 60
BODY_P90 = 25


def line_counts():
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}


def test_no_module_is_longer_than_its_stop():
    """A module of more than 400 lines holds two ideas: split it."""
    assert {name: n for name, n in line_counts().items() if n > MODULE_LINES} == {}


def test_the_usual_module_is_short():
    """Half of the modules have at most 150 lines."""
    assert statistics.median(line_counts().values()) <= MODULE_MEDIAN


def test_no_function_is_longer_than_its_stop():
    """A body of more than 60 lines does several things: name them."""
    assert [f for path in modules() for f in functions(path) if f.lines > BODY_LINES] == []


def test_nine_functions_of_ten_fit_a_glance():
    """The ninth decile of body lengths is at most 25 lines."""
    lengths = [f.lines for path in modules() for f in functions(path)]
    assert statistics.quantiles(lengths, n=10)[-1] <= BODY_P90


@pytest.mark.parametrize(
    "code", ["def f():\n" + "    x = 1\n" * 61, "async def f():\n    '''Doc.'''\n" + "    x = 1\n" * 61]
)
def test_the_measure_sees_a_long_function(code, tmp_path, monkeypatch):
    """The measure counts the body, not the docstring."""
    monkeypatch.setattr("tests.architecture.source.ROOT", tmp_path)
    (tmp_path / "long.py").write_text(code)
    assert [f.lines for f in functions(tmp_path / "long.py")] == [61]

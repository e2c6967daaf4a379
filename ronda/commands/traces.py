"""What `detect` and `publish` share: the files named on the command line, as fixes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.fixes import Fixes
from ingest.files import Trace, parse_columns, read_trace


def read_traces(args: argparse.Namespace) -> dict[str, Trace]:
    """Each file as it was read, in the order named."""
    columns = parse_columns(args.columns) if args.columns else None
    return {file: read_trace(Path(file), columns) for file in args.files}


def in_order(traces: Mapping[str, Trace]) -> Fixes:
    """All fixes in order of time; equal times stay in the order of the files."""
    fixes = Fixes.concat([trace.fixes for trace in traces.values()])
    return fixes.take(np.argsort(fixes.time_us, kind="stable")) if len(fixes) else fixes

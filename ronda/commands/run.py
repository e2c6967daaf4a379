"""`ronda run STAGE`."""

from __future__ import annotations

import argparse

from ronda import logs
from ronda.collector import calm_collector
from ronda.commands.common import settings_of
from ronda.descriptors import raise_limit
from ronda.up import run_one, until_signal


def run(args: argparse.Namespace) -> int:
    logs.set_up(args.log_level)
    calm_collector()
    raise_limit()
    return until_signal(run_one(settings_of(args), args.stage))

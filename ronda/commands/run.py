"""`ronda run STAGE`."""

from __future__ import annotations

import argparse

from ronda import logs
from ronda.collector import calm_collector
from ronda.commands.common import settings_of
from ronda.up import run_one, until_signal


def run(args: argparse.Namespace) -> int:
    logs.set_up(args.log_level)
    calm_collector()
    return until_signal(run_one(settings_of(args), args.stage))

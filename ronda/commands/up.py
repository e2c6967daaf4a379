"""`ronda up`."""

from __future__ import annotations

import argparse

from ronda import logs
from ronda.collector import calm_collector
from ronda.commands.common import settings_of
from ronda.descriptors import raise_limit
from ronda.links import announce
from ronda.up import Stages, all_stages, until_signal, up


def run(args: argparse.Namespace) -> int:
    logs.set_up(args.log_level)
    calm_collector()
    raise_limit()
    changes = {"http_host": args.host, "http_port": args.port}
    if args.demo:
        changes |= {"demo": True, "auto_register": True}
    settings = settings_of(args, **changes)
    return until_signal(up(settings, all_stages(), beside=_beside(demo=settings.demo)))


def _beside(*, demo: bool) -> Stages:
    if not demo:
        return {"links": announce}
    from ronda.demo import demo as run_demo

    return {"demo": run_demo}

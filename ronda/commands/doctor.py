"""`ronda doctor`."""

from __future__ import annotations

import argparse
import asyncio
import sys

from ronda.commands.common import settings_of
from ronda.doctor import Finding, examine
from ronda.system import SystemClock


def run(args: argparse.Namespace) -> int:
    findings = asyncio.run(examine(settings_of(args), SystemClock()))
    sys.stdout.write(table(findings))
    wrong = sum(finding.verdict == "wrong" for finding in findings)
    sys.stdout.write(f"{wrong} wrong.\n" if wrong else "All is well.\n")
    return 1 if wrong else 0


def table(findings: list[Finding]) -> str:
    """One line a finding, the advice below it when there is one."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.verdict:<6} {finding.part:<12} {' '.join(finding.text.split())}")
        if finding.advice and finding.verdict != "ok":
            lines.append(f"{'':<19} → {' '.join(finding.advice.split())}")
    return "\n".join(lines) + "\n"

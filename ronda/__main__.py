"""`python -m ronda` is the command `ronda`."""

from ronda.cli import main

raise SystemExit(main())

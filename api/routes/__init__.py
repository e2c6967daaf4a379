"""One router per family of paths; `api.app` lists them in order."""

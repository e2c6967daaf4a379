"""Composition: the only room that knows every other one. Command line, settings, embedded servers, stages."""

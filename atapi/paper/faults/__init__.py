"""Faults on request: answers, streams, clock and rules that misbehave as a script says; nothing costs where none is set."""

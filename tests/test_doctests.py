"""The worked examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import atapi.domain
import atapi.execution
import atapi.services

PACKAGES = (atapi.domain, atapi.execution, atapi.services)
MODULES = [f"{p.__name__}.{m.name}" for p in PACKAGES for m in pkgutil.iter_modules(p.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_worked_examples_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))

    assert failed == 0

"""The front door is a list: what it names is there, and no name hides a module."""

import importlib
import pkgutil

import pytest

import harness


@pytest.mark.parametrize(
    "name", [name for name in harness.__all__ if "Locust" not in name and name != "ReplayUser"]
)
def test_a_public_name_is_importable(name):
    assert getattr(harness, name) is not None


def test_no_public_name_equals_a_modules_name():
    modules = {module.name for module in pkgutil.iter_modules(harness.__path__)}
    assert not modules & set(harness.__all__)


def test_every_public_name_has_a_home_and_nothing_else_has():
    assert set(harness._HOMES) == set(harness.__all__)
    for name, home in harness._HOMES.items():
        if home not in ("harness.engine.users", "harness.under_locust"):
            assert hasattr(importlib.import_module(home), name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = harness.nonsense

"""A browser, a run played for it, and a server between them."""

from __future__ import annotations

import pytest

from tests.experiments.dash.browser import Browser
from tests.experiments.dash.stage import Played
from tests.experiments.dash.watchers import serving


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("browser")) as chrome:
        yield chrome


@pytest.fixture
def browser(chrome):
    yield chrome
    chrome.clear()


@pytest.fixture
def played(tmp_path):
    run = Played(tmp_path)
    with run.folder.claimed():
        yield run


@pytest.fixture
def gate(played):
    with serving(played.folder) as gate:
        yield gate

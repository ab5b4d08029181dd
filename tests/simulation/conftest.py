"""One coarse cell for all, so that its programs are compiled once."""

import pytest

import cellsim


@pytest.fixture(scope="session")
def cell():
    return cellsim.load_cell("Chen2020")


@pytest.fixture(scope="session")
def mesh():
    return cellsim.Mesh(6, 3, 5, 5)


@pytest.fixture(scope="session")
def model(cell, mesh):
    return cellsim.DFN(cell, mesh)

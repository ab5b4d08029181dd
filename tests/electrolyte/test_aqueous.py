"""Ions in water at infinite dilution."""

import csv
from pathlib import Path

import jax
import numpy as np
import pytest

from cellsim.constants import T_ROOM, F, R
from cellsim.electrolyte import aqueous
from cellsim.registry import UnknownName

TABLE = Path(__file__).resolve().parents[3] / "shared/data/electrolytes/aqueous_ions_25C_infinite_dilution.csv"
# Diffusivities [1e-9 m2/s] that the same handbook lists beside the conductivities
LISTED = {"Li+": 1.029, "K+": 1.957, "H+": 9.311, "Mg2+": 0.706, "La3+": 0.619, "OH-": 5.273, "SO42-": 1.065}


@pytest.mark.parametrize("name", LISTED)
def test_nernst_einstein_turns_the_conductivity_of_an_ion_into_its_listed_diffusivity(name):
    ion = aqueous.ion(name)
    assert float(ion.D) == pytest.approx(R * T_ROOM * float(ion.conductivity) / (abs(ion.z) * F**2), rel=1e-14)
    assert float(ion.D) == pytest.approx(1e-9 * LISTED[name], rel=6e-4)


def test_every_ion_of_the_reference_table_is_there_with_its_values():
    if not TABLE.exists():
        pytest.skip("the reference table is not beside this checkout")
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 15
    for row in rows:
        ion = aqueous.ion(row["ion"])
        assert abs(ion.z) == int(row["abs_z"])
        assert float(ion.conductivity) == pytest.approx(1e-4 * float(row["lambda0_1e-4_m2_S_per_equiv"]), rel=1e-12)
        assert float(ion.D) == pytest.approx(1e-9 * float(row["D_from_lambda_1e-9_m2_s"]), rel=5e-5)


@pytest.mark.parametrize(
    ("cation", "anion", "stoichiometry"),
    [
        ("K+", "Cl-", (1, 1)),
        ("Ca2+", "Cl-", (1, 2)),
        ("Li+", "SO42-", (2, 1)),
        ("Mg2+", "SO42-", (1, 1)),
        ("La3+", "SO42-", (2, 3)),
    ],
)
def test_a_salt_of_any_charges_conducts_and_diffuses_as_its_ions_do(cation, anion, stoichiometry):
    plus, minus = aqueous.ion(cation), aqueous.ion(anion)
    salt = aqueous.salt(plus, minus)
    nu_plus, nu_minus = stoichiometry
    assert (salt.salt.z_plus, salt.salt.nu_plus, salt.salt.nu_minus) == (plus.z, nu_plus, nu_minus)
    assert salt.salt.equivalents == -minus.z * nu_minus  # neutral
    c = 0.5
    D_plus, D_minus = float(plus.D), float(minus.D)
    kappa = F**2 / (R * T_ROOM) * c * (nu_plus * plus.z**2 * D_plus + nu_minus * minus.z**2 * D_minus)
    t_plus = nu_plus * plus.z**2 * D_plus / (nu_plus * plus.z**2 * D_plus + nu_minus * minus.z**2 * D_minus)
    D = (plus.z - minus.z) * D_plus * D_minus / (plus.z * D_plus - minus.z * D_minus)
    assert float(salt.kappa(c, T_ROOM)) == pytest.approx(kappa, rel=1e-6)  # c is kept above zero by a millionth here
    assert float(salt.t_plus(c, T_ROOM)) == pytest.approx(t_plus, rel=1e-10)
    assert float(salt.D(c, T_ROOM)) == pytest.approx(D, rel=1e-10)
    assert float(salt.chi(c, T_ROOM)) == 1.0


def test_the_conductivity_of_an_ion_is_a_leaf_that_moves_all_that_follows_from_it():
    def properties(conductivity):
        potassium = aqueous.Ion(conductivity, 1, "K+")
        salt = aqueous.salt(potassium, aqueous.ion("Cl-"))
        return [salt.kappa(1.0, T_ROOM), salt.D(1.0, T_ROOM), salt.t_plus(1.0, T_ROOM)]

    at = aqueous.ion("K+").conductivity
    step = 1e-5 * at
    slopes = jax.jacfwd(properties)(at)
    differences = [(a - b) / (2 * step) for a, b in zip(properties(at + step), properties(at - step), strict=True)]
    np.testing.assert_allclose(slopes, differences, rtol=1e-8)


def test_what_is_no_ion_and_what_makes_no_salt_are_told():
    with pytest.raises(UnknownName, match=r"no ion 'ClO-'\. Did you mean"):
        aqueous.ion("ClO-")
    with pytest.raises(ValueError, match=r"a cation and an anion.*found charge numbers -1 and \+1"):
        aqueous.salt(aqueous.ion("Cl-"), aqueous.ion("K+"))

"""The library against numbers computed elsewhere, and against the measured conductivities of the same papers."""

import csv
from pathlib import Path

import jax
import numpy as np
import pytest

from cellsim import registry
from cellsim.electrolyte import library

SHARED = Path(__file__).resolve().parents[3] / "shared"
PROPERTIES = ("kappa", "D", "t_plus", "chi")
SETS = {  # name in the library: name in reference_values.csv
    "landesfeind2019_ec_dmc": "Landesfeind2019 EC:DMC 1:1",
    "landesfeind2019_ec_emc": "Landesfeind2019 EC:EMC 3:7",
    "landesfeind2019_emc_fec": "Landesfeind2019 EMC:FEC 19:1",
    "valoen2005": "Valoen2005 PC:EC:DMC",
    "nyman2008": "Nyman2008 EC:EMC 3:7",
    "colclasure2020": "Colclasure2020 Gen2 (AEM)",
}
# c [mol/m3], T [K], kappa [S/m], D [m2/s], t_plus, chi
BY_HAND = {
    "landesfeind2019_ec_dmc": [
        (100.0, 263.15, 0.18923768, 2.2031289e-10, 0.2530935, 0.91775952),
        (1000.0, 298.15, 1.1818735, 2.9049572e-10, 0.32502808, 2.2011309),
        (3000.0, 298.15, 0.41620828, 9.5103553e-11, 0.14121823, 7.3232745),
    ],
    "landesfeind2019_ec_emc": [
        (1200.0, 263.15, 0.386439, 9.8092541e-11, -0.43300875, 1.4160594),
        (1000.0, 298.15, 0.91302109, 2.8922478e-10, 0.22091281, 2.1817613),
        (2500.0, 298.15, 0.40438166, 1.1353318e-10, 0.10063901, 5.0919708),
    ],
    "landesfeind2019_emc_fec": [
        (500.0, 263.15, 0.1741157, 1.9903874e-10, -0.11723249, 0.27016693),
        (1000.0, 298.15, 0.55294693, 3.073262e-10, 0.12912436, 1.1627644),
        (2000.0, 298.15, 0.57436739, 1.649879e-10, -0.0062673995, 3.2111679),
    ],
    "valoen2005": [
        (500.0, 263.15, 0.50564951, 5.6733407e-11, 0.38, 1.3454515),
        (1000.0, 298.15, 1.1943264, 3.2227225e-10, 0.38, 2.1319491),
        (3000.0, 298.15, 0.29671336, 8.180316e-11, 0.38, 8.3513144),
    ],
    "nyman2008": [
        (100.0, 298.15, 0.25365653, 4.473594e-10, 0.2594, 1.0),
        (1000.0, 298.15, 0.9487, 1.7694e-10, 0.2594, 1.0),
        (2500.0, 298.15, 0.42741634, 4.2825e-11, 0.2594, 1.0),
    ],
    "capiglia1999": [
        (15.0, 298.15, 0.119515324475, 5.28818799398e-10, 0.4, 1.0),
        (3000.0, 298.15, 0.5492, 7.59743542272e-11, 0.4, 1.0),
        # times exp(E/R (1/298.15 - 1/308.15)) for kappa and D
        (1000.0, 308.15, 1.1046 * 1.57499724453, 2.78772444790e-10 * 1.62399015751, 0.4, 1.0),
    ],
}


def electrolyte_called(name: str):
    return registry.module(library, name).electrolyte()


@jax.jit
def values(law, c, T):
    return law(c, T)


def rows_of(*parts: str) -> list[dict]:
    """The rows of a table in the sibling folder; skips the test where that folder is not there."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the reference table {'/'.join(parts)} is not beside this checkout")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def column(rows: list[dict], key: str) -> np.ndarray:
    return np.array([float(row[key]) for row in rows])


@pytest.mark.parametrize("name", list(BY_HAND))
def test_a_few_published_values_are_met(name):
    electrolyte = electrolyte_called(name)
    for c, T, *expected in BY_HAND[name]:
        for which, value in zip(PROPERTIES, expected, strict=True):
            assert float(values(getattr(electrolyte, which), c, T)) == pytest.approx(value, rel=3e-7), (which, c, T)


def test_activation_energies_of_capiglia_make_kappa_and_D_follow_arrhenius():
    electrolyte = electrolyte_called("capiglia1999")
    T = np.array([273.15, 318.15])
    for law, E in ((electrolyte.kappa, 34700.0), (electrolyte.D, 37040.0)):
        slope = np.diff(np.log(np.asarray(values(law, 1000.0, T)))) / np.diff(1 / T)
        assert float(slope[0]) == pytest.approx(-E / 8.31446261815324, rel=1e-12)


@pytest.mark.parametrize("name", list(SETS))
def test_every_row_of_the_reference_table_is_met_to_its_eight_digits(name):
    rows = [row for row in rows_of("data", "electrolytes", "reference_values.csv") if row["set"] == SETS[name]]
    assert len(rows) == (8 if name == "nyman2008" else 48)
    # the published form of Gen2 is negative at 3 mol/L and -10 degC, where this library keeps it above zero
    rows = [row for row in rows if float(row["kappa_S_per_m"]) > 0]
    assert len(rows) >= (8 if name == "nyman2008" else 47)
    electrolyte = electrolyte_called(name)
    columns = ("kappa_S_per_m", "D_m2_per_s", "t_plus_0", "tdf_1_plus_dlnf_dlnc")
    for which, key in zip(PROPERTIES, columns, strict=True):
        filled = [row for row in rows if row[key]]  # Nyman's rows give no t_plus and no chi
        assert len(filled) == len(rows) or (name == "nyman2008" and which in ("t_plus", "chi"))
        c, T = 1000.0 * column(filled, "c_mol_per_L"), column(filled, "T_K")
        np.testing.assert_allclose(
            values(getattr(electrolyte, which), c, T), column(filled, key), rtol=1e-7, err_msg=which
        )


@pytest.mark.parametrize(
    "name, parameter_set",
    [
        ("capiglia1999", "Marquis2019"),
        ("nyman2008", "Chen2020"),
        ("landesfeind2019_ec_emc", "ORegan2022"),
        ("valoen2005", "Xu2019"),
        ("ecker2015", "Ecker2015"),
    ],
)
def test_another_simulators_evaluation_of_the_same_fit_agrees_at_25_degrees(name, parameter_set):
    rows = rows_of("reference", "functions", f"functions_{parameter_set}_electrolyte.csv")
    assert len(rows) > 100
    electrolyte, c = electrolyte_called(name), column(rows, "c_e_mol_m3")
    # Xu2019 sets chi = 1 beside Valoen's kappa and D; it does not take his activity fit
    compared = [which for which in PROPERTIES if (which, parameter_set) != ("chi", "Xu2019")]
    for which, key in zip(PROPERTIES, ("kappa_e", "D_e", "t_plus", "TDF"), strict=True):
        if which in compared:
            np.testing.assert_allclose(
                values(getattr(electrolyte, which), c, 298.15), column(rows, key), rtol=1e-8, err_msg=which
            )


def test_another_simulator_has_the_conductivity_of_doyle_ten_times_too_high():
    rows = rows_of("reference", "functions", "functions_Prada2013_electrolyte.csv")
    kappa = values(electrolyte_called("doyle1996_ec_dmc_21").kappa, column(rows, "c_e_mol_m3"), 298.15)
    np.testing.assert_allclose(10.0 * kappa, column(rows, "kappa_e"), rtol=1e-8)


def test_the_polymer_gives_the_reference_table_in_siemens_per_centimetre():
    rows = rows_of("data", "electrolytes", "reference_values_PEO_LiTFSI_edman.csv")
    assert len(rows) == 9
    polymer, c = electrolyte_called("edman2000_peo_litfsi"), column(rows, "c_mol_per_m3")
    kappa, D, t_plus = (values(getattr(polymer, which), c, 358.15) for which in ("kappa", "D", "t_plus"))
    np.testing.assert_allclose(kappa / 100.0, column(rows, "kappa_S_per_cm (see note)"), rtol=1e-5)
    np.testing.assert_allclose(D, column(rows, "D_m2_per_s"), rtol=1e-5)
    np.testing.assert_allclose(t_plus, column(rows, "t_plus_0"), rtol=1e-5)


def test_the_sodium_salt_passes_the_published_tables_within_two_per_cent():
    electrolyte = electrolyte_called("chayambuka2022")
    for which, name, within in (("kappa", "sigma_e", 0.005), ("D", "D_e", 0.017)):
        rows = rows_of("data", "sodium_chayambuka2022", "pybamm_params", f"{name}.csv")
        c, expected = (column(rows, key) for key in rows[0])
        assert np.all(np.abs(values(getattr(electrolyte, which), c, 298.15) / expected - 1) < within), which


def as_published(m, T):
    """The forms as their sources print them, of the sets without a table elsewhere: kappa [S/m] and D [m2/s]."""
    x = m / 1000.0  # mol/cm3
    rho, power, at_most = 1.2041, 0.855, 0.6616  # kg/L, -, mol/kg
    exp, ones = np.exp, np.ones_like(m)
    square = (-8.2488 + 0.053248 * T - 2.9871e-5 * T**2) + m * (0.26235 - 0.0093063 * T + 8.069e-6 * T**2)
    square = square + m**2 * (0.22002 - 1.765e-4 * T)
    return {
        "bernardi2011": (0.1 * m * square**2, 1e-4 * 10 ** (-4.43 - 54 / (T - (229 + 5 * m)) - 0.22 * m)),
        "doyle1996_ec_dmc_12": (
            100 * (1.0793e-4 + 6.7461e-3 * m - 5.2245e-3 * m**2 + 1.3605e-3 * m**3 - 1.1724e-4 * m**4),
            7.5e-11 * ones,
        ),
        "kim2011": (
            3.45 * exp(-798 / T) * m**3 - 48.5 * exp(-1080 / T) * m**2 + 244 * exp(-1440 / T) * m,
            5.84e-7 * exp(-2870 / T) * m**2 - 33.9e-7 * exp(-2920 / T) * m + 129e-7 * exp(-3200 / T),
        ),
        "fuller1994_liclo4_pc": (
            (1000 * m) ** power
            * 0.542
            * (1000 * rho * at_most) ** -power
            * exp(-0.08 * (m / rho - at_most) ** 2 - power / at_most * (m / rho - at_most)),
            2.58e-10 * ones,
        ),
        "paxton1997_koh": (
            100 * (0.02325 + 210.95 * x - 2.2077e4 * x**2 + 6.2907e5 * x**3),
            1e-4 * (2.8509e-5 - 2.9659e-4 * x**0.5 + 1.3768e-2 * x - 0.14199 * x**1.5 + 0.42661 * x**2),
        ),
        "sloop1999_pemo_litfsi": (
            exp(-1.6e-6 * (1000 * m) ** 2 + 3.5e-3 * (1000 * m) - 5.9),
            6.0e-13 - 3.0e-17 * (1000 * m),
        ),
    }


@pytest.mark.parametrize("name", list(as_published(np.ones(1), 300.0)))
def test_the_laws_are_the_published_forms_with_the_published_coefficients(name):
    electrolyte = electrolyte_called(name)
    m, T = np.array([0.1, 0.4, 1.0, 1.6, 2.0]), np.linspace(*electrolyte.T_range, 5)
    for which, expected in zip(("kappa", "D"), as_published(m, T)[name], strict=True):
        np.testing.assert_allclose(values(getattr(electrolyte, which), 1000 * m, T), expected, rtol=1e-10)


def test_what_sources_give_as_one_number_or_as_a_slope_is_converted_to_the_convention_here():
    pemo = electrolyte_called("sloop1999_pemo_litfsi")
    c = np.array([100.0, 1000.0, 1800.0])
    np.testing.assert_allclose(values(pemo.chi, c, 313.15), 1 + c * 0.0021, rtol=1e-14)  # 1 + c dln f/dc
    np.testing.assert_allclose(values(pemo.t_plus, c, 313.15), 0.6991 - 4e-4 * c, rtol=1e-14)
    assert values(electrolyte_called("paxton1997_koh").t_plus, 7000.0, 298.15) == pytest.approx(1 - 0.77)


def test_the_conductivity_of_nyman_is_within_two_per_cent_of_his_measured_points():
    rows = rows_of("data", "electrolytes", "kappa_measured_Nyman2008.csv")
    kappa = values(electrolyte_called("nyman2008").kappa, 1000.0 * column(rows, "salt_conc"), column(rows, "T_K"))
    np.testing.assert_allclose(kappa, 0.1 * column(rows, "kappa_mS_per_cm"), rtol=0.02)


def test_the_conductivity_of_valoen_is_within_fifteen_per_cent_of_his_measured_points_but_the_coldest_most_salty():
    rows = rows_of("data", "electrolytes", "kappa_measured_Valoen2005.csv")
    rows = [row for row in rows if float(row["salt_conc"]) > 0.1]
    ratio = np.asarray(
        values(electrolyte_called("valoen2005").kappa, 1000.0 * column(rows, "salt_conc"), column(rows, "T_K"))
    ) / (0.1 * column(rows, "kappa_mS_per_cm"))
    is_worst = (column(rows, "T_K") == 263.0) & (column(rows, "salt_conc") > 3.0)
    assert is_worst.sum() == 1 and ratio[is_worst][0] < 0.5  # the documented failure of the fit
    assert np.all(np.abs(ratio[~is_worst] - 1) < 0.15)


@pytest.mark.parametrize(
    "name, solvents",
    [
        ("landesfeind2019_ec_dmc", "EC=0.5;DMC=0.5"),
        ("landesfeind2019_ec_emc", "EC=0.3;EMC=0.7"),
        ("landesfeind2019_emc_fec", "FEC=0.05;EMC=0.95"),
    ],
)
def test_the_conductivities_of_landesfeind_scatter_by_a_fifth_of_a_millisiemens_about_the_fit(name, solvents):
    rows = rows_of("data", "electrolytes", "kappa_measured_Landesfeind2019.csv")
    rows = [row for row in rows if sorted(row["solvents"].split(";")) == sorted(solvents.split(";"))]
    assert len(rows) > 30
    fit = values(electrolyte_called(name).kappa, 1000.0 * column(rows, "salt_conc"), column(rows, "T_K"))
    miss = np.asarray(fit) - 0.1 * column(rows, "kappa_mS_per_cm")
    assert np.sqrt(np.mean(miss**2)) < 0.022  # S/m

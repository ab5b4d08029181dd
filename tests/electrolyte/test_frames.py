"""Frames of reference: what is seen from each, exact round trips, and what no frame changes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import F
from cellsim.electrolyte import Salt, frames, onsager
from cellsim.laws import Custom, Polynomial

# solvent, cation, anion of LiPF6 in a carbonate, and a salt of calcium in water
M = np.array([0.0986, 0.00694, 0.14497])  # kg/mol
V = np.array([9.2e-5, 1.0e-5, 5.0e-5])  # m3/mol
FRAMES = {
    "solvent": frames.solvent_fixed(),
    "mass": frames.mass_fixed(M),
    "mole": frames.mole_fixed(),
    "volume": frames.volume_fixed(V),
}
every_frame = pytest.mark.parametrize("frame", list(FRAMES))
SALTS = (Salt(), Salt(2, 1, 2), Salt(1, 2, 1))
every_salt = pytest.mark.parametrize("salt", SALTS, ids=str)
c, c0 = np.array([1.0, 800.0, 2500.0]), np.array([11000.0, 10200.0, 9000.0])
T = np.array([280.0, 298.15, 330.0])
measured = (np.array([0.01, 0.9, 0.3]), np.array([0.38, 0.25, -0.4]), np.array([4e-10, 2e-10, 8e-11]))


def species(salt):
    return np.concatenate([c0[:, None], salt.ions(c)], axis=-1)


def coefficients(salt):
    kappa, t_plus, D = measured
    return onsager.salt_coefficients(c, kappa, t_plus, D, np.array([1.0, 1.3, 5.0]), T, salt).matrix


def fluxes():
    """Of solvent and ions, in the solvent-fixed frame."""
    return np.array([[0.0, 2e-6, -1e-6], [0.0, -5e-6, 3e-6], [0.0, 1e-3, 2e-3]])


@every_frame
def test_weights_add_up_to_one_and_the_frame_is_at_rest_in_itself(frame):
    frame, at = FRAMES[frame], species(Salt())
    np.testing.assert_allclose(frame.weights(at).sum(axis=-1), 1.0, rtol=1e-15)
    there = frame.fluxes(fluxes(), at)
    np.testing.assert_allclose(frame.velocity(there, at) / np.abs(fluxes()).max(), 0.0, atol=1e-17)


def test_weights_are_mass_mole_and_volume_fractions():
    at = species(Salt())
    np.testing.assert_allclose(FRAMES["mass"].weights(at), np.asarray(M * at / (at @ M)[:, None]), rtol=1e-14)
    np.testing.assert_allclose(FRAMES["mole"].weights(at), at / at.sum(axis=-1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(FRAMES["volume"].weights(at), V * at / (at @ V)[:, None], rtol=1e-14)
    np.testing.assert_allclose(FRAMES["solvent"].weights(at), [[1.0, 0.0, 0.0]] * 3, rtol=1e-15)


def test_the_velocity_of_the_centre_of_mass_relative_to_the_solvent_is_the_sum_in_the_definition():
    at, J = species(Salt()), fluxes()
    by_hand = np.sum(np.asarray(M * at / (at @ M)[:, None]) * J / at, axis=-1)
    np.testing.assert_allclose(FRAMES["mass"].velocity(J, at), by_hand, rtol=1e-13)
    v = J / at  # and by the velocities themselves
    np.testing.assert_allclose(FRAMES["mass"].fluxes(J, at), at * (v - by_hand[:, None]), rtol=1e-12, atol=1e-20)


@every_frame
@pytest.mark.parametrize("to", list(FRAMES))
def test_fluxes_come_back_from_every_frame(frame, to):
    at = species(Salt())
    here = FRAMES[frame].fluxes(fluxes(), at)
    back = FRAMES[frame].fluxes(FRAMES[to].fluxes(here, at), at)
    np.testing.assert_allclose(back, here, rtol=1e-12, atol=1e-12 * np.abs(here).max())


@every_frame
def test_fluxes_come_back_from_the_laboratory_whatever_its_velocity(frame):
    at, velocity = species(Salt()), np.array([1e-8, -3e-7, 0.0])
    here = FRAMES[frame].fluxes(fluxes(), at)
    in_lab = frames.seen_from(here, at, -velocity)
    np.testing.assert_allclose(FRAMES[frame].velocity(in_lab, at), velocity, rtol=1e-9, atol=1e-17)
    np.testing.assert_allclose(FRAMES[frame].fluxes(in_lab, at), here, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(frames.seen_from(in_lab, at, velocity), here, rtol=1e-12, atol=1e-18)


@every_salt
@every_frame
def test_current_and_conductivity_are_the_same_in_every_frame(frame, salt):
    at, z = species(salt), np.array([0.0, *salt.z])
    everywhere = FRAMES[frame].onsager(frames.with_solvent(coefficients(salt), FRAMES["solvent"]), at)
    np.testing.assert_allclose(onsager.conductivity(everywhere, z), measured[0], rtol=1e-12)
    J = np.concatenate([np.zeros((3, 1)), onsager.fluxes(coefficients(salt), np.array([[30.0, -80.0]] * 3))], axis=-1)
    np.testing.assert_allclose(FRAMES[frame].fluxes(J, at) @ z, J @ z, rtol=1e-10)


@every_salt
@every_frame
def test_onsager_coefficients_and_their_fluxes_come_back_from_every_frame(frame, salt):
    at, solvent = species(salt), FRAMES["solvent"]
    L = frames.with_solvent(coefficients(salt), solvent)
    there = FRAMES[frame].onsager(L, at)
    size = np.abs(L).max(axis=(-2, -1), keepdims=True)
    np.testing.assert_allclose(there / size, np.swapaxes(there, -1, -2) / size, atol=1e-14)
    np.testing.assert_allclose(solvent.onsager(there, at) / size, L / size, atol=1e-13)
    # of the ions alone: the frame says what the solvent does
    np.testing.assert_allclose(frames.with_solvent(there[:, 1:, 1:], FRAMES[frame]) / size, there / size, atol=1e-13)
    # forces that obey Gibbs and Duhem
    grad_mu_ions = np.array([[30.0, -80.0]] * 3)
    grad_mu = np.concatenate([-np.sum(at[:, 1:] * grad_mu_ions, axis=-1, keepdims=True) / at[:, :1], grad_mu_ions], -1)
    J = onsager.fluxes(L, grad_mu)
    np.testing.assert_allclose(
        onsager.fluxes(there, grad_mu), FRAMES[frame].fluxes(J, at), rtol=1e-10, atol=1e-12 * np.abs(J).max()
    )


@every_salt
@every_frame
@pytest.mark.parametrize("to", list(FRAMES))
def test_transference_numbers_add_up_to_one_and_come_back_from_every_frame(frame, to, salt):
    at, t = species(salt), np.stack([measured[1], 1 - measured[1]], axis=-1)
    there = FRAMES[to].transference(t, salt.z, at, given_in=FRAMES[frame])
    np.testing.assert_allclose(there.sum(axis=-1), 1.0, rtol=1e-13)
    back = FRAMES[frame].transference(there, salt.z, at, given_in=FRAMES[to])
    np.testing.assert_allclose(back, t, rtol=1e-12)


@every_salt
@every_frame
def test_transference_numbers_in_a_frame_are_those_of_its_onsager_coefficients(frame, salt):
    at = species(salt)
    there = FRAMES[frame].onsager(frames.with_solvent(coefficients(salt), FRAMES["solvent"]), at)
    t = np.stack([measured[1], 1 - measured[1]], axis=-1)
    found = FRAMES[frame].transference(t, salt.z, at, given_in=FRAMES["solvent"])
    np.testing.assert_allclose(found, onsager.transference(there, np.array([0.0, *salt.z]))[:, 1:], rtol=1e-11)


def test_in_the_volume_frame_a_cation_without_volume_loses_what_the_anion_sweeps_along():
    """t_+ in the volume's frame of a 1:1 salt whose anion takes all the volume: t_+ + c V_- t_-, by hand."""
    at, t = species(Salt()), np.array([0.3, 0.7])
    frame = frames.volume_fixed([(1 - 5e-5 * 800.0) / 10200.0, 0.0, 5e-5])
    found = frame.transference(t, np.array([1, -1]), at[1], given_in=FRAMES["solvent"])
    assert float(found[0]) == pytest.approx(0.3 + 800.0 * 5e-5 * 0.7, rel=1e-13)


def test_the_laboratory_sees_the_transference_number_shifted_by_the_solvents_velocity():
    at, t, i = species(Salt()), np.array([[0.3, 0.7]] * 3), np.array([10.0, -20.0, 5.0])
    velocity = np.array([1e-9, 2e-8, -1e-8])  # of the laboratory, in the solvent's frame
    found = frames.transference_seen_from(t, np.array([1, -1]), at, velocity, i)
    J = frames.seen_from(np.concatenate([np.zeros((3, 1)), t * np.array([1, -1]) * i[:, None] / F], -1), at, velocity)
    np.testing.assert_allclose(found, F * np.asarray(J[:, 1:]) * [1, -1] / i[:, None], rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=-1), 1.0, rtol=1e-12)


@every_frame
def test_without_current_salt_diffuses_in_a_frame_as_the_solvents_weight_says(frame):
    salt = Salt(2, 1, 2)
    at, grad_c = species(salt), 500.0
    J = np.concatenate([np.zeros((3, 1)), -measured[2][:, None] * grad_c * salt.stoichiometry], axis=-1)
    N = FRAMES[frame].fluxes(J, at)[:, 1] / salt.nu_plus
    D = FRAMES[frame].diffusivity(measured[2], at, given_in=FRAMES["solvent"])
    np.testing.assert_allclose(N, -D * grad_c, rtol=1e-12)
    back = FRAMES["solvent"].diffusivity(D, at, given_in=FRAMES[frame])
    np.testing.assert_allclose(back, measured[2], rtol=1e-12)


def test_a_frame_in_which_the_solvent_has_no_share_is_refused():
    with pytest.raises(ValueError, match=r"solvent's share above zero, found extents \[0.0, 1.0, 1.0\]"):
        frames.Frame([0.0, 1.0, 1.0])


# ---- into a cell


def reported_in_mass_frame(salt=Salt()):
    solvent = frames.SolventByMass(Polynomial([1220.0, 0.09]), M_salt=0.1519, M_solvent=0.0986)
    t = Polynomial([0.38, -1e-4])
    return frames.InSolventFrame(t, frames.mass_fixed(M), solvent, salt)


def test_a_reported_transference_number_is_converted_to_the_solvents_frame_and_back():
    law = reported_in_mass_frame()
    at = np.concatenate([np.asarray(law.solvent(c, T))[:, None], Salt().ions(c)], axis=-1)
    found = np.asarray(law(c, T))
    t = np.stack([found, 1 - found], axis=-1)
    back = FRAMES["mass"].transference(t, Salt().z, at, given_in=FRAMES["solvent"])
    np.testing.assert_allclose(back[1:, 0], law.t_plus(c, T)[1:], rtol=1e-12)
    np.testing.assert_allclose(back[0, 0], law.t_plus(c, T)[0], rtol=1e-9)  # the floor under c is seen at 1 mol/m3
    assert abs(found[2] - float(law.t_plus(c[2], 300.0))) > 0.01  # the frame matters in concentrated solutions
    assert found[0] == pytest.approx(float(law.t_plus(c[0], 300.0)), abs=1e-4)  # and not in dilute ones


def test_one_reported_in_the_solvents_frame_is_left_as_it_is():
    law = frames.InSolventFrame(Polynomial([0.38, -1e-4]), frames.solvent_fixed(), 1e4)
    np.testing.assert_allclose(law(c, T), law.t_plus(c, T), rtol=1e-14)


def test_the_solvents_concentration_follows_from_density_or_from_partial_volumes():
    by_mass = frames.SolventByMass(1300.0, M_salt=0.15, M_solvent=0.1)
    assert float(by_mass(1000.0, 300.0)) == pytest.approx(11500.0, rel=1e-15)
    by_volume = frames.SolventByVolume(6e-5, 9.2e-5)
    assert float(by_volume(1000.0, 300.0)) * 9.2e-5 + 1000.0 * 6e-5 == pytest.approx(1.0, rel=1e-15)


def test_the_converted_law_is_finite_without_salt_and_differentiable_in_every_number():
    law = reported_in_mass_frame(Salt(2, 1, 2))
    points = np.array([-1e-3, 0.0, 10.0, 3000.0])
    slopes = jax.jit(jax.jacrev(lambda law, c: law(c, 300.0), argnums=(0, 1)))(law, points)
    for path, slope in jax.tree_util.tree_leaves_with_path(slopes):
        assert np.all(np.isfinite(slope)), jax.tree_util.keystr(path)
    leaves = jax.tree_util.tree_leaves(slopes[0])
    assert len(leaves) == len(jax.tree_util.tree_leaves(law)) == 5
    assert all(np.any(leaf[2:] != 0) for leaf in leaves)
    check_grads(jax.jit(lambda c: law(c * 1000.0, 300.0)), (jnp.array([0.5, 2.5]),), order=1, rtol=1e-6)


def test_a_law_of_ones_own_may_say_where_the_solvent_is():
    solvent = Custom(lambda c, T, p: p["c0"] - p["slope"] * c, {"c0": jnp.asarray(1.1e4), "slope": jnp.asarray(0.7)})
    law = frames.InSolventFrame(0.3, frames.volume_fixed(V), solvent)
    assert law(c, T).shape == (3,)
    assert float(law(1e-3, 300.0)) == pytest.approx(0.3, abs=1e-6)

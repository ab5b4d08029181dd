"""Pictures of runs and materials. Each function returns a `matplotlib.figure.Figure` and touches no global state."""

from cellsim.plotting.cycles import cycles_figure as cycles_figure
from cellsim.plotting.cycles import is_cycled as is_cycled
from cellsim.plotting.electrolyte import electrolyte_figure as electrolyte_figure
from cellsim.plotting.fit import convergence_figure as convergence_figure
from cellsim.plotting.fit import corner_figure as corner_figure
from cellsim.plotting.fit import correlation_figure as correlation_figure
from cellsim.plotting.fit import fit_figure as fit_figure
from cellsim.plotting.losses import losses_figure as losses_figure
from cellsim.plotting.optimum import optimum_figure as optimum_figure
from cellsim.plotting.particles import particles_figure as particles_figure
from cellsim.plotting.profiles import profiles_figure as profiles_figure
from cellsim.plotting.record import record_figure as record_figure
from cellsim.plotting.run import run_figure as run_figure
from cellsim.plotting.sensitivity import sensitivity_figure as sensitivity_figure
from cellsim.plotting.slider import can_slide as can_slide
from cellsim.plotting.slider import sliding as sliding
from cellsim.plotting.spectra import bode_figure as bode_figure
from cellsim.plotting.spectra import nyquist_figure as nyquist_figure
from cellsim.plotting.spectra import residuals_figure as residuals_figure
from cellsim.plotting.spectra import spectra_figure as spectra_figure
from cellsim.plotting.studies import band_figure as band_figure
from cellsim.plotting.studies import index_curves_figure as index_curves_figure
from cellsim.plotting.studies import sobol_figure as sobol_figure
from cellsim.plotting.studies import spread_figure as spread_figure
from cellsim.plotting.studies import tornado_figure as tornado_figure

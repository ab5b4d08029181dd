"""Pictures of runs and materials. Each function returns a `matplotlib.figure.Figure` and touches no global state."""

from cellsim.plotting.cycles import cycles_figure as cycles_figure
from cellsim.plotting.cycles import is_cycled as is_cycled
from cellsim.plotting.electrolyte import electrolyte_figure as electrolyte_figure
from cellsim.plotting.losses import losses_figure as losses_figure
from cellsim.plotting.optimum import optimum_figure as optimum_figure
from cellsim.plotting.particles import particles_figure as particles_figure
from cellsim.plotting.profiles import profiles_figure as profiles_figure
from cellsim.plotting.run import run_figure as run_figure
from cellsim.plotting.sensitivity import sensitivity_figure as sensitivity_figure
from cellsim.plotting.slider import can_slide as can_slide
from cellsim.plotting.slider import sliding as sliding
from cellsim.plotting.studies import band_figure as band_figure
from cellsim.plotting.studies import index_curves_figure as index_curves_figure
from cellsim.plotting.studies import sobol_figure as sobol_figure
from cellsim.plotting.studies import spread_figure as spread_figure
from cellsim.plotting.studies import tornado_figure as tornado_figure

"""Physical constants.

Sources: 2019 redefinition of the SI, from whose defined constants F, R, N_A and k_B follow exactly; EPS_0: CODATA 2018,
Tiesinga et al., Rev. Mod. Phys. 93 (2021) 025010, doi:10.1103/RevModPhys.93.025010.
"""

F = 96485.33212331001  # Faraday constant [C/mol]
R = 8.31446261815324  # molar gas constant [J/(mol K)]
N_A = 6.02214076e23  # Avogadro constant [1/mol]
K_B = 1.380649e-23  # Boltzmann constant [J/K]
EPS_0 = 8.8541878128e-12  # vacuum permittivity [F/m]
ZERO_CELSIUS = 273.15  # [K]
T_ROOM = 298.15  # 25 degC [K]
SECONDS_PER_HOUR = 3600.0

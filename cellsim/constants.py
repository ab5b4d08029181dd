"""Physical constants.

Source: 2019 redefinition of the SI; both follow exactly from the defined constants.
"""

F = 96485.33212331001  # Faraday constant [C/mol]
R = 8.31446261815324  # molar gas constant [J/(mol K)]
ZERO_CELSIUS = 273.15  # [K]
T_ROOM = 298.15  # 25 degC [K]
SECONDS_PER_HOUR = 3600.0

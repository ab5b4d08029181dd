"""Laws at a point of solution."""

from cellsim.electrolyte.electrolyte import AbstractElectrolyte as AbstractElectrolyte
from cellsim.electrolyte.electrolyte import Electrolyte as Electrolyte
from cellsim.electrolyte.electrolyte import Salt as Salt

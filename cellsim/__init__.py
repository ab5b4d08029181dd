"""cellsim: a differentiable continuum simulator of battery cells.

Importing it turns on float64 and JAX's persistent compilation cache (see `cellsim.compilation`).
"""

import gc as _gc

_is_collecting = _gc.isenabled()
_gc.disable()  # until all is imported, of which nothing can be freed: that saves a tenth of the time

import importlib as _importlib  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

from cellsim import compilation as _compilation  # noqa: E402

_compilation.prepare()  # before equinox and diffrax are imported

from cellsim.cells.design import Separator as Separator  # noqa: E402
from cellsim.cells.load import check_cell as check_cell  # noqa: E402
from cellsim.cells.load import load_cell as load_cell  # noqa: E402
from cellsim.cells.metal import HalfCellDesign as HalfCellDesign  # noqa: E402
from cellsim.cells.metal import Metal as Metal  # noqa: E402
from cellsim.cells.metal import SymmetricDesign as SymmetricDesign  # noqa: E402
from cellsim.electrode.metal import Blocking as Blocking  # noqa: E402
from cellsim.electrode.metal import Deposition as Deposition  # noqa: E402
from cellsim.electrolyte.electrolyte import Electrolyte as Electrolyte  # noqa: E402
from cellsim.electrolyte.load import load_electrolyte as load_electrolyte  # noqa: E402
from cellsim.ensemble.ensemble import ensemble as ensemble  # noqa: E402
from cellsim.laws import Arrhenius as Arrhenius  # noqa: E402
from cellsim.laws import Constant as Constant  # noqa: E402
from cellsim.laws import Custom as Custom  # noqa: E402
from cellsim.laws import Polynomial as Polynomial  # noqa: E402
from cellsim.models.dfn import DFN as DFN  # noqa: E402
from cellsim.models.half_cell import HalfCell as HalfCell  # noqa: E402
from cellsim.models.lumped import Lumped as Lumped  # noqa: E402
from cellsim.models.mesh import Mesh as Mesh  # noqa: E402
from cellsim.models.slab import Ion as Ion  # noqa: E402
from cellsim.models.slab import Slab as Slab  # noqa: E402
from cellsim.models.slab import SlabMesh as SlabMesh  # noqa: E402
from cellsim.models.slab_parts import Bath as Bath  # noqa: E402
from cellsim.models.slab_parts import Closed as Closed  # noqa: E402
from cellsim.models.slab_parts import Electrode as Electrode  # noqa: E402
from cellsim.models.slab_parts import Layer as Layer  # noqa: E402
from cellsim.models.spm import SPM as SPM  # noqa: E402
from cellsim.models.spme import SPMe as SPMe  # noqa: E402
from cellsim.models.symmetric import LayerMesh as LayerMesh  # noqa: E402
from cellsim.models.symmetric import SymmetricCell as SymmetricCell  # noqa: E402
from cellsim.parameters import replace as replace  # noqa: E402
from cellsim.protocols import controls as controls  # noqa: E402
from cellsim.protocols.controls import Profile as Profile  # noqa: E402
from cellsim.protocols.controls import Relation as Relation  # noqa: E402
from cellsim.protocols.ends import AfterCharge as AfterCharge  # noqa: E402
from cellsim.protocols.ends import AfterEnergy as AfterEnergy  # noqa: E402
from cellsim.protocols.ends import AtCRate as AtCRate  # noqa: E402
from cellsim.protocols.ends import AtCurrent as AtCurrent  # noqa: E402
from cellsim.protocols.ends import AtSOC as AtSOC  # noqa: E402
from cellsim.protocols.ends import AtTemperature as AtTemperature  # noqa: E402
from cellsim.protocols.ends import AtVoltage as AtVoltage  # noqa: E402
from cellsim.protocols.ends import AtVoltageRate as AtVoltageRate  # noqa: E402
from cellsim.protocols.ends import When as When  # noqa: E402
from cellsim.protocols.protocol import Cycle as Cycle  # noqa: E402
from cellsim.protocols.protocol import Protocol as Protocol  # noqa: E402
from cellsim.protocols.protocol import Until as Until  # noqa: E402
from cellsim.protocols.steps import Step as Step  # noqa: E402
from cellsim.protocols.steps import charge as charge  # noqa: E402
from cellsim.protocols.steps import current as current  # noqa: E402
from cellsim.protocols.steps import discharge as discharge  # noqa: E402
from cellsim.protocols.steps import hold as hold  # noqa: E402
from cellsim.protocols.steps import power as power  # noqa: E402
from cellsim.protocols.steps import resistance as resistance  # noqa: E402
from cellsim.protocols.steps import rest as rest  # noqa: E402
from cellsim.simulation.impedance import impedance as impedance  # noqa: E402
from cellsim.simulation.impedance import impedance_during as impedance_during  # noqa: E402
from cellsim.simulation.impedance import impedance_residuals as impedance_residuals  # noqa: E402
from cellsim.simulation.simulate import simulate as simulate  # noqa: E402
from cellsim.simulation.solution import OutsideMeasuredRange as OutsideMeasuredRange  # noqa: E402
from cellsim.simulation.solution import Solution as Solution  # noqa: E402
from cellsim.simulation.spectrum import Spectrum as Spectrum  # noqa: E402
from cellsim.simulation.times import StepTimes as StepTimes  # noqa: E402

if TYPE_CHECKING:
    from cellsim.fitting.costs import Huber as Huber
    from cellsim.fitting.costs import Relative as Relative
    from cellsim.fitting.costs import Squared as Squared
    from cellsim.fitting.costs import StudentT as StudentT
    from cellsim.fitting.experiment import Build as Build
    from cellsim.fitting.experiment import Experiment as Experiment
    from cellsim.fitting.experiment import Resting as Resting
    from cellsim.fitting.fit import Fit as Fit
    from cellsim.fitting.fit import fit as fit
    from cellsim.fitting.free import Free as Free
    from cellsim.fitting.impedance import ImpedanceExperiment as ImpedanceExperiment
    from cellsim.fitting.methods import BFGS as BFGS
    from cellsim.fitting.methods import GaussNewton as GaussNewton
    from cellsim.fitting.methods import LevenbergMarquardt as LevenbergMarquardt
    from cellsim.fitting.prediction import predictions as predictions
    from cellsim.fitting.readers import UnreadableRecord as UnreadableRecord
    from cellsim.fitting.readers import read_record as read_record
    from cellsim.fitting.record import Record as Record
    from cellsim.fitting.segments import profile_of as profile_of
    from cellsim.fitting.segments import protocol_of as protocol_of
    from cellsim.fitting.synthetic import measured as measured
    from cellsim.fitting.thinning import thinned as thinned

# imported when they are asked for
_LATER = {
    "Huber": "cellsim.fitting.costs",
    "Relative": "cellsim.fitting.costs",
    "Squared": "cellsim.fitting.costs",
    "StudentT": "cellsim.fitting.costs",
    "Build": "cellsim.fitting.experiment",
    "Experiment": "cellsim.fitting.experiment",
    "Resting": "cellsim.fitting.experiment",
    "Fit": "cellsim.fitting.fit",
    "fit": "cellsim.fitting.fit",
    "Free": "cellsim.fitting.free",
    "ImpedanceExperiment": "cellsim.fitting.impedance",
    "BFGS": "cellsim.fitting.methods",
    "GaussNewton": "cellsim.fitting.methods",
    "LevenbergMarquardt": "cellsim.fitting.methods",
    "predictions": "cellsim.fitting.prediction",
    "UnreadableRecord": "cellsim.fitting.readers",
    "read_record": "cellsim.fitting.readers",
    "Record": "cellsim.fitting.record",
    "profile_of": "cellsim.fitting.segments",
    "protocol_of": "cellsim.fitting.segments",
    "measured": "cellsim.fitting.synthetic",
    "thinned": "cellsim.fitting.thinning",
}


def __getattr__(name: str) -> Any:
    """What is imported when it is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module 'cellsim' has no attribute '{name}'")
    value = globals()[name] = getattr(_importlib.import_module(_LATER[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


_gc.freeze()  # what is there now is not looked through again, least of all at the end, where that takes half a second
if _is_collecting:
    _gc.enable()

__version__ = "0.1.0"

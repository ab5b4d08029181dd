"""cellsim: a differentiable continuum simulator of battery cells.

Importing it turns on float64 and JAX's persistent compilation cache (see `cellsim.compilation`).
"""

from cellsim import compilation as _compilation

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
from cellsim.fitting.costs import Huber as Huber  # noqa: E402
from cellsim.fitting.costs import Relative as Relative  # noqa: E402
from cellsim.fitting.costs import Squared as Squared  # noqa: E402
from cellsim.fitting.costs import StudentT as StudentT  # noqa: E402
from cellsim.fitting.experiment import Build as Build  # noqa: E402
from cellsim.fitting.experiment import Experiment as Experiment  # noqa: E402
from cellsim.fitting.experiment import Resting as Resting  # noqa: E402
from cellsim.fitting.fit import Fit as Fit  # noqa: E402
from cellsim.fitting.fit import fit as fit  # noqa: E402
from cellsim.fitting.free import Free as Free  # noqa: E402
from cellsim.fitting.impedance import ImpedanceExperiment as ImpedanceExperiment  # noqa: E402
from cellsim.fitting.methods import BFGS as BFGS  # noqa: E402
from cellsim.fitting.methods import GaussNewton as GaussNewton  # noqa: E402
from cellsim.fitting.methods import LevenbergMarquardt as LevenbergMarquardt  # noqa: E402
from cellsim.fitting.prediction import predictions as predictions  # noqa: E402
from cellsim.fitting.readers import UnreadableRecord as UnreadableRecord  # noqa: E402
from cellsim.fitting.readers import read_record as read_record  # noqa: E402
from cellsim.fitting.record import Record as Record  # noqa: E402
from cellsim.fitting.segments import profile_of as profile_of  # noqa: E402
from cellsim.fitting.segments import protocol_of as protocol_of  # noqa: E402
from cellsim.fitting.synthetic import measured as measured  # noqa: E402
from cellsim.fitting.thinning import thinned as thinned  # noqa: E402
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

__version__ = "0.1.0"

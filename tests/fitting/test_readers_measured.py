"""Files that cyclers wrote: all that hold times, voltages and currents are read, with the sign that their makers tell.

The files are read where they lie (../shared/data) and are no part of the project; without them these tests are skipped.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.segments import Kind

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the measured records are not here (../shared/data)")


class File(NamedTuple):
    """A file, what a reader must be told, and what must come out: rows, extremes of the current [A], a sentence."""

    path: str
    rows: int
    I_min: float
    I_max: float
    said: str = ""
    options: dict = {}  # noqa: RUF012 - never changed


CYCLERS = "cycler_formats/"
HEADLESS = {"time": 1, "voltage": 2}
FILES = (
    File(CYCLERS + "bdt_CALCE_CX2-33_prism_LCO_25C_0-100_0.5-0.5C_d_timeseries.csv", 15, -0.675, 0.0),
    File(CYCLERS + "bdt_arbin_example.csv", 2142, -6.64194, 4.40052, "Read as Arbin"),
    File(CYCLERS + "bdt_maccor_example.001", 8, 0.0, 0.0, "Read as Maccor"),
    File(CYCLERS + "bdt_maccor_example.002", 8, 0.0, 0.0, "No current passes in any row"),
    File(CYCLERS + "beep_FastCharge_000025_CH8.csv", 248, 0.0, 0.0, "Read as Arbin"),
    File(CYCLERS + "beep_PredictionDiagnostics_000109_tztest.010", 2165, -9.68414, 2.42573, "Read as Maccor"),
    File(CYCLERS + "beep_PredictionDiagnostics_000151_test.052", 333, 4.83932, 4.84092, "as the states of its rows"),
    File(CYCLERS + "beep_test_Nova_Form-CH01-01_short.csv", 3942, -0.053901, 0.0, "Read as Novonix"),
    File(CYCLERS + "cellpy_batmo_bdf.csv", 2999, -0.121103, 0.121103, "Read as Battery Data Format"),
    File(CYCLERS + "cellpy_maccor_002.txt", 2985, -0.00016144, 0.0001619, "The current is unsigned in the file"),
    File(CYCLERS + "cellpy_neware_uio.csv", 2999, -0.00024866, 0.00024875, "Read as Neware"),
    File(CYCLERS + "cellpy_nw_regular_export_ife_example.csv", 2964, -0.5, 0.5, "Cycles, steps and rows stand in"),
    File(CYCLERS + "cellpy_pec.csv", 2967, -1.6404, 1.6406, "Read as PEC"),
    File(CYCLERS + "newarenda_123456789012_Unit27_Example_Data_File.ndax", 301, 0.0, 0.0, "Read as Neware (binary)"),
    File(CYCLERS + "newarenda_new_nda_file.nda", 439, -5.05e-05, 5.05e-05, "the times of the steps were added up"),
    File(CYCLERS + "pyprobe_Sample_data_biologic_CA1.txt", 1397, 0.0, 0.900063, "Read as BioLogic"),
    File(CYCLERS + "pyprobe_Sample_data_biologic_no_header.mpt", 13, 0.0, 0.0, "Read as BioLogic"),
    File(CYCLERS + "pyprobe_Sample_data_biologic_timestamped.txt", 8, -0.450017, 0.0, "dates, counted from 2024-11-20"),
    File(CYCLERS + "pyprobe_sample_data_arbin.csv", 13, -2.65014, 0.0, "Read as Arbin"),
    File(CYCLERS + "pyprobe_sample_data_basytec.txt", 74, -0.453506, 0.0, "Read as Basytec"),
    File(CYCLERS + "pyprobe_sample_data_maccor.csv", 15, -28.844, 0.0, "Read as Maccor"),
    File(CYCLERS + "pyprobe_sample_data_novonix.csv", 207, -0.499995, 0.0, "Read as Novonix"),
    File("lgm50_wmg_rate/raw_digatron/0degC/Cell781_0p1C_0degC.csv", 197, -0.01147, 0.00036, "Read as Digatron"),
    File("lgm50_wmg_rate/raw_digatron/25degC/Cell796_2C_25degC.csv", 13361, -1.66962, 10.0002, "Read as Digatron"),
    File("lgm50_wmg_rate/tidy/LGM50_T25_cRate_1C.csv", 2777, -1.67008, 5.00081, "temperature from 'temp_mid_C'"),
    File("lgm50_wmg_rate/pbparam/C3_1C_profile_25deg.csv", 19699, 5.0, 5.0, "are degC: read as that", {"current": 5.0}),
    File(
        "lgm50_wmg_pulse/LGM50_pulses_all.csv",
        116,
        0.0,
        7.5,
        "a jump",
        {"where": {"T_nominal_C": 25, "soc": 0.5, "cell": "Cell1"}},
    ),
    File("lgm50_gitt_3electrode/pulse_40.csv", 2616, 0.0, 0.00115006),
    File("lgm50t_imperial_rpt0/LGM50T_RPT0_C10_25degC.csv", 4053, -1.50179, 0.50025),
    File("nissan_leaf_ornl_bitrode/cell-discharge-bitrode-3c.csv", 2684, -15.3, 91.8, "Read as Bitrode"),
    File("nissan_leaf_ornl_bitrode/cell-low-current-hppc-25c-2.csv", 13248, -22.5, 30.0, "Read as Bitrode"),
    File("nca_raj2020/Raj2020_Cycling.csv", 3588, -0.903944, 0.754253),
    File("nca_raj2020/Raj2020_Tests.csv", 5320, -1.50271, 1.50256),
    File("nca_raj2020/Raj2020_Graphite.csv", 403, 0.199664, 0.200275),
    File("nca_raj2020/Raj2020_NCA.csv", 516, -0.200961, -0.0779995),
    File("samsung_inr21700_hppc/multipulse_hppc.csv", 1187, -1.06507, 5.99956, "positive on discharge in the file"),
    File("samsung_inr21700_hppc/sample_hppc_pulse.csv", 402, 0.0, 3.00361, "positive on discharge in the file"),
    File("evtol_vtc6_vah01/VAH01_20.csv", 1758, -2.99265, 17.6994, "current from 'ImA' in mA"),
    File("tesla4680_pocv/T-cell_pOCV_data.txt", 9740, -9.21531e-05, 9.21325e-05, "read with decimal commas"),
    File(
        "lfp20ah_lockin/RunM.csv",
        2501,
        -79.2633,
        79.3164,
        "turned",
        {"columns": {"time": 1, "voltage": 6, "current": 7}},
    ),
    File("aboutenergy_bpx/NMC/NMC_25degC_1C.csv", 3730, 0.00584834, 12.5025, "turned"),
    File("aboutenergy_bpx/LFP/LFP_25degC_Co20.csv", 7454, 0.00260671, 0.10101, "turned"),
    File(
        "aboutenergy_bpx/NMC/nmc_pouch_cell_BPX.json", 38, 12.5, 12.5, "Read as BPX", {"where": {"run": "1C discharge"}}
    ),
    File("kokam_ecker2015/Ecker_1C.csv", 31, 7.5, 7.5, "7.5 A throughout", {"columns": HEADLESS, "current": 7.5}),
    File("enertech_ai2020/1C_discharge_U.txt", 3615, 2.28, 2.28, "", {"columns": HEADLESS, "current": 2.28}),
    File("lfp_xu2015/battmo_Xu_2015_voltageCurve_1C.csv", 21, 16.0, 16.0, "", {"current": 16.0}),
)
NEEDS = {".nda": "NewareNDA", ".ndax": "NewareNDA"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path.split("/")[-1])
def test_a_measured_file_is_read(file):
    path = DATA / file.path
    if path.suffix in NEEDS:
        pytest.importorskip(NEEDS[path.suffix])
    record = cs.read_record(path, **file.options)
    assert len(record) == file.rows
    assert np.all(np.diff(record.t) > 0)
    np.testing.assert_allclose([record.I.min(), record.I.max()], [file.I_min, file.I_max], rtol=1e-5, atol=1e-12)
    assert -0.2 < record.V.min() and record.V.max() < 5.0
    assert record.T is None or (record.T.min() > 250 and record.T.max() < 340)
    assert any(file.said in line for line in record.said)
    rows = [k for step in record.steps for k in range(step.first, step.stop)]
    assert rows == list(range(len(record)))  # every row is in one step


def test_every_rate_test_of_the_lg_m50_is_read_and_its_steps_are_recognised():
    for path in sorted((DATA / "lgm50_wmg_rate" / "tidy").glob("*cRate*.csv")):
        record = cs.read_record(path)
        rate = float(path.stem.rsplit("_", 1)[1].removesuffix("C").replace("p", "."))
        kinds = [step.kind for step in record.steps if step.duration > 1]
        first = next(step for step in record.steps if step.duration > 1)
        assert first.kind is Kind.CURRENT and first.value == pytest.approx(5 * rate, rel=2e-3), path.name
        assert first.end is not None and float(first.end.V) == 2.5
        assert kinds[1:4] == [Kind.REST, Kind.CURRENT, Kind.VOLTAGE], path.name


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("lgm50_wmg_pulse/LGM50_pulses_all.csv", {}, "215 times in all.*told apart by 'T_nominal_C', 'soc', 'cell'"),
        ("samsung_inr21700_hppc/sample_drive_cycle.csv", {}, "no voltage among the columns 'Time', 'Current'"),
        ("kokam_ecker2015/Ecker_1C.csv", {}, "The file has no header"),
        ("cycler_formats/galv_arbin.csv", {}, "1 row left"),  # one row, twenty-one times
        ("cycler_formats/beep_FastCharge_000025_CH8_Metadata.csv", {}, "no time and no voltage"),
        ("bpx_files/PyBOP_example_BPX.json", {}, "holds no measured runs"),
        ("eis_formats/exampleDataGamry.DTA", {}, "tables of several kinds in one file"),
    ],
)
def test_a_file_that_holds_no_record_is_refused_with_the_reason(path, options, message):
    with pytest.raises(cs.UnreadableRecord, match=message):
        cs.read_record(DATA / path, **options)


def test_a_spreadsheet_that_holds_no_record_is_refused():
    pytest.importorskip("openpyxl")
    with pytest.raises(cs.UnreadableRecord, match="no sheet holds rows with times and voltages"):
        cs.read_record(DATA / "cycler_formats" / "pyprobe_Experiment_Record.xlsx")

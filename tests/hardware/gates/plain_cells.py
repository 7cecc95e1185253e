"""A library whose cells take the same time whatever they drive, and memories of plain times: paths by head."""

from __future__ import annotations

INVERTER_NS, NAND_NS, CLOCK_TO_OUTPUT_NS, SETUP_NS = 0.1, 0.2, 0.5, 0.15

_HEAD = """
  delay_model : table_lookup; time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1uA";
  pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW"; capacitive_load_unit (1, pf);
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
  default_max_transition : 5; default_max_fanout : 8;
  lu_table_template (t) {
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0, 1"); index_2 ("0, 1");
  }
  lu_table_template (c) {
    variable_1 : related_pin_transition; variable_2 : constrained_pin_transition;
    index_1 ("0, 1"); index_2 ("0, 1");
  }
  lu_table_template (l) { variable_1 : total_output_net_capacitance; index_1 ("0, 1"); }
"""


def _table(kind: str, value: float, template: str = "t") -> str:
    row = f'"{value}, {value}"'
    return f'{kind} ({template}) {{ index_1 ("0, 1"); index_2 ("0, 1"); values ({row}, {row}); }}'


def _arc(pin: str, delay: float, kind: str = "") -> str:
    tables = (_table("cell_rise", delay), _table("cell_fall", delay), _table("rise_transition", 0.01))
    sense = f"timing_type : {kind};" if kind else "timing_sense : negative_unate;"
    return f'timing () {{ related_pin : "{pin}"; {sense} {" ".join(tables)} {_table("fall_transition", 0.01)} }}'


def _setup(pin: str, setup: float) -> str:
    tables = f"{_table('rise_constraint', setup, 'c')} {_table('fall_constraint', setup, 'c')}"
    return f'timing () {{ related_pin : "{pin}"; timing_type : setup_rising; {tables} }}'


def _gate(name: str, area: float, pins: str, function: str, delay: float) -> str:
    inputs = " ".join(f"pin ({pin}) {{ direction : input; capacitance : 0.003; }}" for pin in pins)
    arcs = " ".join(_arc(pin, delay) for pin in pins)
    output = f'pin (Y) {{ direction : output; function : "{function}"; max_capacitance : 1; {arcs} }}'
    return f"cell ({name}) {{ area : {area}; {inputs} {output} }}"


def cell_library(*, voltage_v: float = 1.0) -> str:
    """INV, BUF, NAND2, and DFF of 10 square units."""
    return f"""library (plain) {{ {_HEAD}
  nom_voltage : {voltage_v}; nom_temperature : 25; nom_process : 1;
  {_gate("INV", 1, "A", "!A", INVERTER_NS)}
  {_gate("BUF", 2, "A", "A", INVERTER_NS)}
  {_gate("NAND2", 2, "AB", "!(A*B)", NAND_NS)}
  cell (DFF) {{
    area : 10;
    ff (IQ, IQN) {{ next_state : "D"; clocked_on : "CLK"; }}
    pin (CLK) {{ direction : input; clock : true; capacitance : 0.003; }}
    pin (D) {{ direction : input; capacitance : 0.003; {_setup("CLK", SETUP_NS)} }}
    pin (Q) {{ direction : output; function : "IQ"; {_arc("CLK", CLOCK_TO_OUTPUT_NS, "rising_edge")} }}
  }}
}}
"""


def macro_library(name: str, *, lines: int, access_ns: float, setup_ns: float, voltage_v: float = 1.0) -> str:
    """A memory of 8 bits with one port whose every input has the same setup."""
    pins = "".join(
        f"bus ({pin}) {{ direction : input; capacitance : 0.005; {_setup('A_CLK', setup_ns)} }}"
        for pin in ("A_MEN", "A_WEN", "A_ADDR", "A_DIN", "A_BM")
    )
    loads = " ".join(f'{kind} (l) {{ values ("0.02, 0.02"); }}' for kind in ("rise_transition", "fall_transition"))
    delays = f"{_table('cell_rise', access_ns)} {_table('cell_fall', access_ns)} {loads}"
    return f"""library ({name}) {{ {_HEAD}
  nom_voltage : {voltage_v}; nom_temperature : 25;
  cell ({name}) {{
    area : {50 + lines}; memory () {{ type : ram; address_width : {lines.bit_length() - 1}; word_width : 8; }}
    pin (A_CLK) {{ direction : input; clock : true; capacitance : 0.01; }}
    {pins}
    bus (A_DOUT) {{ direction : output;
      timing () {{ timing_type : rising_edge; related_pin : "A_CLK"; {delays} }}
    }}
  }}
}}
"""

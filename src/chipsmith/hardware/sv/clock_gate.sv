// One gate of a clock: the place to put a foundry's cell.
//
// `gated` rises with `clock` at the end of a cycle in which `enable` is high, and stays low at the end of any other
// one. The latch holds `enable` while the clock is high, so that `gated` has no pulse but whole ones. With
// CHIPSMITH_NO_CLOCK_GATES every edge passes: for FPGAs, whose clocks have nets of their own. No result depends on it:
// whatever has its clock stopped changes nothing at these edges.
module clock_gate (
    input  logic  clock,
    input  logic  enable,
    output logic  gated
);

`ifdef CHIPSMITH_NO_CLOCK_GATES
  assign gated = clock;

  // Every edge passes.
  wire unused = &{1'b0, enable};
`else
  logic open;

  always_latch if (!clock) open = enable;
  assign gated = clock && open;
`endif

endmodule

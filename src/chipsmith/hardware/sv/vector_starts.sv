// Where each beat of a stream starts, by one adder for all its loops.
//
// `begins[i]` is where the turn of loop i in progress began. A step of loop `level` starts a new turn of it and of all
// loops within it at the same address. A loop beyond LEVELS leaves the address as it is.
module vector_starts #(
    parameter int LEVELS = 7
) (
    input  logic                     clock,
    input  logic                     restart,
    input  logic [23:0]              base,
    input  logic [LEVELS-1:0][23:0]  strides,    // of the loops of vector_loops
    input  logic                     next_beat,
    input  logic [2:0]               level,
    output logic [23:0]              start       // of the beat in progress
);

  logic [LEVELS-1:0][23:0] begins;
  logic [23:0] from, stride, beat;

  always_comb begin
    from = '0;
    stride = '0;
    for (int i = 0; i < LEVELS; i++) begin
      if (i == 32'(level)) begin
        from = from | begins[i];
        stride = stride | strides[i];
      end
    end
  end

  assign beat = from + stride;

  for (genvar i = 0; i < LEVELS; i++) begin : g_loop
    always_ff @(posedge clock)
      if (restart || (next_beat && i >= 32'(level) && 32'(level) < LEVELS)) begins[i] <= restart ? base : beat;
  end

  assign start = begins[LEVELS-1];

endmodule

// The address of each access of a stream, by one adder for the loops and one for the accesses of a beat.
//
// `begins[i]` is where the turn of loop i in progress began. A step of loop `level` starts a new turn of it and of all
// loops within it at the same address.
module vector_addresses (
    input  logic              clock,
    input  logic              restart,
    input  logic [23:0]       base,
    input  logic [6:0][23:0]  strides,      // of the loops of vector_loops
    input  logic [23:0]       step,         // between the accesses of a beat
    input  logic              next_access,
    input  logic              next_beat,
    input  logic [2:0]        level,
    input  logic [23:0]       offset,       // from where the next access would go to where it goes; of this beat alone
    output logic [23:0]       address
);

  localparam int LEVELS = 7;

  logic [LEVELS-1:0][23:0] begins;
  logic [23:0] from, stride, beat;

  always_comb begin
    from = '0;
    stride = '0;
    for (int i = 0; i < LEVELS; i++) begin
      if (i == 32'(level)) begin
        from = begins[i];
        stride = strides[i];
      end
    end
  end

  assign beat = from + stride;

  always_ff @(posedge clock) begin
    for (int i = 0; i < LEVELS; i++) begin
      if (restart) begins[i] <= base;
      else if (next_beat && i >= 32'(level)) begins[i] <= beat;
    end
    if (restart) address <= base;
    else address <= (next_beat ? beat : next_access ? address + step : address) + offset;
  end

endmodule

// A delay of a fixed number of cycles; reset empties it.
module vector_delay #(
    parameter int BITS = 1,
    parameter int CYCLES = 1
) (
    input  logic             clock,
    input  logic             reset,
    input  logic [BITS-1:0]  in,
    output logic [BITS-1:0]  out
);

  logic [CYCLES-1:0][BITS-1:0] passing;

  always_ff @(posedge clock) begin
    for (int i = 1; i < CYCLES; i++) passing[i] <= passing[i-1];
    passing[0] <= in;
    if (reset) passing <= '0;
  end

  assign out = passing[CYCLES-1];

endmodule

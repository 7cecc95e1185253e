// Turns a line of chip::R bytes: its byte 0 goes to the place `turn`, and those that leave it at the end come in at the
// start.
module byte_rotator #(
    localparam int TURN_BITS = $clog2(chip::R)
) (
    input  logic [TURN_BITS-1:0]    turn,
    input  logic [8*chip::R-1:0]    line,
    output logic [8*chip::R-1:0]    turned
);

  localparam int BITS = 8 * chip::R;

  logic [TURN_BITS:0][BITS-1:0] steps;  // the line after the turns of the bits below

  assign steps[0] = line;
  assign turned = steps[TURN_BITS];

  for (genvar i = 0; i < TURN_BITS; i++) begin : g_step
    localparam int STEP = 8 << i;
    assign steps[i+1] = turn[i] ? {steps[i][BITS-STEP-1:0], steps[i][BITS-1-:STEP]} : steps[i];
  end

endmodule

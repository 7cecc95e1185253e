// The M shared multipliers of 32 x 32 bits with their rounding (docs/machine.md, section 5).
//
// A pass requested in cycle t is answered on `scaled` in cycle t + chip::MULTIPLY_LATENCY (4). At the end of t the
// operands are registered, of t + 1 the products with both halves of the multiplier, of t + 2 the sum of those with
// what rounds it, of t + 3 the shifted result.
module multipliers (
    input  logic                      clock,
    input  logic                      reset,
    output logic                      active,  // passes are on their way: they need their clock
    input  chip::multiply_request_t   request,
    output logic [chip::M-1:0][31:0]  scaled
);

  logic asked, multiplied, summed;

  assign active = asked || multiplied || summed;

  always_ff @(posedge clock) begin
    asked <= request.valid && !reset;
    multiplied <= asked && !reset;
    summed <= multiplied && !reset;
  end

  for (genvar lane = 0; lane < chip::M; lane++) begin : g_lane
    multiplier product (
        .clock(clock),
        .takes(request.valid),
        .multiplies(asked),
        .adds(multiplied),
        .shifts(summed),
        .value(request.value[lane]),
        .multiplier(request.multiplier[lane]),
        .shift(request.shift[lane]),
        .double_round(request.double_round),
        .scaled(scaled[lane])
    );
  end

endmodule

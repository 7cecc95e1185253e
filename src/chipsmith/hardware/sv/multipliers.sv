// The M shared multipliers of 32 x 32 bits with their rounding (docs/machine.md, section 5).
//
// A pass requested in cycle t is answered on `scaled` in cycle t + chip::MULTIPLY_LATENCY (4).
module multipliers (
    input  logic                      clock,
    input  chip::multiply_request_t   request,
    output logic [chip::M-1:0][31:0]  scaled
);

  for (genvar lane = 0; lane < chip::M; lane++) begin : g_lane
    logic signed [63:0] product, rounding, nudge, sum;
    logic [5:0] shift;
    logic double_round, negative;
    logic [31:0] first, second;

    always_ff @(posedge clock) begin
      if (request.valid) begin
        product <= 64'($signed(request.value[lane])) * 64'($signed(request.multiplier[lane]));
        shift <= request.shift[lane];
        double_round <= request.double_round && request.shift[lane] > 6'd31;
        negative <= request.value[lane][31];
      end
      first <= 32'(sum >>> shift);
      second <= first;
      scaled[lane] <= second;
    end

    assign rounding = (64'sd1 << shift) >> 1;
    assign nudge = !double_round ? 64'sd0 : negative ? -(64'sd1 << 30) : 64'sd1 << 30;
    assign sum = product + rounding + nudge;
  end

endmodule

// The M shared multipliers of 32 x 32 bits with their rounding (docs/machine.md, section 5).
//
// A pass requested in cycle t is answered on `scaled` in cycle t + chip::MULTIPLY_LATENCY (4). At the end of t the
// operands are registered, of t + 1 the products of their halves, of t + 2 the sum of those with what rounds it, of
// t + 3 the shifted result.
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
    logic [31:0] value;
    logic [31:0] multiplier;
    logic [5:0] shift, product_shift, sum_shift;
    logic doubles, product_doubles, negative;
    logic [31:0] low, high;  // products of the lower halves, of the upper halves
    logic signed [32:0] value_middle, multiplier_middle;
    logic [63:0] rounding, sum;

    always_ff @(posedge clock) begin
      if (request.valid) begin
        value <= request.value[lane];
        multiplier <= request.multiplier[lane];
        shift <= request.shift[lane];
        doubles <= request.double_round && request.shift[lane] > 6'd31;
      end
      if (asked) begin
        low <= 32'(value[15:0]) * 32'(multiplier[15:0]);
        high <= 32'($signed(value[31:16])) * 32'($signed(multiplier[31:16]));
        value_middle <= 33'($signed(value[31:16])) * 33'($signed({1'b0, multiplier[15:0]}));
        multiplier_middle <= 33'($signed({1'b0, value[15:0]})) * 33'($signed(multiplier[31:16]));
        product_shift <= shift;
        product_doubles <= doubles;
        negative <= value[31];
      end
      if (multiplied) begin
        sum <= {high, low} + {{15{value_middle[32]}}, value_middle, 16'b0}
            + {{15{multiplier_middle[32]}}, multiplier_middle, 16'b0} + rounding;
        sum_shift <= product_shift;
      end
      if (summed) scaled[lane] <= 32'($signed(sum) >>> sum_shift);
    end

    // Half of what the shift drops; of DOUBLE 2^30 more or less, which leaves the bits from 30 up to the half.
    always_comb begin
      for (int i = 0; i < 64; i++)
        rounding[i] = product_doubles && negative ? i >= 30 && i + 1 < 32'(product_shift)
            : i + 1 == 32'(product_shift) || (product_doubles && i == 30);
    end
  end

endmodule

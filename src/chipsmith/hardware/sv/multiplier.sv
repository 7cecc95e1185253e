// A lane of the shared multipliers (multipliers.sv): a product of 32 x 32 bits in 64, rounded and shifted.
module multiplier (
    input  logic         clock,
    input  logic         takes,        // the operands
    input  logic         multiplies,   // the cycle after: the products of both halves of the multiplier
    input  logic         adds,         // the cycle after that
    input  logic         shifts,       // and the last
    input  logic [31:0]  value,
    input  logic [31:0]  multiplier,
    input  logic [5:0]   shift,
    input  logic         double_round,
    output logic [31:0]  scaled
);

  // What the rows of both halves lack (multiplier_half.sv): 2^32 less in each, from the upper half's lowest bit on.
  localparam logic [47:0] OFFSET = -48'h5555_5555_0000;

  logic [31:0] taken_value, taken_multiplier;
  logic [5:0] taken_shift, product_shift, sum_shift;
  logic doubles, product_doubles, negative;
  logic [47:0] low, low_carry, high, high_carry, low_sum, low_carries, high_sum, high_carries;
  logic [63:0] rounding, sum;

  multiplier_half low_half (
      .value(taken_value),
      .half(taken_multiplier[15:0]),
      .preceding(1'b0),
      .sum(low_sum),
      .carry(low_carries)
  );

  multiplier_half #(.OFFSET(OFFSET)) high_half (
      .value(taken_value),
      .half(taken_multiplier[31:16]),
      .preceding(taken_multiplier[15]),
      .sum(high_sum),
      .carry(high_carries)
  );

  always_ff @(posedge clock) begin
    if (takes) begin
      taken_value <= value;
      taken_multiplier <= multiplier;
      taken_shift <= shift;
      doubles <= double_round && shift > 6'd31;
    end
    if (multiplies) begin
      low <= low_sum;
      low_carry <= low_carries;
      high <= high_sum;
      high_carry <= high_carries;
      product_shift <= taken_shift;
      product_doubles <= doubles;
      negative <= taken_value[31];
    end
    if (adds) begin
      sum <= 64'(low) + 64'(low_carry) + {high, 16'b0} + {high_carry, 16'b0} + rounding;
      sum_shift <= product_shift;
    end
    if (shifts) scaled <= 32'($signed(sum) >>> sum_shift);
  end

  // Half of what the shift drops; of DOUBLE 2^30 more or less, which leaves the bits from 30 up to the half.
  always_comb begin
    for (int i = 0; i < 64; i++)
      rounding[i] = product_doubles && negative ? i >= 30 && i + 1 < 32'(product_shift)
          : i + 1 == 32'(product_shift) || (product_doubles && i == 30);
  end

endmodule

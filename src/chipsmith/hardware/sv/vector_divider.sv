// The divider: 32-bit signed division toward zero, one bit a cycle (docs/machine.md, section 7).
//
// It restores magnitudes: a divisor of 0 gives a quotient of ones, that is -1, or 1 where the dividend is negative.
// `start` in cycle t takes the operands; the quotient stands in cycle t + chip::DIVIDE - 1, the next start may come
// in t + chip::DIVIDE.
module vector_divider (
    input  logic         clock,
    input  logic         start,
    input  logic [31:0]  dividend,
    input  logic [31:0]  divisor,
    output logic [31:0]  quotient
);

  localparam int BITS = 32;

  logic [31:0] rest, bits, size;
  logic [32:0] trial, difference;
  logic negative;
  logic [5:0] left;

  assign trial = {rest, bits[31]};
  assign difference = trial - {1'b0, size};
  assign quotient = negative ? -bits : bits;

  // `bits` gives the dividend's bits from the top and takes the quotient's from below.
  always_ff @(posedge clock) begin
    if (start) begin
      rest <= '0;
      bits <= dividend[31] ? -dividend : dividend;
      size <= divisor[31] ? -divisor : divisor;
      negative <= dividend[31] != divisor[31];
      left <= 6'(BITS);
    end else if (left != '0) begin
      rest <= difference[32] ? trial[31:0] : difference[31:0];
      bits <= {bits[30:0], !difference[32]};
      left <= left - 1'b1;
    end
  end

endmodule

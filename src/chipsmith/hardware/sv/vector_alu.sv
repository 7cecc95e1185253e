// The elementwise operations of one lane that need neither the multipliers nor the divider (docs/machine.md, section
// 7). One adder serves sums, differences and comparisons, one shifter both directions. What is to be done is decoded in
// the cycle after `op` comes.
module vector_alu (
    input  logic         clock,
    input  logic [4:0]   op,        // chip::OP_*
    input  logic         rounds,    // of ASR
    input  logic [31:0]  a,
    input  logic [31:0]  b,
    output logic [31:0]  x
);

  function automatic logic [31:0] reversed(logic [31:0] bits);
    for (int i = 0; i < 32; i++) reversed[i] = bits[31-i];
  endfunction

  function automatic logic computes(logic [4:0] code);
    case (code)
      chip::OP_ADD, chip::OP_SUB, chip::OP_MAX, chip::OP_MIN, chip::OP_AND, chip::OP_OR, chip::OP_XOR, chip::OP_NOT,
      chip::OP_ABS, chip::OP_CLZ, chip::OP_SHL, chip::OP_LSR, chip::OP_ASR, chip::OP_EQ, chip::OP_GT, chip::OP_GE:
      computes = 1'b1;
      default: computes = 1'b0;
    endcase
  endfunction

  // The operation: which of the results below is x, or part of it.
  logic sums, subtracts, negates, takes_larger, takes_smaller, ands, exclusive, inverts, counts, shifts, to_left,
      arithmetic, rounds_up, compares, or_equal, or_greater, passes;

  always_ff @(posedge clock) begin
    sums <= op == chip::OP_ADD || op == chip::OP_SUB;
    subtracts <= op != chip::OP_ADD;
    negates <= op == chip::OP_ABS;
    takes_larger <= op == chip::OP_MAX;
    takes_smaller <= op == chip::OP_MIN;
    ands <= op == chip::OP_AND || op == chip::OP_OR;
    exclusive <= op == chip::OP_XOR || op == chip::OP_OR;
    inverts <= op == chip::OP_NOT;
    counts <= op == chip::OP_CLZ;
    shifts <= op == chip::OP_LSR || op == chip::OP_ASR;
    to_left <= op == chip::OP_SHL;
    arithmetic <= op == chip::OP_ASR;
    rounds_up <= op == chip::OP_ASR && rounds;
    compares <= op == chip::OP_EQ || op == chip::OP_GT || op == chip::OP_GE;
    or_equal <= op != chip::OP_GT;
    or_greater <= op != chip::OP_EQ;
    passes <= !computes(op);
  end

  logic below, equal, fill, half, from_sum, from_a, from_b, holds;
  logic [31:0] left, right, sum, turned, shifted, rounded;
  logic [5:0] zeros;

  assign left = negates ? '0 : a;
  assign right = (negates ? a : b) ^ {32{subtracts}};
  assign sum = left + right + 32'(subtracts);
  assign below = a[31] != b[31] ? a[31] : sum[31];
  assign equal = a == b;

  assign fill = arithmetic && a[31];
  assign turned = to_left ? reversed(a) : a;
  // One bit more to the right: the bit that a rounding ASR adds.
  assign {shifted, half} = 33'($signed({fill, turned, 1'b0}) >>> b[4:0]);
  assign rounded = shifted + 32'(rounds_up && half);

  always_comb begin
    zeros = 6'd32;
    for (int i = 0; i < 32; i++) if (a[i]) zeros = 6'(31 - i);
  end

  assign from_sum = sums || (negates && a[31]);
  assign from_a = passes || (negates && !a[31]) || (below ? takes_smaller : takes_larger);
  assign from_b = below ? takes_larger : takes_smaller;
  assign holds = compares && (equal ? or_equal : or_greater && !below);

  assign x = ({32{from_sum}} & sum) | ({32{from_a}} & a) | ({32{from_b}} & b) | ({32{ands}} & a & b)
      | ({32{exclusive}} & (a ^ b)) | ({32{inverts}} & ~a) | ({32{shifts}} & rounded)
      | ({32{to_left}} & reversed(shifted)) | ({32{counts}} & 32'(zeros)) | 32'(holds);

endmodule

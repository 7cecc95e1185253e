// The elementwise operations of one lane that need neither the multipliers nor the divider (docs/machine.md, section
// 7). One adder serves sums, differences and comparisons, one shifter both directions.
module vector_alu (
    input  logic [4:0]   op,        // chip::OP_*
    input  logic         rounds,    // of ASR
    input  logic [31:0]  a,
    input  logic [31:0]  b,
    output logic [31:0]  x
);

  function automatic logic [31:0] reversed(logic [31:0] bits);
    for (int i = 0; i < 32; i++) reversed[i] = bits[31-i];
  endfunction

  logic subtracts, negates, below, equal, to_left, fill, half;
  logic [31:0] left, right, sum, turned, shifted;
  logic [5:0] zeros;

  assign negates = op == chip::OP_ABS;
  assign subtracts = op != chip::OP_ADD;
  assign left = negates ? '0 : a;
  assign right = (negates ? a : b) ^ {32{subtracts}};
  assign sum = left + right + 32'(subtracts);
  assign below = a[31] != b[31] ? a[31] : sum[31];
  assign equal = a == b;

  assign to_left = op == chip::OP_SHL;
  assign fill = op == chip::OP_ASR && a[31];
  assign turned = to_left ? reversed(a) : a;
  // One bit more to the right: the bit that a rounding ASR adds.
  assign {shifted, half} = 33'($signed({fill, turned, 1'b0}) >>> b[4:0]);

  always_comb begin
    zeros = 6'd32;
    for (int i = 0; i < 32; i++) if (a[i]) zeros = 6'(31 - i);
  end

  always_comb begin
    case (op)
      chip::OP_ADD, chip::OP_SUB: x = sum;
      chip::OP_MAX: x = below ? b : a;
      chip::OP_MIN: x = below ? a : b;
      chip::OP_AND: x = a & b;
      chip::OP_OR: x = a | b;
      chip::OP_XOR: x = a ^ b;
      chip::OP_NOT: x = ~a;
      chip::OP_ABS: x = a[31] ? sum : a;
      chip::OP_CLZ: x = 32'(zeros);
      chip::OP_SHL: x = reversed(shifted);
      chip::OP_LSR: x = shifted;
      chip::OP_ASR: x = shifted + 32'(rounds && half);
      chip::OP_EQ: x = 32'(equal);
      chip::OP_GT: x = 32'(!below && !equal);
      chip::OP_GE: x = 32'(!below);
      default: x = a;
    endcase
  end

endmodule

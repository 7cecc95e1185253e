// The elementwise operations of one lane that need neither the multipliers nor the divider (docs/machine.md, section
// 7).
module vector_alu (
    input  logic [4:0]   op,        // chip::OP_*
    input  logic         rounds,    // of ASR
    input  logic [31:0]  a,
    input  logic [31:0]  b,
    output logic [31:0]  x
);

  logic [4:0] amount;
  logic [31:0] left, right;
  logic fill, half, below, equal;
  logic [5:0] zeros;

  assign amount = b[4:0];
  assign left = a << amount;
  assign fill = op == chip::OP_ASR && a[31];
  // One bit more to the right: the bit that a rounding ASR adds.
  assign {right, half} = 33'($signed({fill, a, 1'b0}) >>> amount);
  assign below = $signed(a) < $signed(b);
  assign equal = a == b;

  always_comb begin
    zeros = 6'd32;
    for (int i = 0; i < 32; i++) if (a[i]) zeros = 6'(31 - i);
  end

  always_comb begin
    case (op)
      chip::OP_ADD: x = a + b;
      chip::OP_SUB: x = a - b;
      chip::OP_MAX: x = below ? b : a;
      chip::OP_MIN: x = below ? a : b;
      chip::OP_AND: x = a & b;
      chip::OP_OR: x = a | b;
      chip::OP_XOR: x = a ^ b;
      chip::OP_NOT: x = ~a;
      chip::OP_ABS: x = a[31] ? -a : a;
      chip::OP_CLZ: x = 32'(zeros);
      chip::OP_SHL: x = left;
      chip::OP_LSR: x = right;
      chip::OP_ASR: x = right + 32'(rounds && half);
      chip::OP_EQ: x = 32'(equal);
      chip::OP_GT: x = 32'(!below && !equal);
      chip::OP_GE: x = 32'(!below);
      default: x = a;
    endcase
  end

endmodule

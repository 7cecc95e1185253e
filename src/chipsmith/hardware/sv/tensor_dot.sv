// The sum of the products of four rows of a column of the array, registered: the part of the array that most of its
// area is in, mapped once for all.
module tensor_dot (
    input  logic                clock,
    input  logic                enable,
    input  logic [3:0][8:0]     operands,  // signed, like the weights
    input  logic [3:0][8:0]     weights,
    output logic signed [18:0]  sum
);

  always_ff @(posedge clock) begin
    if (enable) begin
      sum <= 19'($signed(operands[0])) * 19'($signed(weights[0])) + 19'($signed(operands[1])) * 19'($signed(weights[1]))
          + 19'($signed(operands[2])) * 19'($signed(weights[2])) + 19'($signed(operands[3])) * 19'($signed(weights[3]));
    end
  end

endmodule

// Steps through the passes of one use of a resource: `count` successive cycles, the first of them that of `start`.
module vector_passes #(
    parameter int TOKEN_BITS = 1,
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                   clock,
    input  logic                   reset,
    input  logic                   start,
    input  logic [TOKEN_BITS-1:0]  start_token,  // what belongs to these passes
    input  logic [COUNT_BITS-1:0]  count,        // modulo 2 * chip::V, which is a count too
    output logic                   go,           // a pass goes in this cycle
    output logic [COUNT_BITS-1:0]  index,        // its number
    output logic                   last,         // it is the last
    output logic [TOKEN_BITS-1:0]  token
);

  logic running;
  logic [COUNT_BITS-1:0] place;
  logic [TOKEN_BITS-1:0] held;

  assign go = start || running;
  assign index = start ? '0 : place;
  assign last = index == count - 1'b1;
  assign token = start ? start_token : held;

  always_ff @(posedge clock) begin
    running <= go && !last && !reset;
    place <= index + 1'b1;
    if (start) held <= start_token;
  end

endmodule

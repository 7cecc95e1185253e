// The loops around the beats of a stream, outermost first: o0, o1, o2, o3, blocks of lanes, r0, r1 (docs/machine.md,
// section 7), or the first LEVELS of them. `level` is the loop that the next step of `advance` increments; the loops
// within it begin again. The outputs hold from the cycle after `restart` or `advance` on.
// `once` stands in the cycle of `restart`, `count` from the next cycle on.
module vector_loops #(
    parameter int LEVELS = 7
) (
    input  logic                     clock,
    input  logic                     restart,
    input  logic                     advance,
    input  logic [LEVELS-1:0]        once,       // the count is 1
    input  logic [LEVELS-1:0][23:0]  count,
    output logic [2:0]               level,
    output logic [LEVELS-1:0]        at_first,   // of the turns of a loop
    output logic [LEVELS-1:0]        at_last
);

  logic [LEVELS-1:0] inner;  // the loops within `level`

  always_comb begin
    level = '0;
    for (int i = 0; i < LEVELS; i++) if (!at_last[i]) level = 3'(i);
    for (int i = 0; i < LEVELS; i++) inner[i] = i > 32'(level);
  end

  // Turns are numbered from 1 on. Whether a turn is a loop's first and last is known when it begins.
  for (genvar i = 0; i < LEVELS; i++) begin : g_loop
    localparam int BITS = i == 4 ? 24 : 16;
    logic [BITS-1:0] turn, next;
    logic begins, steps;

    assign next = turn + 1'b1;
    assign begins = restart || (advance && inner[i]);
    assign steps = advance && i == 32'(level);

    always_ff @(posedge clock) begin
      if (begins || steps) begin
        turn <= begins ? BITS'(1) : next;
        at_first[i] <= begins;
        at_last[i] <= begins ? once[i] : next == BITS'(count[i]);
      end
    end

    if (BITS < 24) begin : g_rest
      wire unused_bits = &{1'b0, count[i][23:BITS]};
    end
  end

endmodule

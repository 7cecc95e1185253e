// The loops around the beats of a stream, outermost first: o0, o1, o2, o3, blocks of lanes, r0, r1 (docs/machine.md,
// section 7). `level` is the loop that the next step of `advance` increments; the loops within it begin again.
module vector_loops (
    input  logic              clock,
    input  logic              restart,
    input  logic              advance,
    input  logic [3:0][15:0]  outer,         // counts of o0 to o3
    input  logic [23:0]       blocks,
    input  logic [1:0][15:0]  reductions,    // counts of r0 and r1
    output logic [2:0]        level,
    output logic              first_block,
    output logic              last_block,
    output logic              first_turn,    // first of the reduction's r0, r1
    output logic              last_turn,
    output logic              finished       // the last beat of all
);

  localparam int LEVELS = 7;

  logic [LEVELS-1:0][23:0] count, index;
  logic [LEVELS-1:0] at_last;

  assign count = {24'(reductions[1]), 24'(reductions[0]), blocks,
                  24'(outer[3]), 24'(outer[2]), 24'(outer[1]), 24'(outer[0])};

  always_comb begin
    level = '0;
    for (int i = 0; i < LEVELS; i++) begin
      at_last[i] = index[i] == count[i] - 1'b1;
      if (!at_last[i]) level = 3'(i);
    end
  end

  always_ff @(posedge clock) begin
    for (int i = 0; i < LEVELS; i++) begin
      if (restart || (advance && i > 32'(level))) index[i] <= '0;
      else if (advance && i == 32'(level)) index[i] <= index[i] + 1'b1;
    end
  end

  assign first_block = index[4] == '0;
  assign last_block = at_last[4];
  assign first_turn = index[5] == '0 && index[6] == '0;
  assign last_turn = at_last[5] && at_last[6];
  assign finished = at_last == '1;

endmodule

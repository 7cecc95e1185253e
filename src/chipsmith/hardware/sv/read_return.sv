// The way back of a read: picks its line among the groups, registers it, and turns it so that lane 0 comes first.
//
// An access that crosses from one group into the next picks both: each brings the bytes that it was asked for, and
// zeros beside them. Behind the register stands the turn alone, for a bank takes most of a cycle.
module read_return #(
    localparam int OFFSET_BITS = $clog2(chip::R)
) (
    input  logic                                clock,
    input  logic [OFFSET_BITS-1:0]              asked_offset,  // of the request in the cycle before
    input  logic [chip::G-1:0]                  asked_groups,  // those that it touches
    input  logic [chip::G-1:0][8*chip::R-1:0]   lines,         // of the groups
    output logic [8*chip::R-1:0]                data           // in the next cycle
);

  logic [OFFSET_BITS-1:0] turn;
  logic [8*chip::R-1:0] picked, line;

  always_comb begin
    picked = '0;
    for (int g = 0; g < chip::G; g++) if (asked_groups[g]) picked = picked | lines[g];
  end

  always_ff @(posedge clock) begin
    turn <= -asked_offset;
    line <= picked;
  end

  byte_rotator back (
      .turn(turn),
      .line(line),
      .turned(data)
  );

endmodule

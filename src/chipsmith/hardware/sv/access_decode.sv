// Where an access of up to R bytes at any byte address falls in the on-chip memory.
//
// Lines of R bytes alternate between the even and the odd bank of a group, so that an access touches at most one line
// of an even bank and one of an odd bank; at the end of a group the odd line and the even line lie in two groups.
module access_decode #(
    localparam int GROUP_LINES = chip::GB / chip::R,
    localparam int BANK_BITS = $clog2(GROUP_LINES) - 1,
    localparam int OFFSET_BITS = $clog2(chip::R)
) (
    input  logic                    valid,
    input  logic [23:0]             address,
    input  logic [chip::R-1:0]      lanes,
    input  logic [4:0]              first_group,
    input  logic [4:0]              last_group,
    output logic [OFFSET_BITS-1:0]  offset,      // place of lane 0 in its line
    output logic                    odd_first,   // lane 0 lies in the odd bank
    output logic [chip::G-1:0]      even_groups, // one-hot: the group whose even bank is touched; 0: none
    output logic [chip::G-1:0]      odd_groups,
    output logic [BANK_BITS-1:0]    even_line,
    output logic [BANK_BITS-1:0]    odd_line,
    output logic [chip::R-1:0]      even_lanes,
    output logic [chip::R-1:0]      odd_lanes,
    output logic                    outside      // a byte lies outside of the named groups
);

  localparam int LINE_BITS = 24 - OFFSET_BITS;
  localparam int GROUP_BITS = LINE_BITS - BANK_BITS - 1;

  logic [LINE_BITS-1:0] line;
  logic [LINE_BITS-2:0] even, odd;  // lines of the banks
  logic [chip::R-1:0] first_lanes, next_lanes;
  logic [GROUP_BITS-1:0] even_group, odd_group;
  logic even_used, odd_used, even_allowed, odd_allowed;

  assign offset = address[OFFSET_BITS-1:0];
  assign line = address[23:OFFSET_BITS];
  assign odd_first = line[0];
  assign odd = line[LINE_BITS-1:1];
  assign even = line[LINE_BITS-1:1] + (LINE_BITS - 1)'(odd_first);
  assign {next_lanes, first_lanes} = {{chip::R{1'b0}}, lanes} << offset;
  assign {odd_lanes, even_lanes} = odd_first ? {first_lanes, next_lanes} : {next_lanes, first_lanes};
  assign {even_group, even_line} = even;
  assign {odd_group, odd_line} = odd;

  assign even_used = valid && even_lanes != '0;
  assign odd_used = valid && odd_lanes != '0;
  assign even_allowed = 32'(even_group) >= 32'(first_group) && 32'(even_group) <= 32'(last_group);
  assign odd_allowed = 32'(odd_group) >= 32'(first_group) && 32'(odd_group) <= 32'(last_group);
  assign outside = (even_used && !even_allowed) || (odd_used && !odd_allowed);

  always_comb begin
    for (int g = 0; g < chip::G; g++) begin
      even_groups[g] = even_used && even_allowed && 32'(even_group) == g;
      odd_groups[g] = odd_used && odd_allowed && 32'(odd_group) == g;
    end
  end

endmodule

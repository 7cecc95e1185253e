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

  localparam int GROUP_BITS = 24 - OFFSET_BITS - 1 - BANK_BITS;

  logic [GROUP_BITS-1:0] group;  // of the odd line; the even one lies there too, or in the next group
  logic [BANK_BITS-1:0] line;
  logic [chip::R-1:0] first_lanes, next_lanes;
  logic [chip::G-1:0] allowed, here, previous;
  logic carry, even_used, odd_used;

  assign {group, line, odd_first, offset} = address;
  assign odd_line = line;
  assign even_line = line + BANK_BITS'(odd_first);
  assign carry = odd_first && line == '1;
  assign {next_lanes, first_lanes} = {{chip::R{1'b0}}, lanes} << offset;
  assign {odd_lanes, even_lanes} = odd_first ? {first_lanes, next_lanes} : {next_lanes, first_lanes};
  assign even_used = valid && even_lanes != '0;
  assign odd_used = valid && odd_lanes != '0;

  // The groups are told apart without the sum of the next one: a bank is reached late in the cycle.
  always_comb begin
    for (int g = 0; g < chip::G; g++) begin
      allowed[g] = g >= 32'(first_group) && g <= 32'(last_group);
      here[g] = 32'(group) == g;
      previous[g] = group == GROUP_BITS'(g - 1);
    end
  end

  assign even_groups = even_used ? allowed & (carry ? previous : here) : '0;
  assign odd_groups = odd_used ? allowed & here : '0;
  assign outside = (even_used && even_groups == '0) || (odd_used && odd_groups == '0);

endmodule

// The way back of a read: picks the two lines, turns them so that lane 0 comes first, and registers the answer.
module read_return #(
    localparam int OFFSET_BITS = $clog2(chip::R)
) (
    input  logic                                clock,
    input  logic [OFFSET_BITS-1:0]              offset,       // of the request, in the cycle of the request
    input  logic                                odd_first,
    input  logic [chip::G-1:0]                  even_groups,
    input  logic [chip::G-1:0]                  odd_groups,
    input  logic [chip::G-1:0][8*chip::R-1:0]   even_data,    // of the banks, in the cycle after
    input  logic [chip::G-1:0][8*chip::R-1:0]   odd_data,
    output logic [8*chip::R-1:0]                data          // in the cycle after that
);

  logic [OFFSET_BITS-1:0] asked_offset;
  logic asked_odd_first;
  logic [chip::G-1:0] asked_even, asked_odd;
  logic [8*chip::R-1:0] even_line, odd_line, first, second, turned;

  always_ff @(posedge clock) begin
    if ((even_groups | odd_groups) != '0) begin
      asked_offset <= offset;
      asked_odd_first <= odd_first;
      asked_even <= even_groups;
      asked_odd <= odd_groups;
    end
    data <= turned;
  end

  always_comb begin
    even_line = '0;
    odd_line = '0;
    for (int g = 0; g < chip::G; g++) begin
      if (asked_even[g]) even_line = even_line | even_data[g];
      if (asked_odd[g]) odd_line = odd_line | odd_data[g];
    end
  end

  assign first = asked_odd_first ? odd_line : even_line;
  assign second = asked_odd_first ? even_line : odd_line;
  assign turned = (8 * chip::R)'({second, first} >> {asked_offset, 3'b000});

endmodule

// Walks the lines of a stream that holds the channels of each output pixel: O, and RES (docs/machine.md, section 6).
//
// Order: channel blocks, output rows, output pixels, lines of R bytes. From the cycle after `open` the outputs
// describe the first line; `step` goes on to the next one.
module tensor_pixels #(
    localparam int BYTE_BITS = $clog2(4 * chip::C + 1)
) (
    input  logic                clock,
    input  logic                start,
    input  logic [23:0]         base,         // valid with start
    input  logic                open,         // the cycle after start
    input  logic [15:0]         rows,         // from then on, like all that follows
    input  logic [15:0]         columns,
    input  logic [15:0]         channels,
    input  logic [23:0]         row_stride,
    input  logic [23:0]         column_stride,
    input  logic [1:0]          size_log2,    // bytes of a channel
    input  logic                step,
    output logic [23:0]         address,
    output logic [chip::R-1:0]  lanes
);

  logic [23:0] block_start, row_start, pixel_start, from, by, next;
  logic [15:0] rows_left, columns_left, channels_left, next_channels;
  logic [BYTE_BITS-1:0] left, bytes;  // of the pixel's channels in the block: from this line on; all
  logic line_last, column_last, row_last;

  assign line_last = 32'(left) <= chip::R;
  assign column_last = columns_left == 16'd1;
  assign row_last = rows_left == 16'd1;
  assign next_channels = open ? channels
      : column_last && row_last ? channels_left - 16'(chip::C) : channels_left;
  assign bytes = (next_channels < 16'(chip::C) ? BYTE_BITS'(next_channels) : BYTE_BITS'(chip::C)) << size_log2;
  assign next = from + by;

  always_comb begin
    if (!line_last) {from, by} = {address, 24'(chip::R)};
    else if (!column_last) {from, by} = {pixel_start, column_stride};
    else if (!row_last) {from, by} = {row_start, row_stride};
    else {from, by} = {block_start, 24'(chip::C) << size_log2};
    for (int l = 0; l < chip::R; l++) lanes[l] = l < 32'(left);
  end

  always_ff @(posedge clock) begin
    if (start) address <= base;
    else if (step) address <= next;
    if (start) pixel_start <= base;
    else if (step && line_last) pixel_start <= next;
    if (start) row_start <= base;
    else if (step && line_last && column_last) row_start <= next;
    if (start) block_start <= base;
    else if (step && line_last && column_last && row_last) block_start <= next;
  end

  always_ff @(posedge clock) begin
    if (open || step) left <= open || line_last ? bytes : left - BYTE_BITS'(chip::R);
    if (open || (step && line_last)) begin
      channels_left <= next_channels;
      columns_left <= open || column_last ? columns : columns_left - 1'b1;
      if (open || column_last) rows_left <= open || row_last ? rows : rows_left - 1'b1;
    end
  end

endmodule

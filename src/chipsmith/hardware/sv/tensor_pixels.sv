// Walks the lines of a stream that holds the channels of each output pixel: O, and RES (docs/machine.md, section 6).
//
// Order: channel blocks, output rows, output pixels, lines of R bytes. From the cycle after `start` the outputs
// describe the first line; `step` goes on to the next one.
module tensor_pixels #(
    localparam int BYTE_BITS = $clog2(4 * chip::C + 1)
) (
    input  logic                clock,
    input  logic                start,
    input  logic [23:0]         base,         // valid with start, like the counts
    input  logic [15:0]         rows,
    input  logic [15:0]         columns,
    input  logic [15:0]         channels,
    input  logic [15:0]         kept_rows,    // the same from the next cycle on
    input  logic [15:0]         kept_columns,
    input  logic [23:0]         row_stride,   // from the next cycle on, like the size
    input  logic [23:0]         column_stride,
    input  logic [1:0]          size_log2,    // bytes of a channel
    input  logic                step,
    output logic [23:0]         address,
    output logic [chip::R-1:0]  lanes
);

  logic [23:0] block_start, row_start, pixel_start, next_block, next_row, next_pixel;
  logic [15:0] rows_left, columns_left, channels_left;
  logic [BYTE_BITS-1:0] bytes, done;  // of the pixel's channels in the block; before this line
  logic line_last, column_last, row_last;

  assign bytes = (channels_left < 16'(chip::C) ? BYTE_BITS'(channels_left) : BYTE_BITS'(chip::C)) << size_log2;
  assign line_last = 32'(done) + chip::R >= 32'(bytes);
  assign column_last = columns_left == 16'd1;
  assign row_last = rows_left == 16'd1;

  always_comb begin
    next_block = row_last ? block_start + (24'(chip::C) << size_log2) : block_start;
    next_row = row_last ? next_block : row_start + row_stride;
    next_pixel = column_last ? next_row : pixel_start + column_stride;
    for (int l = 0; l < chip::R; l++) lanes[l] = 32'(done) + l < 32'(bytes);
  end

  always_ff @(posedge clock) begin
    if (start) begin
      {block_start, row_start, pixel_start, address} <= {4{base}};
      rows_left <= rows;
      columns_left <= columns;
      channels_left <= channels;
      done <= '0;
    end else if (step) begin
      done <= line_last ? '0 : done + BYTE_BITS'(chip::R);
      address <= line_last ? next_pixel : address + 24'(chip::R);
      if (line_last) begin
        pixel_start <= next_pixel;
        columns_left <= column_last ? kept_columns : columns_left - 1'b1;
        if (column_last) begin
          row_start <= next_row;
          rows_left <= row_last ? kept_rows : rows_left - 1'b1;
          if (row_last) begin
            block_start <= next_block;
            channels_left <= channels_left - 16'(chip::C);
          end
        end
      end
    end
  end

endmodule

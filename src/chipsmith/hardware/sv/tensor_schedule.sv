// The order of a TENSOR's phases: channel blocks, tiles of pixels, taps, blocks of the run (docs/machine.md, section
// 6).
//
// Describes one phase, from the cycle after `open` on the first; `advance` goes on to the next one. The engine keeps
// it one phase ahead of the phase that reads activations: it is the phase whose weights are loaded.
module tensor_schedule #(
    localparam int ROW_BITS = $clog2(chip::R + 1),
    localparam int CHANNEL_BITS = $clog2(chip::C + 1),
    localparam int PIXEL_BITS = $clog2(chip::T)
) (
    input  logic                     clock,
    input  logic                     open,
    input  chip::tensor_t            fields,       // from then on
    input  logic [31:0]              pixels,       // output_height * output_width
    input  logic                     advance,
    output logic [ROW_BITS-1:0]      rows,         // reduction indices of the phase (CONV)
    output logic [CHANNEL_BITS-1:0]  channels,     // output channels of its block
    output logic [PIXEL_BITS-1:0]    last_pixel,   // output pixels of its tile, less 1
    output logic                     run_last,     // the last block of the run ...
    output logic                     x_last,       // ... of the last tap along x
    output logic                     y_last,
    output logic                     z_last,
    output logic                     phase_first,  // the first phase of its tile
    output logic                     phase_last,   // the last phase of its tile
    output logic                     row_last,     // its tile ends an output row (DEPTHWISE) or the block (CONV)
    output logic                     tile_first,   // its tile is the first of its block
    output logic                     tile_last,    // its tile is the last of its block
    output logic                     last,         // the last phase of all
    output logic [1:0]               set,          // the set of scales of its block
    output logic                     half          // its biases
);

  logic [15:0] x_left, y_left, z_left, rows_left, channels_left;
  logic [23:0] run_left;
  logic [31:0] left, all;
  logic depthwise, under_way;

  assign depthwise = fields.mode == chip::MODE_DEPTHWISE;
  assign rows = run_left < 24'(chip::R) ? ROW_BITS'(run_left) : ROW_BITS'(chip::R);
  assign channels = channels_left < 16'(chip::C) ? CHANNEL_BITS'(channels_left) : CHANNEL_BITS'(chip::C);
  assign run_last = depthwise || run_left <= 24'(chip::R);
  assign x_last = x_left == 16'd1;
  assign y_last = y_left == 16'd1;
  assign z_last = z_left == 16'd1;
  assign phase_last = run_last && x_last && y_last && z_last;

  // Pixels of the output row (DEPTHWISE) or of the block (CONV); `left`: from this tile on. Their product comes late.
  assign all = depthwise ? 32'(fields.output_width) : pixels;
  assign row_last = left <= 32'(chip::T);
  assign last_pixel = row_last ? PIXEL_BITS'(left - 32'd1) : PIXEL_BITS'(chip::T - 1);
  assign tile_last = row_last && (!depthwise || rows_left == 16'd1);
  assign last = phase_last && tile_last && channels_left <= 16'(chip::C);

  always_ff @(posedge clock) begin
    if (open || advance) run_left <= open || run_last ? fields.run : run_left - 24'(chip::R);
    if (open || (advance && run_last)) x_left <= open || x_last ? fields.kernel_x : x_left - 1'b1;
    if (open || (advance && run_last && x_last)) y_left <= open || y_last ? fields.kernel_y : y_left - 1'b1;
    if (open || (advance && run_last && x_last && y_last))
      z_left <= open || z_last ? fields.kernel_z : z_left - 1'b1;
  end

  always_ff @(posedge clock) begin
    if (open || advance) under_way <= !open;
    if (!under_way && !advance) left <= all;
    else if (advance && phase_last) left <= row_last ? all : left - 32'(chip::T);
  end

  always_ff @(posedge clock) begin
    if (open) begin
      phase_first <= 1'b1;
      tile_first <= 1'b1;
      rows_left <= fields.output_height;
      channels_left <= fields.output_channels;
      set <= 2'd0;
      half <= 1'b0;
    end else if (advance) begin
      phase_first <= phase_last;
      if (phase_last) begin
        tile_first <= tile_last;
        if (row_last) rows_left <= tile_last ? fields.output_height : rows_left - 1'b1;
        if (tile_last) begin
          channels_left <= channels_left - 16'(chip::C);
          set <= set == 2'd2 ? 2'd0 : set + 1'b1;
          half <= !half;
        end
      end
    end
  end

  wire unused = &{1'b0, fields};

endmodule

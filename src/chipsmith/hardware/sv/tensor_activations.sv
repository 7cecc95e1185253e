// Addresses and masks of the activations (docs/machine.md, section 6): one access a cycle of `reading`.
//
// CONV reads the run under each pixel of the tile, DEPTHWISE each input pixel that the tile's windows cover, R channels
// an access. Positions along x (bytes of a row in CONV, pixels in DEPTHWISE) and y count from the padding's edge, so
// that what is masked is decided by two comparisons with constants of the instruction. They are exact in 32 bits.
//
// Stage 0 steps the position, stage 1 adds the parts, stage 2 is the request. beside_* says what the access is for,
// with its data.
module tensor_activations #(
    localparam int ROW_BITS = $clog2(chip::R + 1),
    localparam int CHANNEL_BITS = $clog2(chip::C + 1),
    localparam int PIXEL_BITS = $clog2(chip::T),
    localparam int SEGMENTS = (chip::C + chip::R - 1) / chip::R,
    localparam int SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1
) (
    input  logic                     clock,
    input  logic                     reset,
    input  logic                     start,
    input  chip::tensor_t            fields,
    input  logic                     reading,
    input  logic                     advance,        // from the next cycle on, the phase after the one that reads
    input  logic [SEGMENT_BITS-1:0]  last_segment,   // accesses of a DEPTHWISE pixel, less 1
    input  logic [6:0]               window,         // pixels of a DEPTHWISE window, less 1
    input  logic [chip::R-1:0]       taps,           // the pixels of it that have a tap
    // products: see tensor_strides.sv
    input  logic [31:0]              step_x,
    input  logic [23:0]              step_y,
    input  logic [23:0]              pad_y,
    input  logic signed [41:0]       low,
    input  logic signed [41:0]       high,
    input  logic [31:0]              tap_x,
    input  logic [23:0]              tap_y,
    // the phase that reads: see tensor_schedule.sv
    input  logic [ROW_BITS-1:0]      rows,
    input  logic [CHANNEL_BITS-1:0]  channels,
    input  logic [PIXEL_BITS-1:0]    last_pixel,
    input  logic                     run_last,
    input  logic                     x_last,
    input  logic                     y_last,
    input  logic                     z_last,
    input  logic                     phase_first,
    input  logic                     phase_last,
    input  logic                     row_last,
    input  logic                     tile_last,
    input  logic                     tile,           // accumulators of the tile
    input  logic [1:0]               set,
    output logic                     read_last,      // this cycle's access is the last one of the phase
    output chip::read_request_t      read,
    output logic                     beside_valid,
    output logic [chip::R-1:0]       beside_lanes,   // bytes that are not masked
    output logic [SEGMENT_BITS-1:0]  beside_segment, // DEPTHWISE: the R channels of the access
    output logic                     beside_begin,   // the first access of its phase
    output logic                     beside_sum,     // completes the operands of an output pixel
    output logic                     beside_first,   // of the first phase of its tile
    output logic                     beside_tile,
    output logic [PIXEL_BITS-1:0]    beside_pixel,   // place in the tile
    output logic [1:0]               beside_set
);

  typedef struct packed {
    logic                     valid;
    logic                     begins;
    logic                     sum;
    logic                     first;
    logic                     tile;
    logic [PIXEL_BITS-1:0]    pixel;
    logic [1:0]               set;
    logic [SEGMENT_BITS-1:0]  segment;
  } access_t;

  typedef struct packed {
    logic [23:0]  x_address;
    logic [31:0]  x_position;
    logic [23:0]  y_address;
    logic [31:0]  y_position;
    logic [15:0]  column;      // output pixel of the row
  } place_t;

  logic depthwise;
  assign depthwise = fields.mode == chip::MODE_DEPTHWISE;

  // The place of the access, of the next one, and where the tile and the next tile begin.
  place_t place, after, tile_start, next_tile;
  logic [PIXEL_BITS-1:0] pixel;
  logic [SEGMENT_BITS-1:0] segment;
  logic [13:0] waits, until_sum;  // DEPTHWISE: input pixels before the next one that completes an output pixel
  logic begins, fresh, segment_end, sum, column_last;

  assign segment_end = !depthwise || segment == last_segment;
  assign waits = fresh ? 14'(window) : until_sum;
  assign sum = segment_end && (!depthwise || waits == 14'd0);
  assign read_last = sum && pixel == last_pixel;
  assign column_last = 17'(place.column) + 17'd1 == 17'(fields.output_width);

  always_comb begin
    after = place;
    if (depthwise) begin
      after.x_address = place.x_address + fields.pixel_pitch;
      after.x_position = place.x_position + 32'd1;
    end else if (column_last) begin
      after.column = '0;
      after.x_address = '0;
      after.x_position = '0;
      after.y_address = place.y_address + step_y;
      after.y_position = place.y_position + 32'(fields.stride_y);
    end else begin
      after.column = place.column + 1'b1;
      after.x_address = place.x_address + step_x[23:0];
      after.x_position = place.x_position + step_x;
    end
  end

  always_comb begin
    if (tile_last) begin
      next_tile = '0;
    end else if (!depthwise) begin
      next_tile = after;
    end else if (row_last) begin
      next_tile = '0;
      next_tile.y_address = tile_start.y_address + step_y;
      next_tile.y_position = tile_start.y_position + 32'(fields.stride_y);
    end else begin
      next_tile = tile_start;
      next_tile.x_address = tile_start.x_address + (step_x[23:0] << PIXEL_BITS);
      next_tile.x_position = tile_start.x_position + (32'(fields.stride_x) << PIXEL_BITS);
    end
  end

  always_ff @(posedge clock) begin
    if (start) begin
      place <= '0;
      tile_start <= '0;
    end else if (reading) begin
      if (read_last) begin
        place <= phase_last ? next_tile : tile_start;
        if (phase_last) tile_start <= next_tile;
      end else if (segment_end) begin
        place <= after;
      end
    end
  end

  always_ff @(posedge clock) begin
    if (start) begin
      pixel <= '0;
      segment <= '0;
      begins <= 1'b1;
      fresh <= 1'b1;
    end else if (reading) begin
      begins <= read_last;
      segment <= segment_end ? '0 : segment + 1'b1;
      if (sum) pixel <= read_last ? '0 : pixel + 1'b1;
      if (segment_end) begin
        fresh <= read_last;
        until_sum <= sum ? fields.stride_x - 1'b1 : waits - 1'b1;
      end
    end
  end

  // DEPTHWISE: pixels on which no tap of any window falls are not read, as they may lie outside of the stream. A window
  // begins every stride_x pixels; `pending` holds the taps of those that have begun, from the next pixel on.
  logic [chip::R-1:0] wanted, pending;
  logic [13:0] until_window;
  logic [PIXEL_BITS-1:0] windows_left;
  logic window_begins;

  assign window_begins = fresh || (windows_left != '0 && until_window == 14'd0);
  assign wanted = (window_begins ? taps : '0) | (fresh ? '0 : pending);

  always_ff @(posedge clock) begin
    if (reading && segment_end) begin
      pending <= wanted >> 1;
      until_window <= window_begins ? fields.stride_x - 1'b1 : until_window - 1'b1;
      if (window_begins) windows_left <= fresh ? last_pixel : windows_left - 1'b1;
    end
  end

  // Offsets of the phase: a step of z, of y, of x, of the run; and of the block's channels in DEPTHWISE.
  logic [23:0] base_block, base_z, base_y, base_x, base_run;
  logic [23:0] next_block, next_z, next_y, next_x, next_run;
  logic [31:0] position_x, position_run, position_y, next_position_x, next_position_y;

  always_comb begin
    next_block = depthwise && tile_last ? base_block + 24'(chip::C) : base_block;
    next_z = z_last ? next_block : base_z + fields.a_pitch_z;
    next_y = y_last ? next_z : base_y + tap_y;
    next_x = x_last ? next_y : base_x + tap_x[23:0];
    next_run = run_last ? next_x : base_run + 24'(chip::R);
    next_position_x = x_last ? '0 : position_x + tap_x;
    next_position_y = y_last ? '0 : position_y + 32'(fields.dilation_y);
  end

  always_ff @(posedge clock) begin
    if (start) begin
      {base_block, base_z, base_y, base_x, base_run} <= '0;
      {position_x, position_run, position_y} <= '0;
    end else if (advance) begin
      base_run <= next_run;
      position_run <= run_last ? next_position_x : position_run + 32'(chip::R);
      if (run_last) begin
        base_x <= next_x;
        position_x <= next_position_x;
      end
      if (run_last && x_last) begin
        base_y <= next_y;
        position_y <= next_position_y;
      end
      if (run_last && x_last && y_last) base_z <= next_z;
      if (run_last && x_last && y_last && z_last) base_block <= next_block;
    end
  end

  // Stage 1: the sums of the parts, and the lanes that the access has without masks.
  access_t access, summed, requested, answered, beside;  // stage 0, 1, 2, and with the data
  logic [23:0] offset, segment_offset, first_row;
  logic signed [31:0] x_position, y_position;
  logic [ROW_BITS-1:0] count;
  logic signed [CHANNEL_BITS+ROW_BITS:0] channels_left;

  assign segment_offset = depthwise ? 24'(segment) << $clog2(chip::R) : '0;
  assign channels_left = (CHANNEL_BITS + ROW_BITS + 1)'(channels) - (CHANNEL_BITS + ROW_BITS + 1)'(segment_offset);

  always_comb begin
    access.valid = reading;
    access.begins = begins;
    access.sum = sum;
    access.first = phase_first;
    access.tile = tile;
    access.pixel = pixel;
    access.set = set;
    access.segment = segment;
  end

  always_ff @(posedge clock) begin
    summed <= reset ? '0 : access;
    requested <= reset ? '0 : summed;
    answered <= reset ? '0 : requested;
    beside <= reset ? '0 : answered;
    offset <= place.x_address + place.y_address + base_run + segment_offset;
    x_position <= place.x_position + (depthwise ? '0 : position_run);
    y_position <= place.y_position + position_y;
    first_row <= fields.a_base - pad_y;
    if (!depthwise) count <= rows;
    else if (channels_left < 0 || !wanted[0]) count <= '0;
    else if (channels_left > (CHANNEL_BITS + ROW_BITS + 1)'(chip::R)) count <= ROW_BITS'(chip::R);
    else count <= ROW_BITS'(channels_left);
  end

  // Stage 2: the address from the padding's edge, and the bytes that lie in the row.
  logic signed [42:0] outside, room;  // bytes (CONV) or pixels (DEPTHWISE) up to the row's first byte and its end
  logic [23:0] read_address;
  logic [chip::R-1:0] lanes, read_lanes;
  logic row_valid;

  always_comb begin
    if (depthwise) begin
      outside = 43'(fields.pad_left) - 43'(x_position);
      room = 43'(fields.pad_left) + $signed({27'd0, fields.input_width}) - 43'(x_position);
    end else begin
      outside = 43'(low) - 43'(x_position);
      room = 43'(high) - 43'(x_position);
    end
    row_valid = y_position >= 32'(fields.pad_top)
        && 33'(y_position) < $signed({17'd0, fields.input_height}) + 33'(fields.pad_top);
    for (int l = 0; l < chip::R; l++) begin
      lanes[l] = row_valid && l < 32'(count)
          && (depthwise ? outside <= 0 && room > 0 : outside <= 43'(l) && room > 43'(l));
    end
  end

  always_ff @(posedge clock) begin
    read_address <= first_row - low[23:0] + offset;
    read_lanes <= lanes;
  end

  assign read.valid = requested.valid;
  assign read.address = read_address;
  assign read.lanes = read_lanes;
  assign read.first_group = fields.a_first_group;
  assign read.last_group = fields.a_last_group;

  // Beside the memory.
  logic [chip::R-1:0] answered_lanes;

  always_ff @(posedge clock) begin
    answered_lanes <= read_lanes;
    beside_lanes <= answered_lanes;
  end

  assign beside_valid = beside.valid;
  assign beside_begin = beside.begins;
  assign beside_sum = beside.sum;
  assign beside_first = beside.first;
  assign beside_tile = beside.tile;
  assign beside_pixel = beside.pixel;
  assign beside_set = beside.set;
  assign beside_segment = beside.segment;

  wire unused = &{1'b0, fields};

endmodule

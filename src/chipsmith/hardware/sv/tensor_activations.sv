// Addresses and masks of the activations (docs/machine.md, section 6): one access a cycle of `reading`.
//
// CONV reads the run under each pixel of the tile, DEPTHWISE each input pixel that the tile's windows cover, R channels
// an access. Positions along x (bytes of a row in CONV, pixels in DEPTHWISE) and y count from the input's edge and are
// exact in 32 bits. What a phase adds to them and to the address begins at the padding's corner.
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
    input  logic                     open,
    input  chip::tensor_t            fields,
    input  logic                     reading,
    input  logic                     begin_first,    // from the next cycle on, the first phase reads
    input  logic                     advance,        // from the next cycle on, the phase after the one that reads
    input  logic [SEGMENT_BITS-1:0]  last_segment,   // accesses of a DEPTHWISE pixel, less 1
    input  logic [6:0]               window,         // pixels of a DEPTHWISE window, less 1
    input  logic [chip::R-1:0]       taps,           // the pixels of it that have a tap
    // products: see tensor_strides.sv
    input  logic [31:0]              x_origin,
    input  logic [31:0]              x_end,
    input  logic [23:0]              origin,
    input  logic [31:0]              step_x,
    input  logic [23:0]              step_y,
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
    input  logic                     half,           // biases of the tile
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
    output logic                     beside_half
);

  typedef struct packed {
    logic                     valid;
    logic                     begins;
    logic                     sum;
    logic                     first;
    logic                     tile;
    logic [PIXEL_BITS-1:0]    pixel;
    logic                     half;
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

  logic [31:0] x_step;
  logic [23:0] x_address_step, y_address;
  logic [31:0] y_position;

  assign x_step = depthwise ? 32'd1 : step_x;
  assign x_address_step = depthwise ? fields.pixel_pitch : step_x[23:0];
  assign y_address = (depthwise ? tile_start.y_address : place.y_address) + step_y;
  assign y_position = (depthwise ? tile_start.y_position : place.y_position) + 32'(fields.stride_y);

  always_comb begin
    after = place;
    if (!depthwise && column_last) begin
      after = '0;
      after.y_address = y_address;
      after.y_position = y_position;
    end else begin
      after.column = place.column + 1'b1;
      after.x_address = place.x_address + x_address_step;
      after.x_position = place.x_position + x_step;
    end
  end

  always_comb begin
    if (tile_last) begin
      next_tile = '0;
    end else if (!depthwise) begin
      next_tile = after;
    end else if (row_last) begin
      next_tile = '0;
      next_tile.y_address = y_address;
      next_tile.y_position = y_position;
    end else begin
      next_tile = tile_start;
      next_tile.x_address = tile_start.x_address + (step_x[23:0] << PIXEL_BITS);
      next_tile.x_position = tile_start.x_position + (32'(fields.stride_x) << PIXEL_BITS);
    end
  end

  always_ff @(posedge clock) begin
    if (open) begin
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
    if (open) begin
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

  // What the phase adds: a step of z, of y, of x, of the run; and of the block's channels in DEPTHWISE.
  logic [23:0] base_block, base_z, base_y, base_x, base_run, from, by, next;
  logic [31:0] position_x, position_run, position_y, next_position;

  always_comb begin
    if (!run_last) {from, by} = {base_run, 24'(chip::R)};
    else if (!x_last) {from, by} = {base_x, tap_x[23:0]};
    else if (!y_last) {from, by} = {base_y, tap_y};
    else if (!z_last) {from, by} = {base_z, fields.a_pitch_z};
    else {from, by} = {base_block, depthwise && tile_last ? 24'(chip::C) : 24'd0};
  end

  assign next = begin_first ? origin : from + by;
  assign next_position = begin_first || (run_last && x_last) ? x_origin
      : run_last ? position_x + tap_x : position_run + 32'(chip::R);

  always_ff @(posedge clock) begin
    if (begin_first || advance) begin
      base_run <= next;
      position_run <= next_position;
    end
    if (begin_first || (advance && run_last)) begin
      base_x <= next;
      position_x <= next_position;
    end
    if (begin_first || (advance && run_last && x_last)) begin
      base_y <= next;
      position_y <= begin_first || y_last ? 32'd0 - 32'(fields.pad_top) : position_y + 32'(fields.dilation_y);
    end
    if (begin_first || (advance && run_last && x_last && y_last)) base_z <= next;
    if (begin_first || (advance && run_last && x_last && y_last && z_last)) base_block <= next;
  end

  // Stage 1: the sums of the parts, and the lanes that the access has without masks.
  access_t access, summed, requested, answered, beside;  // stage 0, 1, 2, and with the data
  logic [23:0] address, segment_offset;
  logic [31:0] x, y;
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
    access.half = half;
    access.segment = segment;
  end

  always_ff @(posedge clock) begin
    summed <= reset ? '0 : access;
    requested <= reset ? '0 : summed;
    answered <= reset ? '0 : requested;
    beside <= reset ? '0 : answered;
    address <= place.x_address + place.y_address + base_run + segment_offset;
    x <= place.x_position + position_run;
    y <= place.y_position + position_y;
    if (!depthwise) count <= rows;
    else if (channels_left < 0 || !wanted[0]) count <= '0;
    else if (channels_left > (CHANNEL_BITS + ROW_BITS + 1)'(chip::R)) count <= ROW_BITS'(chip::R);
    else count <= ROW_BITS'(channels_left);
  end

  // Stage 2: the bytes that lie in the row. The first lanes may lie before it, the last ones beyond its end.
  localparam int LANE_BITS = $clog2(chip::R);

  logic [32:0] room;  // bytes (CONV) or pixels (DEPTHWISE) up to the row's end, as signed 33 bits
  logic [23:0] read_address;
  logic [chip::R-1:0] begun, ended, lanes, read_lanes;
  logic row_valid;

  assign room = {1'b0, x_end} - {x[31], x};
  assign row_valid = y[31:16] == '0 && y[15:0] < fields.input_height;

  always_comb begin
    for (int l = 0; l < chip::R; l++) begin
      begun[l] = !x[31] || (&x[31:LANE_BITS] && 32'(x[LANE_BITS-1:0]) + l >= chip::R);
      ended[l] = room[32] || (room[31:LANE_BITS] == '0 && 32'(room[LANE_BITS-1:0]) <= l);
      lanes[l] = row_valid && l < 32'(count) && (depthwise ? begun[0] && !ended[0] : begun[l] && !ended[l]);
    end
  end

  always_ff @(posedge clock) begin
    read_address <= address;
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
  assign beside_half = beside.half;
  assign beside_segment = beside.segment;

  wire unused = &{1'b0, fields};

endmodule

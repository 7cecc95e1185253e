// Loads the weights of a phase, and with the first phase of a channel block its parameter records
// (docs/machine.md, section 6): one slot a cycle; slots of channels or rows that the block lacks stay idle.
//
// The slot of a cycle becomes a request two cycles later, like an activation address, and its bytes return
// READ_LATENCY after that. What the bytes are is said beside them: weight_* with the data, record_* DELAY later,
// because the drain of an earlier block may use the registers that the records overwrite until then.
module tensor_loads #(
    localparam int ROW_BITS = $clog2(chip::R + 1),
    localparam int CHANNEL_BITS = $clog2(chip::C + 1),
    localparam int INDEX_BITS = $clog2(chip::R > chip::C ? chip::R : chip::C),
    localparam int SEGMENTS = (chip::C + chip::R - 1) / chip::R,
    localparam int SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1,
    localparam int LINES = (9 * chip::C + chip::R - 1) / chip::R,
    localparam int LINE_BITS = $clog2(LINES + 1)
) (
    input  logic                     clock,
    input  logic                     reset,
    input  logic                     start,
    input  logic [23:0]              weight_base,   // valid with start
    input  logic [23:0]              record_base,
    input  logic                     open,          // the cycle after start
    input  chip::tensor_t            fields,        // from then on
    input  logic                     advance,       // from the next cycle on, the load of the following phase
    input  logic                     loading,       // this cycle is a slot
    input  logic [CHANNEL_BITS-1:0]  full_block,    // channels of a full block of this instruction; valid with open
    input  logic [SEGMENT_BITS-1:0]  last_segment,  // lines of a full block's bytes, less 1
    input  logic [6:0]               window,        // pixels of a DEPTHWISE window, less 1
    // the phase that is loaded: see tensor_schedule.sv
    input  logic [ROW_BITS-1:0]      rows,
    input  logic [CHANNEL_BITS-1:0]  channels,
    input  logic                     run_last,
    input  logic                     x_last,
    input  logic                     y_last,
    input  logic                     z_last,
    input  logic                     phase_first,
    input  logic                     tile_first,
    input  logic                     tile_last,
    input  logic [1:0]               set,
    input  logic                     half,
    output logic [chip::R-1:0]       taps,          // DEPTHWISE: the pixels of a window that have a tap
    output logic                     load_last,     // this cycle's slot is the last one of the load
    output chip::read_request_t      read,
    input  logic [8*chip::R-1:0]     data,
    output logic                     weight_valid,
    output logic [chip::R-1:0]       weight_lanes,  // bytes of the line; the others are undefined
    output logic                     weight_first,  // the first line of a phase: the others are stale
    output logic [INDEX_BITS-1:0]    weight_index,  // column (weights by column) or row (by row) of the array
    output logic [SEGMENT_BITS-1:0]  weight_segment,  // by row: the R columns that the line belongs to
    output logic                     record_valid,
    output logic [1:0]               record_set,
    output logic                     record_half,
    output logic [LINE_BITS-1:0]     record_line,   // R bytes of the block's records
    output logic [8*chip::R-1:0]     record_data
);

  localparam int DELAY = 2;
  localparam int BIAS_BLOCK = 4 * chip::C;  // bytes of a block's records
  localparam int RECORD_BLOCK = 9 * chip::C;
  localparam int BIAS_LINES = (BIAS_BLOCK + chip::R - 1) / chip::R;
  localparam int RECORD_BITS = $clog2(9 * chip::C + chip::R + 1) + 1;
  localparam int COUNT_BITS = $clog2(chip::R + 1);

  typedef struct packed {
    logic                     weight;
    logic                     record;
    logic                     first;
    logic [INDEX_BITS-1:0]    index;
    logic [SEGMENT_BITS-1:0]  segment;
    logic [1:0]               set;
    logic                     half;
    logic [LINE_BITS-1:0]     line;
  } line_t;

  logic by_column, depthwise, by_bias, has_records, in_records, weights_last, records_last;
  logic [23:0] address, record_address;
  logic [INDEX_BITS-1:0] outer, last_outer;
  logic [SEGMENT_BITS-1:0] segment;
  logic [LINE_BITS-1:0] line, last_line;
  logic [6:0] tap_row;

  assign depthwise = fields.mode == chip::MODE_DEPTHWISE;
  assign by_column = !depthwise && fields.weights_by == chip::WEIGHTS_BY_COLUMN;

  assign by_bias = fields.parameters == chip::CHANNEL_RECORD_BIAS;

  // Phase bases: the weights of the first channel and index of a block, a step of z, of y, of x, of the run.
  logic [23:0] base_block, base_z, base_y, base_x, base_run;
  logic [23:0] from, by, next, run_step, block_step;

  assign run_step = by_column ? 24'(chip::R) : fields.w_stride << $clog2(chip::R);
  assign block_step = by_column ? fields.w_stride << $clog2(chip::C) : 24'(chip::C);

  always_comb begin
    if (!run_last) {from, by} = {base_run, run_step};
    else if (!x_last) {from, by} = {base_x, fields.w_stride_x};
    else if (!y_last) {from, by} = {base_y, fields.w_stride_y};
    else if (!z_last) {from, by} = {base_z, fields.w_stride_z};
    else {from, by} = {base_block, tile_last ? block_step : 24'd0};
  end

  assign next = from + by;

  always_ff @(posedge clock) begin
    if (start) base_run <= weight_base;
    else if (advance) base_run <= next;
    if (start) base_x <= weight_base;
    else if (advance && run_last) base_x <= next;
    if (start) base_y <= weight_base;
    else if (advance && run_last && x_last) base_y <= next;
    if (start) base_z <= weight_base;
    else if (advance && run_last && x_last && y_last) base_z <= next;
    if (start) base_block <= weight_base;
    else if (advance && run_last && x_last && y_last && z_last) base_block <= next;
  end

  // The slots of a load: lines of weights by (outer, segment), then lines of records.
  assign has_records = phase_first && tile_first && fields.parameters != chip::CHANNEL_RECORD_NONE;
  assign weights_last = !in_records && outer == last_outer && (by_column || segment == last_segment);

  logic [RECORD_BITS-1:0] block_bytes, record_bytes, line_bytes;
  assign block_bytes = by_bias ? RECORD_BITS'(full_block) << 2
      : (RECORD_BITS'(full_block) << 3) + RECORD_BITS'(full_block);
  assign record_bytes = by_bias ? RECORD_BITS'(channels) << 2 : (RECORD_BITS'(channels) << 3) + RECORD_BITS'(channels);
  assign line_bytes = RECORD_BITS'(line) << $clog2(chip::R);
  assign records_last = in_records && line == last_line;
  assign load_last = records_last || (weights_last && !has_records);

  always_ff @(posedge clock) begin
    if (open) begin
      last_outer <= by_column ? INDEX_BITS'(full_block - 1'b1)
          : fields.run > 24'(chip::R) ? INDEX_BITS'(chip::R - 1) : INDEX_BITS'(fields.run - 1'b1);
      last_line <= LINE_BITS'((block_bytes - 1'b1) >> $clog2(chip::R));
    end
  end

  always_ff @(posedge clock) begin
    if (open || advance) begin
      outer <= '0;
      segment <= '0;
      line <= '0;
      in_records <= 1'b0;
      address <= open ? base_run : next;
    end else if (loading) begin
      if (weights_last) in_records <= 1'b1;
      if (in_records) line <= line + 1'b1;
      segment <= by_column || segment == last_segment ? '0 : segment + 1'b1;
      if (by_column || segment == last_segment) begin
        outer <= outer + 1'b1;
        address <= address + fields.w_stride;
      end
    end
  end

  // DEPTHWISE: the last tap along x meets the newest pixel, in row 0; the first one the oldest.
  always_ff @(posedge clock) begin
    if (open || advance) tap_row <= '0;
    else if (loading && segment == last_segment) tap_row <= tap_row + 7'(fields.dilation_x);
    for (int p = 0; p < chip::R; p++) begin
      if (open) taps[p] <= 1'b0;
      else if (depthwise && loading && !in_records && 32'(tap_row) == p) taps[p] <= 1'b1;
    end
  end

  // A full block's last line may be a part of one: the next block's first line begins where it ends.
  logic [23:0] record_step;
  assign record_step = !records_last ? 24'(chip::R)
      : by_bias ? 24'(BIAS_BLOCK - (BIAS_LINES - 1) * chip::R) : 24'(RECORD_BLOCK - (LINES - 1) * chip::R);

  always_ff @(posedge clock) begin
    if (start) record_address <= record_base;
    else if (loading && in_records) record_address <= record_address + record_step;
  end

  // Stage 0: which bytes the slot needs.
  logic signed [RECORD_BITS:0] channels_left, bytes_left;
  logic [COUNT_BITS-1:0] count;
  logic made;

  assign channels_left = (RECORD_BITS + 1)'(channels) - ((RECORD_BITS + 1)'(segment) << $clog2(chip::R));
  assign bytes_left = (RECORD_BITS + 1)'(record_bytes) - (RECORD_BITS + 1)'(line_bytes);

  always_comb begin
    if (in_records) begin
      made = bytes_left > 0;
      count = bytes_left > (RECORD_BITS + 1)'(chip::R) ? COUNT_BITS'(chip::R) : COUNT_BITS'(bytes_left);
    end else if (by_column) begin
      made = 32'(outer) < 32'(channels);
      count = COUNT_BITS'(rows);
    end else begin
      made = channels_left > 0 && (depthwise || 32'(outer) < 32'(rows));
      count = channels_left > (RECORD_BITS + 1)'(chip::R) ? COUNT_BITS'(chip::R) : COUNT_BITS'(channels_left);
    end
  end

  // Stages 1 and 2, and the way of what the line is beside the memory.
  line_t slot, formed, requested, answered, beside;  // stages 0, 1, 2, and with the data
  logic [23:0] slot_address, read_address;
  logic [chip::R-1:0] read_lanes, answered_lanes;
  logic [COUNT_BITS-1:0] slot_count;
  logic [6:0] tap_place;

  assign tap_place = window - tap_row;
  always_comb begin
    slot.weight = loading && !in_records && made;
    slot.record = loading && in_records && made;
    slot.first = outer == '0 && segment == '0;
    slot.index = depthwise ? INDEX_BITS'(tap_place) : outer;
    slot.segment = segment;
    slot.set = set;
    slot.half = half;
    slot.line = line;
  end

  always_ff @(posedge clock) begin
    slot_address <= in_records ? record_address : by_column ? address : address + (24'(segment) << $clog2(chip::R));
    slot_count <= count;
    formed <= reset ? '0 : slot;
    requested <= reset ? '0 : formed;
    answered <= reset ? '0 : requested;
    beside <= reset ? '0 : answered;
    read_address <= slot_address;
    answered_lanes <= read_lanes;
    weight_lanes <= answered_lanes;
    for (int i = 0; i < chip::R; i++) read_lanes[i] <= i < 32'(slot_count);
  end

  assign read.valid = requested.weight || requested.record;
  assign read.address = read_address;
  assign read.lanes = read_lanes;
  assign read.first_group = requested.record ? fields.param_first_group : fields.w_first_group;
  assign read.last_group = requested.record ? fields.param_last_group : fields.w_last_group;

  assign weight_valid = beside.weight;
  assign weight_first = beside.first;
  assign weight_index = beside.index;
  assign weight_segment = beside.segment;

  // Records wait until no drain uses their registers any more.
  logic [DELAY:1] late_valid;
  logic [DELAY:1][1:0] late_set;
  logic [DELAY:1] late_half;
  logic [DELAY:1][LINE_BITS-1:0] late_line;
  logic [DELAY:1][8*chip::R-1:0] late_data;

  always_ff @(posedge clock) begin
    late_valid <= {late_valid[DELAY-1:1], beside.record};
    late_set <= {late_set[DELAY-1:1], beside.set};
    late_half <= {late_half[DELAY-1:1], beside.half};
    late_line <= {late_line[DELAY-1:1], beside.line};
    late_data <= {late_data[DELAY-1:1], data};
    if (reset) late_valid <= '0;
  end

  assign record_valid = late_valid[DELAY];
  assign record_set = late_set[DELAY];
  assign record_half = late_half[DELAY];
  assign record_line = late_line[DELAY];
  assign record_data = late_data[DELAY];

  wire unused = &{1'b0, fields, tap_place, bytes_left, channels_left};

endmodule

// The TENSOR engine (docs/machine.md, section 6).
//
// start       High for one cycle, the cycle s_i of the contract, only while busy is low. `instruction` is valid in
//             that cycle alone: keep what you need. Its first memory request stands in cycle s_i + 1 at the earliest
//             (a request in s_i itself would have to pass from the instruction through address arithmetic
//             into the memory in one cycle).
// busy        Low in the cycles in which `start` may come. High in cycles s_i + 1 to s_i + engine_cycles - 1 and low
//             in cycle s_i + engine_cycles (when the next start may already come). Comes from registers.
//             The locks of the instruction are freed with it: the last memory request and the last multiply request
//             stand in cycle s_i + engine_cycles - 1 at the latest.
// *_read      A read request in cycle t is answered on *_data in cycle t + chip::READ_LATENCY (and only then). Every
//             port takes a request each cycle; there is no back pressure. Which accesses may share a cycle is the
//             engine's duty: two accesses of one bank group in a cycle are an error (CONFLICT).
//             a_read: stream A. w_read: streams W and P. r_read: stream RES.
// o_write     Stream O.
// multiply    A pass in cycle t is answered on `scaled` in cycle t + chip::MULTIPLY_LATENCY. The engine may drive
//             multiply.valid only for an instruction that names the multipliers.
//
// Requests carry the first and last group of their own stream. Drive a request's other fields with anything while
// valid is low. Reset is synchronous; after it busy is low.
//
// active      High in every cycle at whose end registers of the engine change, but for that of `start`.
//
// Instructions may stand on `instruction` late in the cycle of `start`: it is registered, or loaded into counters. What
// follows from its fields is registered at the end of the next cycle, `open`. tensor_sequence names accesses and slots
// by the clock of the contract, two cycles after it. From there on:
//
//   cycle   activations               weights            records            slots of the drain
//     2     request                   request            request
//     4     data to operands          data to `loaded`   data
//     5     products, sums of 4,
//           row read
//     6     sums of R, row kept                          to the registers
//     7     row + sums written                                              row read, a token starts
//     8                                                                     request of the scale
//    14                                                                     written (see tensor_drain.sv)
module tensor_engine (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      start,
    input  chip::tensor_t             instruction,
    output logic                      busy,
    output logic                      active,
    output chip::read_request_t       a_read,
    input  logic [8*chip::R-1:0]      a_data,
    output chip::read_request_t       w_read,
    input  logic [8*chip::R-1:0]      w_data,
    output chip::read_request_t       r_read,
    input  logic [8*chip::R-1:0]      r_data,
    output chip::write_request_t      o_write,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled
);

  localparam int ROW_BITS = $clog2(chip::R + 1);
  localparam int CHANNEL_BITS = $clog2(chip::C + 1);
  localparam int PIXEL_BITS = $clog2(chip::T);
  localparam int INDEX_BITS = $clog2(chip::R > chip::C ? chip::R : chip::C);
  localparam int SEGMENTS = (chip::C + chip::R - 1) / chip::R;
  localparam int SEGMENT_BITS = SEGMENTS > 1 ? $clog2(SEGMENTS) : 1;
  localparam int RECORD_LINES = (9 * chip::C + chip::R - 1) / chip::R;
  localparam int RECORD_LINE_BITS = $clog2(RECORD_LINES + 1);
  localparam int SUM_BITS = 17 + $clog2(chip::R);
  localparam int LANES = chip::M < chip::R ? (chip::M < chip::C ? chip::M : chip::C)
      : chip::R < chip::C ? chip::R : chip::C;
  localparam int GROUP_BITS = chip::C > LANES ? $clog2(chip::C / LANES) : 1;

  // A phase of the schedule: see tensor_schedule.sv.
  typedef struct packed {
    logic [ROW_BITS-1:0]      rows;
    logic [CHANNEL_BITS-1:0]  channels;
    logic [PIXEL_BITS-1:0]    last_pixel;
    logic                     run_last;
    logic                     x_last;
    logic                     y_last;
    logic                     z_last;
    logic                     phase_first;
    logic                     phase_last;
    logic                     row_last;
    logic                     tile_first;
    logic                     tile_last;
    logic                     last;
    logic [1:0]               set;
    logic                     half;
  } phase_t;

  chip::tensor_t fields;
  phase_t ahead, current;  // the phase that is loaded, and the one that reads
  logic current_valid, tile, open;

  assign active = busy;

  always_ff @(posedge clock) begin
    if (start) fields <= instruction;
  end

  // Constants of the instruction.
  logic depthwise, by_column, has_records, serial, alone;
  logic [CHANNEL_BITS-1:0] full_block, block;
  logic [SEGMENT_BITS-1:0] last_segment;
  logic [6:0] window;
  logic [5:0] pipe;

  function automatic logic meet(logic [4:0] first, logic [4:0] last, logic [4:0] other_first, logic [4:0] other_last);
    meet = first <= other_last && other_first <= last;
  endfunction

  assign depthwise = fields.mode == chip::MODE_DEPTHWISE;
  assign by_column = !depthwise && fields.weights_by == chip::WEIGHTS_BY_COLUMN;
  assign has_records = fields.parameters != chip::CHANNEL_RECORD_NONE;
  assign pipe = fields.residual ? 6'(chip::TENSOR_PIPE + chip::RESIDUAL_PIPE) : 6'(chip::TENSOR_PIPE);
  assign full_block = fields.output_channels < 16'(chip::C) ? CHANNEL_BITS'(fields.output_channels)
      : CHANNEL_BITS'(chip::C);

  always_ff @(posedge clock) begin
    if (open) begin
      serial <= meet(fields.a_first_group, fields.a_last_group, fields.w_first_group, fields.w_last_group)
          || (has_records
              && meet(fields.a_first_group, fields.a_last_group, fields.param_first_group, fields.param_last_group));
      alone <= drain_meets(fields.o_first_group, fields.o_last_group)
          || (fields.residual && drain_meets(fields.res_first_group, fields.res_last_group));
      block <= full_block;
      last_segment <= SEGMENT_BITS'((32'(full_block) - 1) / chip::R);
      window <= (7'(fields.run) - 7'd1) * 7'(fields.dilation_x);
    end
  end

  // Whether bank groups of the drain are some of the activations, weights or records.
  function automatic logic drain_meets(logic [4:0] first, logic [4:0] last);
    drain_meets = meet(first, last, fields.a_first_group, fields.a_last_group)
        || meet(first, last, fields.w_first_group, fields.w_last_group)
        || (has_records && meet(first, last, fields.param_first_group, fields.param_last_group));
  endfunction

  // The products of the address arithmetic.
  logic [31:0] x_origin, x_end, pixels, step_x, tap_x;
  logic [23:0] origin, step_y, tap_y;

  tensor_strides strides (
      .clock(clock),
      .reset(reset),
      .start(start),
      .base(instruction.a_base),
      .fields(fields),
      .x_origin(x_origin),
      .x_end(x_end),
      .origin(origin),
      .pixels(pixels),
      .step_x(step_x),
      .step_y(step_y),
      .tap_x(tap_x),
      .tap_y(tap_y)
  );

  // The order of the phases, and their times.
  logic reading, loading, read_last, load_last, begin_phase, begin_drain, draining, drain_last;

  tensor_schedule schedule (
      .clock(clock),
      .open(open),
      .fields(fields),
      .pixels(pixels),
      .advance(begin_phase),
      .rows(ahead.rows),
      .channels(ahead.channels),
      .last_pixel(ahead.last_pixel),
      .run_last(ahead.run_last),
      .x_last(ahead.x_last),
      .y_last(ahead.y_last),
      .z_last(ahead.z_last),
      .phase_first(ahead.phase_first),
      .phase_last(ahead.phase_last),
      .row_last(ahead.row_last),
      .tile_first(ahead.tile_first),
      .tile_last(ahead.tile_last),
      .last(ahead.last),
      .set(ahead.set),
      .half(ahead.half)
  );

  tensor_sequence sequence_ (
      .clock(clock),
      .reset(reset),
      .start(start),
      .serial(serial),
      .alone(alone),
      .pipe(pipe),
      .phase_last(current.phase_last),
      .last(current.last),
      .load_follows(!ahead.last),
      .read_last(read_last),
      .load_last(load_last),
      .draining(draining),
      .drain_last(drain_last),
      .busy(busy),
      .open(open),
      .reading(reading),
      .loading(loading),
      .begin_phase(begin_phase),
      .begin_drain(begin_drain)
  );

  always_ff @(posedge clock) begin
    if (open) begin
      current_valid <= 1'b0;
      tile <= 1'b0;
    end else begin
      if (begin_phase) begin
        current <= ahead;
        current_valid <= 1'b1;
      end
      if (begin_drain) tile <= !tile;
    end
  end

  // Weights and records.
  logic weight_valid, weight_first, record_valid;
  logic [INDEX_BITS-1:0] weight_index;
  logic [SEGMENT_BITS-1:0] weight_segment;
  logic [1:0] record_set, scale_set;
  logic record_half, bias_half;
  logic [RECORD_LINE_BITS-1:0] record_line;
  logic [8*chip::R-1:0] record_data;
  logic [chip::R-1:0] taps, weight_lanes;
  logic [chip::C-1:0][31:0] bias;
  logic [GROUP_BITS-1:0] scale_group;
  logic [LANES-1:0][31:0] scale_multiplier;
  logic [LANES-1:0][5:0] scale_shift;

  tensor_loads loads (
      .clock(clock),
      .reset(reset),
      .start(start),
      .weight_base(instruction.w_base),
      .record_base(instruction.param_base),
      .open(open),
      .fields(fields),
      .advance(begin_phase),
      .loading(loading),
      .full_block(full_block),
      .last_segment(last_segment),
      .window(window),
      .rows(ahead.rows),
      .channels(ahead.channels),
      .run_last(ahead.run_last),
      .x_last(ahead.x_last),
      .y_last(ahead.y_last),
      .z_last(ahead.z_last),
      .phase_first(ahead.phase_first),
      .tile_first(ahead.tile_first),
      .tile_last(ahead.tile_last),
      .set(ahead.set),
      .half(ahead.half),
      .taps(taps),
      .load_last(load_last),
      .read(w_read),
      .data(w_data),
      .weight_valid(weight_valid),
      .weight_lanes(weight_lanes),
      .weight_first(weight_first),
      .weight_index(weight_index),
      .weight_segment(weight_segment),
      .record_valid(record_valid),
      .record_set(record_set),
      .record_half(record_half),
      .record_line(record_line),
      .record_data(record_data)
  );

  tensor_records #(.LANES(LANES), .GROUP_BITS(GROUP_BITS)) records (
      .clock(clock),
      .fields(fields),
      .write(record_valid),
      .write_set(record_set),
      .write_half(record_half),
      .write_line(record_line),
      .write_data(record_data),
      .bias_half(bias_half),
      .bias(bias),
      .scale_set(scale_set),
      .scale_group(scale_group),
      .multiplier(scale_multiplier),
      .shift(scale_shift)
  );

  // Activations, the array and its sums.
  logic access_valid, access_begins, access_sum, access_first, access_tile;
  logic [chip::R-1:0] access_lanes;
  logic [SEGMENT_BITS-1:0] access_segment;
  logic [PIXEL_BITS-1:0] access_pixel;
  logic access_half;
  logic [chip::C-1:0][SUM_BITS-1:0] sums;

  tensor_activations activations (
      .clock(clock),
      .reset(reset),
      .open(open),
      .fields(fields),
      .reading(reading),
      .begin_first(begin_phase && !current_valid),
      .advance(begin_phase && current_valid),
      .last_segment(last_segment),
      .window(window),
      .taps(taps),
      .x_origin(x_origin),
      .x_end(x_end),
      .origin(origin),
      .step_x(step_x),
      .step_y(step_y),
      .tap_x(tap_x),
      .tap_y(tap_y),
      .rows(current.rows),
      .channels(current.channels),
      .last_pixel(current.last_pixel),
      .run_last(current.run_last),
      .x_last(current.x_last),
      .y_last(current.y_last),
      .z_last(current.z_last),
      .phase_first(current.phase_first),
      .phase_last(current.phase_last),
      .row_last(current.row_last),
      .tile_last(current.tile_last),
      .tile(tile),
      .half(current.half),
      .read_last(read_last),
      .read(a_read),
      .beside_valid(access_valid),
      .beside_lanes(access_lanes),
      .beside_segment(access_segment),
      .beside_begin(access_begins),
      .beside_sum(access_sum),
      .beside_first(access_first),
      .beside_tile(access_tile),
      .beside_pixel(access_pixel),
      .beside_half(access_half)
  );

  tensor_array array (
      .clock(clock),
      .depthwise(depthwise),
      .by_column(by_column),
      .zero_point(fields.a_zero_point),
      .weight_zero_point(fields.w_zero_point),
      .valid(access_valid),
      .begins(access_begins),
      .complete(access_sum),
      .segment(access_segment),
      .lanes(access_lanes),
      .data(a_data),
      .weight_valid(weight_valid),
      .weight_lanes(weight_lanes),
      .weight_first(weight_first),
      .weight_index(weight_index),
      .weight_segment(weight_segment),
      .weight_data(w_data),
      .sums(sums)
  );

  // Accumulators and their drain.
  logic row_read, row_tile;
  logic [PIXEL_BITS-1:0] row_pixel;
  logic [chip::C-1:0][31:0] row;

  tensor_accumulators accumulators (
      .clock(clock),
      .reset(reset),
      .valid(access_valid && access_sum),
      .first(access_first),
      .tile(access_tile),
      .pixel(access_pixel),
      .bias_half(access_half),
      .sums(sums),
      .asked_half(bias_half),
      .bias(bias),
      .drain_read(row_read),
      .drain_tile(row_tile),
      .drain_pixel(row_pixel),
      .row(row)
  );

  tensor_drain drain (
      .clock(clock),
      .reset(reset),
      .start(start),
      .output_base(instruction.o_base),
      .residual_base(instruction.res_base),
      .open(open),
      .fields(fields),
      .block(block),
      .begin_drain(begin_drain),
      .last_pixel(current.last_pixel),
      .channels(current.channels),
      .tile(tile),
      .set(current.set),
      .draining(draining),
      .drain_last(drain_last),
      .row_read(row_read),
      .row_tile(row_tile),
      .row_pixel(row_pixel),
      .row(row),
      .scale_set(scale_set),
      .scale_group(scale_group),
      .scale_multiplier(scale_multiplier),
      .scale_shift(scale_shift),
      .r_read(r_read),
      .r_data(r_data),
      .o_write(o_write),
      .multiply(multiply),
      .scaled(scaled)
  );

  wire unused = &{1'b0, instruction, fields, ahead, current};

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_idle, was_reset;

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_idle <= !busy && !start;
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // An instruction starts only while the engine is idle: sequencer.engine_is_free.
    starts_while_idle: assume (!start || !busy);

    // The engine is idle after reset.
    idle_after_reset: assert (!was_reset || !busy);
    // An idle engine stays idle until an instruction starts.
    idle_until_start: assert (!was_idle || !busy);
  end
`endif

endmodule

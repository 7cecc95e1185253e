// Finds what makes an instruction faulty by itself (docs/rtl.md): the counterpart of the verification of a Program.
//
// `error` is chip::ERROR_NONE or the first fault found, from the cycle after `arriving` on. An instruction arrives late
// in its cycle, so that what is asked of single fields is registered. Addresses are checked when they are accessed.
module instruction_check (
    input  logic                                 clock,
    input  logic                                 arriving,     // the instruction stands here for the first time
    input  logic [8*chip::INSTRUCTION_BYTES-1:0] instruction,
    output logic [3:0]                           error
);

  localparam int LEAST_SHIFT = 2;
  localparam int GREATEST_SHIFT = 62;

  chip::end_t end_row;
  chip::load_t load;
  chip::store_t store;
  chip::tensor_t tensor;
  chip::vector_t vector;

  assign end_row = instruction;
  assign load = instruction;
  assign store = instruction;
  assign tensor = instruction;
  assign vector = instruction;

  function automatic logic range_is_good(logic [4:0] first, logic [4:0] last);
    range_is_good = first <= last && 32'(last) < chip::G;
  endfunction

  // Whether a scale stage shifts by what the multipliers can.
  function automatic logic shift_is_good(logic [1:0] rounding, logic [5:0] shift);
    shift_is_good = rounding == chip::ROUNDING_OFF || (32'(shift) >= LEAST_SHIFT && 32'(shift) <= GREATEST_SHIFT);
  endfunction

  // Whether so many taps, so far apart, lie within a line.
  function automatic logic window_is_good(logic [7:0] taps, logic [7:0] dilation);
    window_is_good = 1'b1;
    for (int n = 2; n <= chip::R; n++)
      if (32'(taps) == n) window_is_good = 32'(dilation) <= (chip::R - 1) / (n - 1);
  endfunction

  // LOAD and STORE.
  logic page_is_good, transfer_counts;

  assign page_is_good = load.local_address <= 24'd1 && load.outer_count == 16'd1 && load.inner_count == 16'd1
      && 32'(load.run_bytes) == chip::PI * chip::INSTRUCTION_BYTES && !load.once
      && (load.external_address & 32'(chip::W - 1)) == '0;
  assign transfer_counts = load.outer_count != '0 && load.inner_count != '0 && load.run_bytes != '0;

  // TENSOR. Of a depthwise one all taps lie within a line; operands of the array have 9 bits, so that zero points have
  // 8.
  logic narrow, strides, window, adds, scales, points, clamps, sum_clamps, tensor_counts;

  assign narrow = 32'(tensor.run) <= chip::R && (32'(tensor.dilation_x) <= chip::R || tensor.run == 24'd1);
  assign window = window_is_good(tensor.run[7:0], tensor.dilation_x[7:0]);
  assign strides = tensor.kernel_x == 16'd1 && (tensor.stride_x != '0 || tensor.output_width == 16'd1)
      && (tensor.dilation_x != '0 || tensor.run == 24'd1);
  assign adds = tensor.requantise != chip::ROUNDING_OFF && tensor.o_type == chip::TYPE_INT8
      && tensor.sum_rounding != chip::ROUNDING_OFF
      && shift_is_good(tensor.acc_rounding, tensor.acc_shift) && shift_is_good(tensor.res_rounding, tensor.res_shift)
      && shift_is_good(tensor.sum_rounding, tensor.sum_shift);
  assign sum_clamps = tensor.sum_clamp_min <= tensor.sum_clamp_max;
  assign points = tensor.o_type <= chip::TYPE_INT32
      && tensor.a_zero_point[8] == tensor.a_zero_point[7] && tensor.w_zero_point[8] == tensor.w_zero_point[7];
  assign clamps = tensor.clamp_min <= tensor.clamp_max;
  assign scales = tensor.parameters == chip::CHANNEL_RECORD_PER_CHANNEL
      || shift_is_good(tensor.requantise, tensor.shift);
  assign tensor_counts = tensor.output_height != '0 && tensor.output_width != '0 && tensor.output_channels != '0
      && tensor.kernel_z != '0 && tensor.kernel_y != '0 && tensor.kernel_x != '0 && tensor.run != '0
      && range_is_good(tensor.a_first_group, tensor.a_last_group)
      && range_is_good(tensor.w_first_group, tensor.w_last_group)
      && range_is_good(tensor.o_first_group, tensor.o_last_group)
      && (tensor.parameters == chip::CHANNEL_RECORD_NONE
          || range_is_good(tensor.param_first_group, tensor.param_last_group))
      && (!tensor.residual || range_is_good(tensor.res_first_group, tensor.res_last_group));

  // VECTOR.
  logic shifts, binary, indirect, operands, rows, reduces, vector_clamps, vector_scales, vector_counts;

  assign shifts = vector.op == chip::OP_SHL || vector.op == chip::OP_LSR || vector.op == chip::OP_ASR;
  assign binary = !(vector.op == chip::OP_PASS || vector.op == chip::OP_NOT || vector.op == chip::OP_ABS
      || vector.op == chip::OP_CLZ);
  assign indirect = vector.op == chip::OP_GATHER || vector.op == chip::OP_SCATTER;
  assign operands = (!binary || vector.b_source != chip::SOURCE_NONE)
      && (vector.b_rounding == chip::ROUNDING_OFF || vector.b_source == chip::SOURCE_STREAM)
      && (!shifts || vector.b_source != chip::SOURCE_IMMEDIATE || vector.b_immediate[31:5] == '0)
      && (vector.op != chip::OP_ASR || vector.op_argument <= 6'd1)
      && (vector.op != chip::OP_DIV || vector.b_source != chip::SOURCE_IMMEDIATE || vector.b_immediate != '0);
  assign rows = !indirect || (vector.b_source == chip::SOURCE_STREAM && vector.b_lane_stride == '0
      && vector.b_zero_point == '0 && vector.b_left_shift == '0 && vector.b_rounding == chip::ROUNDING_OFF
      && vector.reduce == chip::REDUCE_NONE);
  assign reduces = (vector.reduce != chip::REDUCE_NONE
          || (vector.r0 == 16'd1 && vector.r1 == 16'd1 && !vector.lane_reduce))
      && (vector.lane_reduce || vector.lanes == 24'd1 || vector.o_lane_stride != '0);
  assign vector_clamps = vector.clamp_min <= vector.clamp_max;
  assign vector_scales = shift_is_good(vector.a_rounding, vector.a_shift)
      && shift_is_good(vector.b_rounding, vector.b_shift) && shift_is_good(vector.o_rounding, vector.o_shift);
  assign vector_counts = vector.o0 != '0 && vector.o1 != '0 && vector.o2 != '0 && vector.o3 != '0
      && vector.lanes != '0 && vector.r0 != '0 && vector.r1 != '0 && (!indirect || vector.rows != '0)
      && range_is_good(vector.a_first_group, vector.a_last_group)
      && range_is_good(vector.o_first_group, vector.o_last_group)
      && (vector.b_source != chip::SOURCE_STREAM || range_is_good(vector.b_first_group, vector.b_last_group))
      && (vector.table_ == chip::TABLE_NONE || range_is_good(vector.t_first_group, vector.t_last_group));

  // Of each opcode what was asked of it: END, LOAD, STORE, TENSOR, VECTOR.
  logic [4:0] is, legal, counts;
  logic load_fields;
  logic [3:0] tensor_fields;
  logic [4:0] vector_fields;

  always_ff @(posedge clock) begin
    if (arriving) begin
      is <= {vector.opcode == chip::OPCODE_VECTOR, tensor.opcode == chip::OPCODE_TENSOR,
          store.opcode == chip::OPCODE_STORE, load.opcode == chip::OPCODE_LOAD, end_row.opcode == chip::OPCODE_END};
      legal <= {chip::vector_is_legal(vector), chip::tensor_is_legal(tensor), chip::store_is_legal(store),
          chip::load_is_legal(load), chip::end_is_legal(end_row)};
      counts <= {vector_counts, tensor_counts,
          transfer_counts && range_is_good(store.first_group, store.last_group),
          load.space == chip::SPACE_PAGE || (transfer_counts && range_is_good(load.first_group, load.last_group)),
          1'b1};
      load_fields <= load.space == chip::SPACE_MEMORY || page_is_good;
      tensor_fields <= {tensor.mode == chip::MODE_CONV || (strides && narrow && window),
          tensor.requantise == chip::ROUNDING_OFF || clamps, !tensor.residual || (adds && sum_clamps),
          points && scales};
      vector_fields <= {operands, rows, reduces, vector_clamps, vector_scales};
    end
  end

  // Addresses, strides and values have no illegal patterns.
  wire unused = &{1'b0, end_row, load, store, tensor, vector};

  always_comb begin
    if (is == '0) error = 4'(chip::ERROR_OPCODE);
    else if ((is & legal & {vector_fields == '1, tensor_fields == '1, 1'b1, load_fields, 1'b1}) == '0)
      error = 4'(chip::ERROR_FIELD);
    else if ((is & counts) == '0) error = 4'(chip::ERROR_COUNT);
    else error = 4'(chip::ERROR_NONE);
  end

endmodule

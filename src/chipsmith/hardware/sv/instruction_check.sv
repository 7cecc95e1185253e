// Finds what makes an instruction faulty by itself (docs/rtl.md): the counterpart of the verification of a Program.
//
// `error` is chip::ERROR_NONE or the first fault found. Addresses are checked when they are accessed.
module instruction_check (
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
  logic known, legal, fields, counts;

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

  logic load_counts, load_fields, store_counts, tensor_counts, tensor_fields, vector_counts, vector_fields;
  logic page_is_good, transfer_counts, residual_is_good, depthwise_is_good, operand_is_good, shifts, binary;
  logic narrow, indirect, row_is_good;
  logic [15:0] window;

  assign page_is_good = load.local_address <= 24'd1 && load.outer_count == 16'd1 && load.inner_count == 16'd1
      && 32'(load.run_bytes) == chip::PI * chip::INSTRUCTION_BYTES && !load.once
      && (load.external_address & 32'(chip::W - 1)) == '0;
  assign transfer_counts = load.outer_count != '0 && load.inner_count != '0 && load.run_bytes != '0;
  assign load_fields = load.space == chip::SPACE_MEMORY || page_is_good;
  assign load_counts = load.space == chip::SPACE_PAGE
      || (transfer_counts && range_is_good(load.first_group, load.last_group));
  assign store_counts = transfer_counts && range_is_good(store.first_group, store.last_group);

  assign tensor_counts = tensor.output_height != '0 && tensor.output_width != '0 && tensor.output_channels != '0
      && tensor.kernel_z != '0 && tensor.kernel_y != '0 && tensor.kernel_x != '0 && tensor.run != '0
      && range_is_good(tensor.a_first_group, tensor.a_last_group)
      && range_is_good(tensor.w_first_group, tensor.w_last_group)
      && range_is_good(tensor.o_first_group, tensor.o_last_group)
      && (tensor.parameters == chip::CHANNEL_RECORD_NONE
          || range_is_good(tensor.param_first_group, tensor.param_last_group))
      && (!tensor.residual || range_is_good(tensor.res_first_group, tensor.res_last_group));
  // A window that fits has few taps and a small dilation, so that a small product decides.
  assign narrow = 32'(tensor.run) <= chip::R && (32'(tensor.dilation_x) <= chip::R || tensor.run == 24'd1);
  assign window = 16'(tensor.run[7:0] - 8'd1) * 16'(tensor.dilation_x[7:0]) + 16'd1;
  assign depthwise_is_good = tensor.kernel_x == 16'd1 && narrow && 32'(window) <= chip::R
      && (tensor.stride_x != '0 || tensor.output_width == 16'd1) && (tensor.dilation_x != '0 || tensor.run == 24'd1);
  assign residual_is_good = tensor.requantise != chip::ROUNDING_OFF && tensor.o_type == chip::TYPE_INT8
      && tensor.sum_rounding != chip::ROUNDING_OFF && tensor.sum_clamp_min <= tensor.sum_clamp_max
      && shift_is_good(tensor.acc_rounding, tensor.acc_shift) && shift_is_good(tensor.res_rounding, tensor.res_shift)
      && shift_is_good(tensor.sum_rounding, tensor.sum_shift);
  // Operands of the array have 9 bits, so that zero points have 8.
  assign tensor_fields = tensor.o_type <= chip::TYPE_INT32
      && tensor.a_zero_point[8] == tensor.a_zero_point[7] && tensor.w_zero_point[8] == tensor.w_zero_point[7]
      && (tensor.mode == chip::MODE_CONV || depthwise_is_good)
      && (tensor.requantise == chip::ROUNDING_OFF || tensor.clamp_min <= tensor.clamp_max)
      && (tensor.parameters == chip::CHANNEL_RECORD_PER_CHANNEL || shift_is_good(tensor.requantise, tensor.shift))
      && (!tensor.residual || residual_is_good);

  assign vector_counts = vector.o0 != '0 && vector.o1 != '0 && vector.o2 != '0 && vector.o3 != '0
      && vector.lanes != '0 && vector.r0 != '0 && vector.r1 != '0 && (!indirect || vector.rows != '0)
      && range_is_good(vector.a_first_group, vector.a_last_group)
      && range_is_good(vector.o_first_group, vector.o_last_group)
      && (vector.b_source != chip::SOURCE_STREAM || range_is_good(vector.b_first_group, vector.b_last_group))
      && (vector.table_ == chip::TABLE_NONE || range_is_good(vector.t_first_group, vector.t_last_group));
  assign shifts = vector.op == chip::OP_SHL || vector.op == chip::OP_LSR || vector.op == chip::OP_ASR;
  assign binary = !(vector.op == chip::OP_PASS || vector.op == chip::OP_NOT || vector.op == chip::OP_ABS
      || vector.op == chip::OP_CLZ);
  assign operand_is_good = (!binary || vector.b_source != chip::SOURCE_NONE)
      && (vector.b_rounding == chip::ROUNDING_OFF || vector.b_source == chip::SOURCE_STREAM)
      && (!shifts || vector.b_source != chip::SOURCE_IMMEDIATE || vector.b_immediate[31:5] == '0)
      && (vector.op != chip::OP_ASR || vector.op_argument <= 6'd1)
      && (vector.op != chip::OP_DIV || vector.b_source != chip::SOURCE_IMMEDIATE || vector.b_immediate != '0);
  assign indirect = vector.op == chip::OP_GATHER || vector.op == chip::OP_SCATTER;
  assign row_is_good = vector.b_source == chip::SOURCE_STREAM && vector.b_lane_stride == '0 && vector.b_zero_point == '0
      && vector.b_left_shift == '0 && vector.b_rounding == chip::ROUNDING_OFF && vector.reduce == chip::REDUCE_NONE;
  assign vector_fields = operand_is_good && (!indirect || row_is_good) && vector.clamp_min <= vector.clamp_max
      && (vector.reduce != chip::REDUCE_NONE
          || (vector.r0 == 16'd1 && vector.r1 == 16'd1 && !vector.lane_reduce))
      && (vector.lane_reduce || vector.lanes == 24'd1 || vector.o_lane_stride != '0)
      && shift_is_good(vector.a_rounding, vector.a_shift) && shift_is_good(vector.b_rounding, vector.b_shift)
      && shift_is_good(vector.o_rounding, vector.o_shift);

  always_comb begin
    known = 1'b1;
    legal = 1'b0;
    fields = 1'b1;
    counts = 1'b1;
    case (end_row.opcode)
      chip::OPCODE_END: legal = chip::end_is_legal(end_row);
      chip::OPCODE_LOAD: begin
        legal = chip::load_is_legal(load);
        fields = load_fields;
        counts = load_counts;
      end
      chip::OPCODE_STORE: begin
        legal = chip::store_is_legal(store);
        counts = store_counts;
      end
      chip::OPCODE_TENSOR: begin
        legal = chip::tensor_is_legal(tensor);
        fields = tensor_fields;
        counts = tensor_counts;
      end
      chip::OPCODE_VECTOR: begin
        legal = chip::vector_is_legal(vector);
        fields = vector_fields;
        counts = vector_counts;
      end
      default: known = 1'b0;
    endcase
    if (!known) error = 4'(chip::ERROR_OPCODE);
    else if (!legal || !fields) error = 4'(chip::ERROR_FIELD);
    else if (!counts) error = 4'(chip::ERROR_COUNT);
    else error = 4'(chip::ERROR_NONE);
  end

  // Addresses, strides and values have no illegal patterns.
  wire unused = &{1'b0, end_row, load, store, tensor, vector};

endmodule

// The drain of a tile (docs/machine.md, section 6): scales, residual, clamps and writes.
//
// A pass of LANES channels starts as a token when its slot of the drain comes, and moves one stage a cycle; what
// happens to it is decided by its stage (for a MULTIPLY_LATENCY of 4):
//
//   stage                      without residual    with
//   ask for the row                  0                0
//   request its scale                1                1
//   scaled and clamped               5                5
//   read RES                         -                4
//   request the scales of x, r       -              6, 7
//   add them                         -             10, 11
//   request the sum's scale          -               12
//   scaled and clamped               -               16
//   form the line              6, 1 without scale    17
//   write it                   7, 2 without scale    18
//
// (x, r: the value and the residual; a side whose rounding is OFF is multiplied by 1.) With a residual, tokens start at
// multiples of 4: as the stages of the requests and those of the sums each differ modulo 4, no two tokens meet there,
// and as those of the read and the write do, RES and O may share bank groups. A token starts at most 3 after its slot,
// so that the last write comes TENSOR_PIPE + RESIDUAL_PIPE cycles after the last slot at the latest.
module tensor_drain #(
    localparam int PIXEL_BITS = $clog2(chip::T),
    localparam int CHANNEL_BITS = $clog2(chip::C + 1),
    localparam int LANES = chip::M < chip::R ? (chip::M < chip::C ? chip::M : chip::C)
        : chip::R < chip::C ? chip::R : chip::C,
    localparam int GROUPS = chip::C / LANES,
    localparam int GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
    input  logic                        clock,
    input  logic                        reset,
    input  logic                        start,
    input  logic [23:0]                 output_base,  // valid with start
    input  logic [23:0]                 residual_base,
    input  logic                        open,         // the cycle after start
    input  chip::tensor_t               fields,       // from then on
    input  logic [CHANNEL_BITS-1:0]     block,        // channels of a full block, from two cycles after start on
    input  logic                        begin_drain,  // from the next cycle on, the slots of a tile
    input  logic [PIXEL_BITS-1:0]       last_pixel,   // of it
    input  logic [CHANNEL_BITS-1:0]     channels,
    input  logic                        tile,
    input  logic [1:0]                  set,
    output logic                        draining,     // the slots of a tile run by the clock of the contract
    output logic                        drain_last,   // this cycle is the last one
    output logic                        row_read,     // accumulators: a row asked for stands in the next cycles
    output logic                        row_tile,
    output logic [PIXEL_BITS-1:0]       row_pixel,
    input  logic [chip::C-1:0][31:0]    row,
    output logic [1:0]                  scale_set,    // drain registers, answered in the same cycle
    output logic [GROUP_BITS-1:0]       scale_group,
    input  logic [LANES-1:0][31:0]      scale_multiplier,
    input  logic [LANES-1:0][5:0]       scale_shift,
    output chip::read_request_t         r_read,
    input  logic [8*chip::R-1:0]        r_data,
    output chip::write_request_t        o_write,
    output chip::multiply_request_t     multiply,
    input  logic [chip::M-1:0][31:0]    scaled
);

  localparam int SLOT_BITS = 10;
  localparam int SCALE = 1;
  localparam int SCALED = SCALE + chip::MULTIPLY_LATENCY;
  localparam int X_SCALE = SCALED + 1;
  localparam int X_SCALED = X_SCALE + chip::MULTIPLY_LATENCY;
  localparam int R_SCALE = X_SCALE + 1;
  localparam int R_SCALED = R_SCALE + chip::MULTIPLY_LATENCY;
  localparam int READ = R_SCALE - chip::READ_LATENCY - 1;
  localparam int SUM_SCALE = R_SCALED + 1;
  localparam int SUM_SCALED = SUM_SCALE + chip::MULTIPLY_LATENCY;
  localparam int STAGES = SUM_SCALED + 1;
  localparam int LATE = 7;  // cycles from begin_drain until the sums of a tile's first pixel are written
  localparam int LINES = (4 * chip::C + chip::R - 1) / chip::R;
  localparam int LINE_BITS = LINES > 1 ? $clog2(LINES) : 1;
  localparam int PER_LINE = chip::R / LANES;  // int8 groups of a line

  localparam int TOKEN_BITS = 5 + GROUP_BITS + LINE_BITS;

  typedef struct packed {
    logic                   pass;
    logic [GROUP_BITS-1:0]  group;
    logic                   read;   // RES: the line of this group and those after it
    logic                   write;  // O: a line whose last value this token brings
    logic [LINE_BITS-1:0]   line;
    logic [1:0]             set;
  } token_t;

  // The shape of the drain, constant for an instruction.
  logic scales, residual, shared, by_channel;
  logic [1:0] size_log2;
  logic [SLOT_BITS-1:0] groups, writes, accesses, passes, pixel_slots, last_slot, first_write;

  assign scales = fields.requantise != chip::ROUNDING_OFF;
  assign residual = fields.residual;
  assign by_channel = fields.parameters == chip::CHANNEL_RECORD_PER_CHANNEL;
  assign size_log2 = 2'(fields.o_type);
  assign shared = residual && fields.res_first_group <= fields.o_last_group
      && fields.o_first_group <= fields.res_last_group;
  assign groups = SLOT_BITS'((32'(block) + LANES - 1) / LANES);
  assign writes = SLOT_BITS'(((32'(block) << size_log2) + chip::R - 1) / chip::R);
  assign accesses = shared ? writes << 1 : writes;
  assign passes = residual ? groups << 2 : scales ? groups : '0;
  assign pixel_slots = passes > accesses ? passes : accesses;

  always_ff @(posedge clock) begin
    last_slot <= pixel_slots - 1'b1;
    first_write <= pixel_slots - writes;
  end

  // The slots by the clock of the contract; those that start tokens come LATE.
  logic [LATE:1] late_begin, late_tile;
  logic [1:0][PIXEL_BITS-1:0] tile_last_pixel;
  logic [1:0][CHANNEL_BITS-1:0] tile_channels;
  logic [1:0][1:0] tile_set;
  logic [CHANNEL_BITS-1:0] own_channels;  // of the tile whose tokens start
  logic [1:0] own_set;
  logic active, pixel_end, tile_end, contract_pixel_end;
  logic [SLOT_BITS-1:0] slot, contract_slot;
  logic [PIXEL_BITS-1:0] contract_pixel;

  always_ff @(posedge clock) begin
    late_begin <= reset ? '0 : {late_begin[LATE-1:1], begin_drain};
    late_tile <= {late_tile[LATE-1:1], tile};
    if (begin_drain) begin
      tile_last_pixel[tile] <= last_pixel;
      tile_channels[tile] <= channels;
      tile_set[tile] <= set;
    end
    if (late_begin[LATE]) begin
      row_tile <= late_tile[LATE];
      own_channels <= tile_channels[late_tile[LATE]];
      own_set <= tile_set[late_tile[LATE]];
    end
  end

  tensor_slots #(.SLOT_BITS(SLOT_BITS)) contract_slots (
      .clock(clock),
      .reset(reset),
      .begin_tile(begin_drain),
      .last_pixel(last_pixel),
      .last_slot(last_slot),
      .active(draining),
      .pixel(contract_pixel),
      .slot(contract_slot),
      .pixel_end(contract_pixel_end),
      .tile_end(drain_last)
  );

  tensor_slots #(.SLOT_BITS(SLOT_BITS)) slots (
      .clock(clock),
      .reset(reset),
      .begin_tile(late_begin[LATE]),
      .last_pixel(tile_last_pixel[late_tile[LATE]]),
      .last_slot(last_slot),
      .active(active),
      .pixel(row_pixel),
      .slot(slot),
      .pixel_end(pixel_end),
      .tile_end(tile_end)
  );

  // The token that starts in this cycle.
  logic [1:0] turn;
  logic [SLOT_BITS-1:0] group, line_number;
  logic [SLOT_BITS-1:0] own_groups, own_writes;
  logic pass_now, write_slot, made;
  token_t token;
  logic [STAGES:1][TOKEN_BITS-1:0] tokens;

  assign own_groups = SLOT_BITS'((32'(own_channels) + LANES - 1) / LANES);
  assign own_writes = SLOT_BITS'(((32'(own_channels) << size_log2) + chip::R - 1) / chip::R);
  assign pass_now = active && scales && (!residual || turn == 2'd0) && group < groups;
  assign write_slot = active && slot >= first_write;
  assign made = pass_now && group < own_groups;
  assign row_read = scales ? pass_now && group == '0 : active && slot == '0;

  always_comb begin
    token.pass = made;
    token.group = GROUP_BITS'(group);
    token.set = own_set;
    if (residual) begin
      token.line = LINE_BITS'(group / SLOT_BITS'(PER_LINE));
      token.read = made && group % SLOT_BITS'(PER_LINE) == '0;
      token.write = made && (group + 1'b1 == own_groups || (group + 1'b1) % SLOT_BITS'(PER_LINE) == '0);
    end else begin
      token.line = LINE_BITS'(line_number);
      token.read = 1'b0;
      token.write = write_slot && line_number < own_writes;
    end
  end

  always_ff @(posedge clock) begin
    turn <= open ? 2'd0 : turn + 1'b1;
    if (!active || pixel_end) group <= '0;
    else if (pass_now) group <= group + 1'b1;
    if (!active || pixel_end) line_number <= '0;
    else if (write_slot) line_number <= line_number + 1'b1;
    // Tokens that the instruction before has done with must not reach the later stages of this one.
    tokens <= reset || start ? '0 : {tokens[STAGES-1:1], token};
  end

  // The stages of the instruction's configuration: the table above.
  token_t q_token, q_scaled_token, x_token, r_token, x_scaled_token, r_scaled_token, read_token, s_token, result_token;
  token_t line_token;

  assign q_token = tokens[SCALE];
  assign q_scaled_token = tokens[SCALED];
  assign read_token = residual ? tokens[READ] : '0;
  assign x_token = residual ? tokens[X_SCALE] : '0;
  assign r_token = residual ? tokens[R_SCALE] : '0;
  assign x_scaled_token = residual ? tokens[X_SCALED] : '0;
  assign r_scaled_token = residual ? tokens[R_SCALED] : '0;
  assign s_token = residual ? tokens[SUM_SCALE] : '0;
  assign result_token = residual ? tokens[SUM_SCALED] : q_scaled_token;
  assign line_token = residual ? tokens[SUM_SCALED+1] : scales ? tokens[SCALED+1] : tokens[1];

  // Where values come from: the row of accumulators; x or r, which take turns at a shifter; the sum.
  logic [GROUPS-1:0][LANES-1:0][31:0] row_groups;
  logic [PER_LINE-1:0][LANES-1:0][7:0] residual_groups;
  logic [LANES-1:0][31:0] row_lanes, operand, sum;
  logic [LANES-1:0][15:0] value, clamped;
  logic [LANES-1:0][7:0] residual_lanes;
  logic [8*chip::R-1:0] residual_line;
  logic signed [15:0] low, high, zero_point;
  logic signed [8:0] operand_zero_point;
  logic [4:0] left_shift;
  logic last_scale;

  assign row_groups = row;
  assign row_lanes = row_groups[q_token.group];
  assign residual_groups = residual_line;
  assign residual_lanes = residual_groups[32'(r_token.group)%PER_LINE];

  // After the first scale, or after that of the sum: zero point and clamp.
  assign last_scale = residual && !q_scaled_token.pass;
  assign zero_point = last_scale ? 16'(fields.sum_zero_point) : fields.o_zero_point;
  assign low = last_scale ? 16'(fields.sum_clamp_min) : fields.clamp_min;
  assign high = last_scale ? 16'(fields.sum_clamp_max) : fields.clamp_max;

  assign operand_zero_point = r_token.pass ? fields.res_zero_point : fields.acc_zero_point;
  assign left_shift = r_token.pass ? fields.res_left_shift : fields.acc_left_shift;

  always_comb begin
    for (int l = 0; l < LANES; l++) begin
      logic signed [31:0] moved;
      logic fits, below, above;
      logic signed [15:0] side;
      moved = $signed(scaled[l]) + 32'(zero_point);
      fits = moved[31:15] == '0 || &moved[31:15];
      below = fits ? $signed(moved[15:0]) < low : moved[31];
      above = fits ? $signed(moved[15:0]) > high : !moved[31];
      clamped[l] = below ? low : above ? high : moved[15:0];
      side = r_token.pass ? 16'($signed(residual_lanes[l])) : value[l];
      operand[l] = 32'(17'(side) - 17'(operand_zero_point)) << left_shift;
    end
  end

  logic residual_here, residual_coming;

  always_ff @(posedge clock) begin
    {residual_here, residual_coming} <= {residual_coming, read_token.read};
    if (residual_here) residual_line <= r_data;
    if (q_scaled_token.pass) value <= clamped;
    if (x_scaled_token.pass || r_scaled_token.pass) begin
      for (int l = 0; l < LANES; l++) sum[l] <= scaled[l] + (x_scaled_token.pass ? '0 : sum[l]);
    end
  end

  // The request to the multipliers, which register it.
  logic [31:0] x_multiplier, r_multiplier;
  logic [5:0] x_shift, r_shift;
  logic [37:0] common;  // multiplier and shift
  logic [1:0] rounding;
  logic [LANES-1:0][31:0] ask_value, ask_multiplier;
  logic [LANES-1:0][5:0] ask_shift;

  assign {x_multiplier, x_shift} = fields.acc_rounding == chip::ROUNDING_OFF ? {32'd1, 6'd0}
      : {1'b0, fields.acc_multiplier, fields.acc_shift};
  assign {r_multiplier, r_shift} = fields.res_rounding == chip::ROUNDING_OFF ? {32'd1, 6'd0}
      : {1'b0, fields.res_multiplier, fields.res_shift};
  assign scale_set = q_token.set;
  assign scale_group = q_token.group;

  always_comb begin
    ask_value = q_token.pass ? row_lanes : s_token.pass ? sum : operand;
    if (q_token.pass) {rounding, common} = {fields.requantise, fields.multiplier, fields.shift};
    else if (s_token.pass) {rounding, common} = {fields.sum_rounding, 1'b0, fields.sum_multiplier, fields.sum_shift};
    else if (r_token.pass) {rounding, common} = {fields.res_rounding, r_multiplier, r_shift};
    else {rounding, common} = {fields.acc_rounding, x_multiplier, x_shift};
    for (int l = 0; l < LANES; l++) begin
      {ask_multiplier[l], ask_shift[l]} = common;
      if (q_token.pass && by_channel) {ask_multiplier[l], ask_shift[l]} = {scale_multiplier[l], scale_shift[l]};
    end
  end

  assign multiply.valid = q_token.pass || x_token.pass || r_token.pass || s_token.pass;
  assign multiply.double_round = rounding == chip::ROUNDING_DOUBLE;
  assign multiply.value = (32 * chip::M)'(ask_value);
  assign multiply.multiplier = (32 * chip::M)'(ask_multiplier);
  assign multiply.shift = (6 * chip::M)'(ask_shift);

  // The values of a pixel on their way to the output; those that no scale touches are still in the row.
  logic [GROUPS-1:0][LANES-1:0][15:0] result_groups;
  logic [chip::C-1:0][15:0] results;

  for (genvar g = 0; g < GROUPS; g++) begin : g_results
    always_ff @(posedge clock) if (result_token.pass && 32'(result_token.group) == g) result_groups[g] <= clamped;
  end
  assign results = result_groups;

  localparam int WIDTH_1 = chip::C > chip::R ? chip::C : chip::R;
  localparam int WIDTH_2 = 2 * chip::C > chip::R ? 2 * chip::C : chip::R;
  localparam int WIDTH_4 = 4 * chip::C > chip::R ? 4 * chip::C : chip::R;
  logic [8*WIDTH_1-1:0] bytes_1;
  logic [8*WIDTH_2-1:0] bytes_2;
  logic [8*WIDTH_4-1:0] bytes_4;
  logic line_valid;
  logic [8*chip::R-1:0] line_bytes, line;

  always_comb begin
    bytes_1 = '0;
    bytes_2 = '0;
    bytes_4 = '0;
    for (int c = 0; c < chip::C; c++) begin
      logic [31:0] whole;
      whole = scales ? 32'($signed(results[c])) : row[c];
      bytes_1[8*c+:8] = whole[7:0];
      bytes_2[16*c+:16] = whole[15:0];
      bytes_4[32*c+:32] = whole;
    end
    case (fields.o_type)
      chip::TYPE_INT8: line_bytes = (8 * chip::R)'(bytes_1 >> (8 * chip::R * 32'(line_token.line)));
      chip::TYPE_INT16: line_bytes = (8 * chip::R)'(bytes_2 >> (8 * chip::R * 32'(line_token.line)));
      default: line_bytes = (8 * chip::R)'(bytes_4 >> (8 * chip::R * 32'(line_token.line)));
    endcase
  end

  always_ff @(posedge clock) begin
    line_valid <= line_token.write && !reset;
    if (line_token.write) line <= line_bytes;
  end

  assign o_write.valid = line_valid;
  assign o_write.data = line;
  assign o_write.first_group = fields.o_first_group;
  assign o_write.last_group = fields.o_last_group;
  assign r_read.valid = read_token.read;
  assign r_read.first_group = fields.res_first_group;
  assign r_read.last_group = fields.res_last_group;

  tensor_pixels output_lines (
      .clock(clock),
      .start(start),
      .base(output_base),
      .open(open),
      .rows(fields.output_height),
      .columns(fields.output_width),
      .channels(fields.output_channels),
      .row_stride(fields.o_stride_y),
      .column_stride(fields.o_stride_x),
      .size_log2(size_log2),
      .step(line_valid),
      .address(o_write.address),
      .lanes(o_write.lanes)
  );

  tensor_pixels residual_lines (
      .clock(clock),
      .start(start),
      .base(residual_base),
      .open(open),
      .rows(fields.output_height),
      .columns(fields.output_width),
      .channels(fields.output_channels),
      .row_stride(fields.res_stride_y),
      .column_stride(fields.res_stride_x),
      .size_log2(2'd0),
      .step(read_token.read),
      .address(r_read.address),
      .lanes(r_read.lanes)
  );

  wire unused = &{1'b0, fields, scaled, tile_end, contract_pixel, contract_slot, contract_pixel_end, q_token,
                   q_scaled_token, x_token, r_token, x_scaled_token, r_scaled_token, read_token, s_token, result_token,
                   line_token};

endmodule

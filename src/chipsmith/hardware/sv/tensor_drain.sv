// The drain of a tile (docs/machine.md, section 6): scales, residual, clamps and writes.
//
// A pass of LANES channels starts as a token when its slot of the drain comes, and moves one stage a cycle; what
// happens to it is decided by its stage:
//
//   stage                without residual    with: x and r    x alone    r alone    neither
//   ask for the row               0                0             0          0          0
//   request its scale             1                1             1          1          1
//   scaled and clamped            4                4             4          4          4
//   read RES                      -                1             5          2          3
//   request r's scale             -                4             -          5          -
//   request x's scale             -                6             6          -          -
//   request the sum's scale       -               11            11          9          8
//   scaled and clamped            -               14            14         12         11
//   write                  5, 1 without scale     15            15         13         12
//
// (x, r: the value and the residual have a scale of their own.) With a residual, tokens start at multiples of the
// number of scales; as the requests' stages differ modulo this number, no two tokens meet at the multipliers, and as
// those of the read and the write do, RES and O may share bank groups. A token starts at most one less than this number
// after its slot, so that the last write comes TENSOR_PIPE + RESIDUAL_PIPE cycles after the last slot at the latest.
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
    input  chip::tensor_t               instruction,  // valid with start
    input  chip::tensor_t               fields,       // the same, kept from the next cycle on
    input  logic [CHANNEL_BITS-1:0]     block,        // channels of a full block of this instruction
    input  logic                        begin_drain,  // from the next cycle on, the slots of a tile (see slots_last)
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
  localparam int STAGES = 15;
  localparam int LATE = 8;  // cycles from begin_drain until the sums of a tile's first pixel are written
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
  logic scales, residual, x_scales, r_scales, shared;
  logic [2:0] roundings;
  logic [1:0] size_log2;
  logic [SLOT_BITS-1:0] groups, writes, accesses, passes, last_slot, first_write;

  assign scales = fields.requantise != chip::ROUNDING_OFF;
  assign residual = fields.residual;
  assign x_scales = residual && fields.acc_rounding != chip::ROUNDING_OFF;
  assign r_scales = residual && fields.res_rounding != chip::ROUNDING_OFF;
  assign roundings = 3'(scales) + 3'(x_scales) + 3'(r_scales) + 3'(residual);
  assign size_log2 = 2'(fields.o_type);
  assign shared = residual && fields.res_first_group <= fields.o_last_group
      && fields.o_first_group <= fields.res_last_group;
  assign groups = SLOT_BITS'((32'(block) + LANES - 1) / LANES);
  assign writes = SLOT_BITS'(((32'(block) << size_log2) + chip::R - 1) / chip::R);
  assign accesses = shared ? writes << 1 : writes;
  assign passes = SLOT_BITS'(groups * SLOT_BITS'(roundings));
  assign last_slot = (passes > accesses ? passes : accesses) - 1'b1;
  assign first_write = last_slot + 1'b1 - writes;

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
  logic [2:0] turn;  // counts modulo the scales of a value, where there is a residual
  logic [SLOT_BITS-1:0] group, line;
  logic [SLOT_BITS-1:0] own_groups, own_writes;
  logic pass_now, write_slot, made;
  token_t token;
  logic [STAGES:1][TOKEN_BITS-1:0] tokens;

  assign own_groups = SLOT_BITS'((32'(own_channels) + LANES - 1) / LANES);
  assign own_writes = SLOT_BITS'(((32'(own_channels) << size_log2) + chip::R - 1) / chip::R);
  assign pass_now = active && scales && turn == 3'd0 && group < groups;
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
      token.line = LINE_BITS'(line);
      token.read = 1'b0;
      token.write = write_slot && line < own_writes;
    end
  end

  always_ff @(posedge clock) begin
    if (start || !residual || turn == roundings - 1'b1) turn <= 3'd0;
    else turn <= turn + 1'b1;
    if (!active || pixel_end) group <= '0;
    else if (pass_now) group <= group + 1'b1;
    if (!active || pixel_end) line <= '0;
    else if (write_slot) line <= line + 1'b1;
    // Tokens that the instruction before has done with must not reach the later stages of this one.
    tokens <= reset || start ? '0 : {tokens[STAGES-1:1], token};
  end

  // The stages of the instruction's configuration: the table above.
  token_t q_token, q_scaled_token, x_token, read_token, r_token, s_token, sum_token, r_scaled_token, result_token;
  token_t write_token;
  logic ask_x, ask_r, ask_s;

  always_comb begin
    q_token = tokens[1];
    q_scaled_token = tokens[4];
    x_token = tokens[6];
    case ({residual, x_scales, r_scales})
      3'b111: begin
        read_token = tokens[1];
        r_token = tokens[4];
        r_scaled_token = tokens[7];
        sum_token = tokens[9];
        s_token = tokens[11];
        result_token = tokens[14];
        write_token = tokens[15];
      end
      3'b110: begin
        read_token = tokens[5];
        r_token = tokens[9];
        r_scaled_token = '0;
        sum_token = tokens[9];
        s_token = tokens[11];
        result_token = tokens[14];
        write_token = tokens[15];
      end
      3'b101: begin
        read_token = tokens[2];
        r_token = tokens[5];
        r_scaled_token = tokens[8];
        sum_token = tokens[7];
        s_token = tokens[9];
        result_token = tokens[12];
        write_token = tokens[13];
      end
      3'b100: begin
        read_token = tokens[3];
        r_token = tokens[6];
        r_scaled_token = '0;
        sum_token = tokens[6];
        s_token = tokens[8];
        result_token = tokens[11];
        write_token = tokens[12];
      end
      default: begin
        read_token = '0;
        r_token = '0;
        r_scaled_token = '0;
        sum_token = '0;
        s_token = '0;
        result_token = tokens[4];
        write_token = scales ? tokens[5] : tokens[1];
      end
    endcase
    ask_x = x_scales && x_token.pass;
    ask_r = r_scales && r_token.pass;
    ask_s = s_token.pass;
  end

  // Where values come from: the row of accumulators, the value v of the first scale, the residual's line, the sum.
  logic [GROUPS-1:0][LANES-1:0][31:0] row_groups;
  logic [LANES-1:0][31:0] row_lanes, x_lanes, r_lanes, sum;
  logic [LANES-1:0][15:0] value, clamped;
  logic [LANES-1:0][7:0] residual_lanes;
  logic [8*chip::R-1:0] residual_line;
  logic signed [15:0] low, high;
  logic signed [31:0] zero_point;
  logic last_scale;

  assign row_groups = row;
  assign row_lanes = row_groups[q_token.group];
  assign residual_lanes = residual_line[8*LANES*(32'(r_token.group)%PER_LINE)+:8*LANES];

  // After the first scale, or after that of the sum: zero point and clamp.
  assign last_scale = residual && !q_scaled_token.pass;
  assign zero_point = last_scale ? 32'(fields.sum_zero_point) : 32'(fields.o_zero_point);
  assign low = last_scale ? 16'(fields.sum_clamp_min) : fields.clamp_min;
  assign high = last_scale ? 16'(fields.sum_clamp_max) : fields.clamp_max;

  always_comb begin
    for (int l = 0; l < LANES; l++) begin
      logic signed [31:0] moved;
      moved = $signed(scaled[l]) + zero_point;
      clamped[l] = moved < 32'(low) ? low : moved > 32'(high) ? high : moved[15:0];
      x_lanes[l] = (32'($signed(value[l])) - 32'(fields.acc_zero_point)) << fields.acc_left_shift;
      r_lanes[l] = (32'($signed(residual_lanes[l])) - 32'(fields.res_zero_point)) << fields.res_left_shift;
    end
  end

  logic residual_here, residual_coming;

  always_ff @(posedge clock) begin
    {residual_here, residual_coming} <= {residual_coming, read_token.read};
    if (residual_here) residual_line <= r_data;
    if (q_scaled_token.pass) value <= clamped;
    for (int l = 0; l < LANES; l++) begin
      if (sum_token.pass) begin
        if (x_scales) sum[l] <= scaled[l] + (r_scales ? sum[l] : r_lanes[l]);
        else sum[l] <= x_lanes[l] + (r_scales ? '0 : r_lanes[l]);
      end else if (r_scaled_token.pass) begin
        sum[l] <= scaled[l] + (x_scales ? '0 : sum[l]);
      end
    end
  end

  // The request to the multipliers.
  logic ask;
  logic [1:0] rounding;
  logic [LANES-1:0][31:0] ask_value, ask_multiplier;
  logic [LANES-1:0][5:0] ask_shift;

  assign scale_set = q_token.set;
  assign scale_group = q_token.group;

  always_ff @(posedge clock) begin
    ask <= !reset && (q_token.pass || ask_x || ask_r || ask_s);
    if (ask_s) begin
      rounding <= fields.sum_rounding;
      ask_value <= sum;
      ask_multiplier <= {LANES{1'b0, fields.sum_multiplier}};
      ask_shift <= {LANES{fields.sum_shift}};
    end else if (ask_x) begin
      rounding <= fields.acc_rounding;
      ask_value <= x_lanes;
      ask_multiplier <= {LANES{1'b0, fields.acc_multiplier}};
      ask_shift <= {LANES{fields.acc_shift}};
    end else if (ask_r) begin
      rounding <= fields.res_rounding;
      ask_value <= r_lanes;
      ask_multiplier <= {LANES{1'b0, fields.res_multiplier}};
      ask_shift <= {LANES{fields.res_shift}};
    end else if (q_token.pass) begin
      rounding <= fields.requantise;
      ask_value <= row_lanes;
      ask_multiplier <= scale_multiplier;
      ask_shift <= scale_shift;
    end
  end

  assign multiply.valid = ask;
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
  logic [8*chip::R-1:0] written;

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
      chip::TYPE_INT8: written = (8 * chip::R)'(bytes_1 >> (8 * chip::R * 32'(write_token.line)));
      chip::TYPE_INT16: written = (8 * chip::R)'(bytes_2 >> (8 * chip::R * 32'(write_token.line)));
      default: written = (8 * chip::R)'(bytes_4 >> (8 * chip::R * 32'(write_token.line)));
    endcase
  end

  assign o_write.valid = write_token.write;
  assign o_write.data = written;
  assign o_write.first_group = fields.o_first_group;
  assign o_write.last_group = fields.o_last_group;
  assign r_read.valid = read_token.read;
  assign r_read.first_group = fields.res_first_group;
  assign r_read.last_group = fields.res_last_group;

  tensor_pixels output_lines (
      .clock(clock),
      .start(start),
      .base(instruction.o_base),
      .rows(instruction.output_height),
      .columns(instruction.output_width),
      .channels(instruction.output_channels),
      .kept_rows(fields.output_height),
      .kept_columns(fields.output_width),
      .row_stride(fields.o_stride_y),
      .column_stride(fields.o_stride_x),
      .size_log2(size_log2),
      .step(write_token.write),
      .address(o_write.address),
      .lanes(o_write.lanes)
  );

  tensor_pixels residual_lines (
      .clock(clock),
      .start(start),
      .base(instruction.res_base),
      .rows(instruction.output_height),
      .columns(instruction.output_width),
      .channels(instruction.output_channels),
      .kept_rows(fields.output_height),
      .kept_columns(fields.output_width),
      .row_stride(fields.res_stride_y),
      .column_stride(fields.res_stride_x),
      .size_log2(2'd0),
      .step(read_token.read),
      .address(r_read.address),
      .lanes(r_read.lanes)
  );

  wire unused = &{1'b0, instruction, fields, scaled, tile_end, contract_pixel, contract_slot, contract_pixel_end,
                   q_token, q_scaled_token, x_token, read_token, r_token, s_token, sum_token, r_scaled_token,
                   result_token, write_token};

endmodule

// The VECTOR engine (docs/machine.md, section 7).
//
// start, instruction, busy, active, reads, writes and the multipliers: as of the tensor engine (tensor_engine.sv).
// a_read      Stream A; before the first beat also stream TABLE (with its own group range).
// b_read      Stream B.
// o_write     Stream O.
// The table memory (chip::TL copies of 512 entries) and the divider are parts of this engine.
//
// vector_rows turns the indices of GATHER and SCATTER into the places of rows. A beat flows from vector_stream (A and
// B) through preparation, vector_operands (IN), vector_operation (OP), vector_reduction and vector_results (OUT, TABLE)
// to vector_writer. Every part takes a beat each ii cycles, so that none ever waits; vector_timer counts the cycles of
// the contract, within which the last write comes.
module vector_engine (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      start,
    input  chip::vector_t             instruction,
    output logic                      busy,
    output logic                      active,
    output chip::read_request_t       a_read,
    input  logic [8*chip::R-1:0]      a_data,
    output chip::read_request_t       b_read,
    input  logic [8*chip::R-1:0]      b_data,
    output chip::write_request_t      o_write,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled
);

  localparam int V = chip::V;
  localparam int R = chip::R;
  localparam int COUNT_BITS = $clog2(V) + 1;
  localparam int SLOT_BITS = $clog2(chip::DIVIDE * V + 1);
  localparam int LINE_BITS = $clog2(1026 / R + 1) + 1;

  // What belongs to a beat on its way.
  typedef struct packed {
    logic first;  // of its reduction
    logic last;
    logic whole;  // all lanes of a full beat, not those of the last block
  } beat_t;
  localparam int BEAT_BITS = 3;

  // The instruction.
  chip::vector_t fields;
  logic [COUNT_BITS-1:0] full_lanes, last_lanes, a_full, a_last, b_full, b_last, o_full, o_last;
  logic [COUNT_BITS-1:0] a_passes, b_passes, op_passes, o_passes, lookups;
  logic [23:0] blocks;
  logic single_block, a_meets_b, a_meets_o, b_meets_o, single;
  logic [SLOT_BITS-1:0] last_slot;
  logic [2:0] windows, lead;
  logic [5:0] pipe;
  logic indirect;
  logic begins;  // the cycle after the start

  always_ff @(posedge clock) begin
    begins <= start;
    if (start) fields <= instruction;
  end

  vector_shape shape (
      .clock(clock),
      .begins(begins),
      .fields(fields),
      .full_lanes(full_lanes),
      .last_lanes(last_lanes),
      .single_block(single_block),
      .blocks(blocks),
      .a_full(a_full),
      .a_last(a_last),
      .b_full(b_full),
      .b_last(b_last),
      .o_full(o_full),
      .o_last(o_last),
      .a_meets_b(a_meets_b),
      .a_meets_o(a_meets_o),
      .b_meets_o(b_meets_o),
      .a_passes(a_passes),
      .b_passes(b_passes),
      .op_passes(op_passes),
      .o_passes(o_passes),
      .lookups(lookups),
      .single(single),
      .last_slot(last_slot),
      .windows(windows),
      .indirect(indirect),
      .lead(lead),
      .pipe(pipe)
  );

  // Time.
  logic loading, reading, reading_b, beat_ends, b_ends, lead_ends, last_beat, last_index;
  logic [LINE_BITS-1:0] line, table_lines;
  logic [SLOT_BITS-1:0] slot;
  logic [10:0] table_bytes, line_begins;

  assign table_bytes = fields.table_ == chip::TABLE_TABLE16 ? 11'd1026 : 11'd256;
  assign table_lines = LINE_BITS'((12'(table_bytes) + 12'(R - 1)) >> $clog2(R));
  assign line_begins = 11'(line) << $clog2(R);

  vector_timer timer (
      .clock(clock),
      .reset(reset),
      .start(start),
      .loads(fields.table_ != chip::TABLE_NONE),
      .leads(fields.op == chip::OP_GATHER || fields.op == chip::OP_SCATTER),
      .table_lines(table_lines),
      .single(single),
      .last_slot(last_slot),
      .windows(windows),
      .lead(lead),
      .pipe(pipe),
      .last_index(last_index),
      .last_beat(last_beat),
      .busy(busy),
      .loading(loading),
      .line(line),
      .reading(reading),
      .reading_b(reading_b),
      .slot(slot),
      .beat_ends(beat_ends),
      .b_ends(b_ends),
      .lead_ends(lead_ends)
  );

  // Every part is empty before the engine is free.
  assign active = busy;

  // The loops around the beats: r1, r0, blocks, o3 to o0 from the top down.
  logic [6:0][23:0] counts;
  logic [6:0] once, at_first, at_last, b_at_first, b_at_last;
  logic [2:0] level, b_level;
  logic first_turn, last_turn;
  beat_t beat;

  assign counts = {24'(fields.r1), 24'(fields.r0), blocks,
                   24'(fields.o3), 24'(fields.o2), 24'(fields.o1), 24'(fields.o0)};
  assign once = {fields.r1 == 16'd1, fields.r0 == 16'd1, single_block,
                 fields.o3 == 16'd1, fields.o2 == 16'd1, fields.o1 == 16'd1, fields.o0 == 16'd1};

  vector_loops loops (
      .clock(clock),
      .restart(begins),
      .advance(beat_ends),
      .once(once),
      .count(counts),
      .level(level),
      .at_first(at_first),
      .at_last(at_last)
  );

  // Those of B: the same, or ahead by the lead of GATHER and SCATTER.
  vector_loops b_loops (
      .clock(clock),
      .restart(begins),
      .advance(b_ends),
      .once(once),
      .count(counts),
      .level(b_level),
      .at_first(b_at_first),
      .at_last(b_at_last)
  );

  assign last_beat = at_last == '1;
  assign last_index = b_at_last == '1;
  assign first_turn = at_first[6:5] == '1;
  assign last_turn = at_last[6:5] == '1;
  assign beat.first = first_turn && (at_first[4] || !fields.lane_reduce);
  assign beat.last = last_turn && (at_last[4] || !fields.lane_reduce);
  assign beat.whole = !at_last[4];

  // READ: A takes the first slots of a beat; B the same, or those after A's where their groups meet. Indices go before
  // A. What a slot decides goes to the memory in the next cycle, from registers.
  logic [SLOT_BITS-1:0] a_begins, b_begins, a_slot, b_slot, reads_end;
  logic [V-1:0][31:0] a_values, b_values, a_prepared, b_prepared;
  logic streams_b, gathered, gathered_absent, a_goes, b_goes;
  logic [23:0] a_address, b_address;
  logic [R-1:0] a_touched, b_touched;
  logic [BEAT_BITS-1:0] gathered_beat;

  assign streams_b = fields.b_source == chip::SOURCE_STREAM;
  assign a_begins = a_meets_b && indirect ? SLOT_BITS'(b_full) : '0;
  assign b_begins = a_meets_b && !indirect ? SLOT_BITS'(a_full) : '0;
  assign a_slot = slot - a_begins;
  assign b_slot = slot - b_begins;
  assign reads_end = a_meets_b ? SLOT_BITS'(a_full) + SLOT_BITS'(b_full)
      : a_full > b_full ? SLOT_BITS'(a_full) : SLOT_BITS'(b_full);

  // The row of the beat that begins to read, and of the beat that begins to write.
  logic opens, absent, row_present, written_present, gathers, scatters, merges, by_chunks, ready_to_write;
  logic [23:0] row_offset, written_offset;

  // Decoded in the cycle before the first slot.
  always_ff @(posedge clock) begin
    gathers <= fields.op == chip::OP_GATHER;
    scatters <= fields.op == chip::OP_SCATTER;
    merges <= fields.op == chip::OP_SCATTER || fields.masking == chip::MASKING_MERGE;
    by_chunks <= (fields.op == chip::OP_MUL || fields.op == chip::OP_DIV) && !fields.lane_reduce;
  end

  assign absent = gathers && !row_present;

  always_ff @(posedge clock) opens <= indirect && (lead_ends || (beat_ends && !last_beat));

  vector_rows rows (
      .clock(clock),
      .restart(begins),
      .fields(fields),
      .index(b_values[0]),
      .opens(opens),
      .offset(row_offset),
      .present(row_present),
      .take(ready_to_write),
      .taken_offset(written_offset),
      .taken_present(written_present)
  );

  vector_stream a_stream (
      .clock(clock),
      .reset(reset),
      .restart(begins),
      .base(fields.a_base),
      .strides({fields.a_reduce_1, fields.a_reduce_0, fields.a_lane_stride << $clog2(V),
                fields.a_stride_3, fields.a_stride_2, fields.a_stride_1, fields.a_stride_0}),
      .lane_stride(fields.a_lane_stride),
      .kind(fields.a_type),
      .turn(reading && !absent && a_slot < SLOT_BITS'(a_full)),
      .index(COUNT_BITS'(a_slot)),
      .first(slot == a_begins),
      .accesses(at_last[4] ? a_last : a_full),
      .lanes(at_last[4] ? last_lanes : full_lanes),
      .beat_ends(beat_ends),
      .level(level),
      .offset(gathers ? row_offset : 24'd0),
      .goes(a_goes),
      .address(a_address),
      .touched(a_touched),
      .data(a_data),
      .values(a_values)
  );

  vector_stream #(.LEVELS(5)) b_stream (
      .clock(clock),
      .reset(reset),
      .restart(begins),
      .base(fields.b_base),
      .strides({fields.b_lane_stride << $clog2(V),
                fields.b_stride_3, fields.b_stride_2, fields.b_stride_1, fields.b_stride_0}),
      .lane_stride(fields.b_lane_stride),
      .kind(fields.b_type),
      .turn(reading_b && b_slot < SLOT_BITS'(b_full)),
      .index(COUNT_BITS'(b_slot)),
      .first(slot == b_begins),
      .accesses(b_at_last[4] ? b_last : b_full),
      .lanes(b_at_last[4] ? last_lanes : full_lanes),
      .beat_ends(b_ends),
      .level(b_level),
      .offset(24'd0),
      .goes(b_goes),
      .address(b_address),
      .touched(b_touched),
      .data(b_data),
      .values(b_values)
  );

  // The table is read through port A before the first beat.
  logic table_write, loads;
  logic [LINE_BITS-1:0] table_line;
  logic [R-1:0] table_lanes;

  logic a_asks, b_asks;  // what goes in this cycle
  logic [23:0] a_asked_address, b_asked_address;
  logic [R-1:0] a_asked_lanes, b_asked_lanes;

  always_comb begin
    for (int i = 0; i < R; i++) table_lanes[i] = 12'(line_begins) + 12'(i) < 12'(table_bytes);
  end

  always_ff @(posedge clock) begin
    loads <= loading;
    a_asks <= (loading || a_goes) && !reset;
    b_asks <= b_goes && !reset;
    if (loading || a_goes) begin
      a_asked_address <= loading ? fields.t_base + 24'(line_begins) : a_address;
      a_asked_lanes <= loading ? table_lanes : a_touched;
    end
    if (b_goes) begin
      b_asked_address <= b_address;
      b_asked_lanes <= b_touched;
    end
  end

  always_comb begin
    a_read.valid = a_asks;
    a_read.address = a_asked_address;
    a_read.lanes = a_asked_lanes;
    a_read.first_group = loads ? fields.t_first_group : fields.a_first_group;
    a_read.last_group = loads ? fields.t_last_group : fields.a_last_group;
    b_read.valid = b_asks;
    b_read.address = b_asked_address;
    b_read.lanes = b_asked_lanes;
    b_read.first_group = fields.b_first_group;
    b_read.last_group = fields.b_last_group;
  end

  vector_delay #(.BITS(1 + LINE_BITS), .CYCLES(chip::READ_LATENCY + 1)) table_answer (
      .clock(clock),
      .reset(reset),
      .in({loading, line}),
      .out({table_write, table_line})
  );

  // The elements of a beat stand a cycle after its last answer; those of a row that is not there are 0.
  vector_delay #(.BITS(2 + BEAT_BITS), .CYCLES(chip::READ_LATENCY + 2)) answered (
      .clock(clock),
      .reset(reset),
      .in({reading && slot == reads_end - 1'b1, absent, beat}),
      .out({gathered, gathered_absent, gathered_beat})
  );

  for (genvar l = 0; l < V; l++) begin : g_prepare
    assign a_prepared[l] = ((gathered_absent ? '0 : a_values[l]) - 32'(fields.a_zero_point)) << fields.a_left_shift;
    assign b_prepared[l] = !streams_b ? fields.b_immediate
        : (b_values[l] - 32'(fields.b_zero_point)) << fields.b_left_shift;
  end

  // IN.
  chip::multiply_request_t in_multiply, op_multiply, out_multiply;
  logic op_turn, out_turn, operands_come, chunk_comes, ready;
  logic [BEAT_BITS-1:0] coming_beat, ready_beat;
  logic [V-1:0][31:0] a, b;

  vector_operands #(.TOKEN_BITS(BEAT_BITS)) operands (
      .clock(clock),
      .reset(reset),
      .fields(fields),
      .a_passes(a_passes),
      .b_passes(b_passes),
      .op_passes(op_passes),
      .o_passes(o_passes),
      .last_slot(last_slot),
      .prepared(gathered),
      .prepared_token(gathered_beat),
      .a_prepared(a_prepared),
      .b_prepared(b_prepared),
      .multiply(in_multiply),
      .scaled(scaled),
      .op_turn(op_turn),
      .out_turn(out_turn),
      .comes(operands_come),
      .chunk_comes(chunk_comes),
      .coming_token(coming_beat),
      .ready(ready),
      .ready_token(ready_beat),
      .a(a),
      .b(b)
  );

  // OP and the reduction.
  logic [V-1:0] x_valid;
  logic [V-1:0][31:0] x, reduced;
  beat_t x_beat;
  logic x_chunk_ends, x_ends, reduced_comes, reduced_ready;

  vector_operation #(.TOKEN_BITS(BEAT_BITS)) operation (
      .clock(clock),
      .reset(reset),
      .fields(fields),
      .full_lanes(full_lanes),
      .passes(op_passes),
      .turn(op_turn),
      .comes(operands_come),
      .chunk_comes(chunk_comes),
      .coming_token(coming_beat),
      .ready(ready),
      .ready_token(ready_beat),
      .a(a),
      .b(b),
      .multiply(op_multiply),
      .scaled(scaled),
      .valid(x_valid),
      .x(x),
      .token(x_beat),
      .chunk_ends(x_chunk_ends),
      .ends(x_ends)
  );

  vector_reduction reduction (
      .clock(clock),
      .reset(reset),
      .reduce(fields.reduce),
      .lane_reduce(fields.lane_reduce),
      .valid(x_valid),
      .x(x),
      .lanes(x_beat.whole ? full_lanes : last_lanes),
      .first(x_beat.first),
      .finishes(x_ends && x_beat.last),
      .comes(reduced_comes),
      .ready(reduced_ready),
      .results(reduced)
  );

  // OUT, TABLE, WRITE.
  logic [V-1:0][31:0] values;

  vector_results results (
      .clock(clock),
      .reset(reset),
      .begins(begins),
      .fields(fields),
      .passes(o_passes),
      .turn(out_turn),
      .lookups(lookups),
      .comes(reduced_comes),
      .chunk_comes(x_chunk_ends && x_beat.last),
      .by_chunks(by_chunks),
      .reduced_ready(reduced_ready),
      .reduced(reduced),
      .multiply(out_multiply),
      .scaled(scaled),
      .table_write(table_write),
      .table_line(table_line),
      .table_data(a_data),
      .ready(ready_to_write),
      .values(values)
  );

  vector_writer writer (
      .clock(clock),
      .reset(reset),
      .restart(begins),
      .fields(fields),
      .once({fields.lane_reduce || single_block, once[3:0]}),
      .blocks(blocks),
      .full_lanes(full_lanes),
      .last_lanes(last_lanes),
      .full_accesses(o_full),
      .last_accesses(o_last),
      .take(ready_to_write),
      .values(values),
      .offset(scatters ? written_offset : 24'd0),
      .present(!indirect || written_present || !merges),
      .wait_((a_read.valid && a_meets_o) || (b_read.valid && b_meets_o)),
      .write(o_write)
  );

  // B has no part in reductions.
  wire unused = &{1'b0, b_at_first, at_first[3:0]};

  // The passes have slots of their own: at most one is valid.
  assign multiply = in_multiply.valid ? in_multiply : op_multiply.valid ? op_multiply : out_multiply;

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

// What a VECTOR's fields say about its beats: counts of lanes, accesses and passes, and the cycles between beats
// (docs/machine.md, section 7, Time). Counts stand from the cycle after `begins` on, `last_slot`, `lead` and `pipe`
// from the cycle after that.
module vector_shape #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1,
    localparam int SLOT_BITS = $clog2(chip::DIVIDE * chip::V + 1)
) (
    input  logic                   clock,
    input  logic                   begins,
    input  chip::vector_t          fields,
    output logic [COUNT_BITS-1:0]  full_lanes,     // m: lanes of a full beat
    output logic [COUNT_BITS-1:0]  last_lanes,     // lanes of the last block
    output logic                   single_block,   // as soon as `fields` stand
    output logic [23:0]            blocks,
    output logic [COUNT_BITS-1:0]  a_full,         // accesses of a full beat
    output logic [COUNT_BITS-1:0]  a_last,         // accesses of the last block
    output logic [COUNT_BITS-1:0]  b_full,
    output logic [COUNT_BITS-1:0]  b_last,
    output logic [COUNT_BITS-1:0]  o_full,
    output logic [COUNT_BITS-1:0]  o_last,
    output logic                   a_meets_b,      // groups that streams have in common
    output logic                   a_meets_o,
    output logic                   b_meets_o,
    output logic [COUNT_BITS-1:0]  a_passes,       // passes of the multipliers in a beat
    output logic [COUNT_BITS-1:0]  b_passes,
    output logic [COUNT_BITS-1:0]  op_passes,
    output logic [COUNT_BITS-1:0]  o_passes,
    output logic [COUNT_BITS-1:0]  lookups,        // cycles of table look-ups in a beat
    output logic                   single,         // a beat has one slot
    output logic [SLOT_BITS-1:0]   last_slot,      // ii - 1
    output logic [2:0]             windows,        // S - 1, without the stages INDEX
    output logic                   indirect,       // GATHER or SCATTER
    output logic [2:0]             lead,           // stages INDEX
    output logic [5:0]             pipe            // cycles beside those of beats and windows
);

  localparam int LANE_BITS = $clog2(chip::V);
  localparam int SUM_BITS = COUNT_BITS + 2;  // of up to four counts

  function automatic logic [1:0] size_code(logic [2:0] kind);
    size_code = kind == chip::TYPE_INT32 ? 2'd2
        : kind == chip::TYPE_INT16 || kind == chip::TYPE_UINT16 ? 2'd1 : 2'd0;
  endfunction

  // Accesses that move some elements of a beat.
  function automatic logic [COUNT_BITS-1:0] accesses(
      logic [COUNT_BITS-1:0] moved, logic [23:0] stride, logic [2:0] kind);
    logic [9:0] bytes;
    bytes = 10'(moved) << size_code(kind);
    if (stride == 24'd1 << size_code(kind))
      accesses = COUNT_BITS'((11'(bytes) + 11'(chip::R - 1)) >> $clog2(chip::R));
    else if (stride == '0) accesses = COUNT_BITS'(1);
    else accesses = moved;
  endfunction

  function automatic logic [COUNT_BITS-1:0] passes(logic [COUNT_BITS-1:0] moved, int width);
    passes = COUNT_BITS'((9'(moved) + 9'(width - 1)) >> $clog2(width));
  endfunction

  function automatic logic meet(logic [4:0] first, logic [4:0] last, logic [4:0] others_first, logic [4:0] others_last);
    meet = first <= others_last && others_first <= last;
  endfunction

  function automatic logic [SUM_BITS-1:0] larger(logic [SUM_BITS-1:0] x, logic [SUM_BITS-1:0] y);
    larger = x > y ? x : y;
  endfunction

  logic few, streams_b, ab, ao, bo, divides, scales_in, begun;
  logic [1:0] later;                        // how many of OP, OUT and TABLE are in use
  logic [SUM_BITS-1:0] scale_count, passes_of_beat, a_port, b_port, o_port, slots;
  logic [COUNT_BITS-1:0] lanes, rest, results, rest_results;
  logic [COUNT_BITS-1:0] a_most, b_most, o_most, scale, a_scale, b_scale, product, output_scale, found;

  assign few = 32'(fields.lanes) < chip::V;
  assign lanes = few ? COUNT_BITS'(fields.lanes) : COUNT_BITS'(chip::V);
  assign rest = fields.lanes[LANE_BITS-1:0] == '0 ? lanes : COUNT_BITS'(fields.lanes[LANE_BITS-1:0]);
  assign results = fields.lane_reduce ? COUNT_BITS'(1) : lanes;
  assign rest_results = fields.lane_reduce ? COUNT_BITS'(1) : rest;
  assign streams_b = fields.b_source == chip::SOURCE_STREAM;

  // Accesses; with lane_reduce the one result takes one, whatever its stride.
  assign a_most = accesses(lanes, fields.a_lane_stride, fields.a_type);
  assign b_most = streams_b ? accesses(lanes, fields.b_lane_stride, fields.b_type) : '0;
  assign o_most = fields.lane_reduce ? COUNT_BITS'(1) : accesses(results, fields.o_lane_stride, fields.o_type);
  assign ab = streams_b && meet(fields.a_first_group, fields.a_last_group, fields.b_first_group, fields.b_last_group);
  assign ao = meet(fields.a_first_group, fields.a_last_group, fields.o_first_group, fields.o_last_group);
  assign bo = streams_b && meet(fields.b_first_group, fields.b_last_group, fields.o_first_group, fields.o_last_group);

  assign single_block = 32'(fields.lanes) <= chip::V;

  // Passes of the multipliers and look-ups.
  assign scale = passes(lanes, chip::M);
  assign a_scale = fields.a_rounding != chip::ROUNDING_OFF ? scale : '0;
  assign b_scale = fields.b_rounding != chip::ROUNDING_OFF ? scale : '0;
  assign product = fields.op == chip::OP_MUL ? scale : '0;
  assign output_scale = fields.o_rounding != chip::ROUNDING_OFF ? passes(results, chip::M) : '0;
  assign found = fields.table_ != chip::TABLE_NONE ? passes(results, chip::TL) : '0;

  assign scale_count = SUM_BITS'(a_scale) + SUM_BITS'(b_scale) + SUM_BITS'(product) + SUM_BITS'(output_scale);

  always_ff @(posedge clock) begin
    if (begins) begin
      blocks <= 24'((25'(fields.lanes) + 25'(chip::V - 1)) >> LANE_BITS);
      full_lanes <= lanes;
      last_lanes <= rest;
      a_full <= a_most;
      a_last <= accesses(rest, fields.a_lane_stride, fields.a_type);
      b_full <= b_most;
      b_last <= streams_b ? accesses(rest, fields.b_lane_stride, fields.b_type) : '0;
      o_full <= o_most;
      o_last <= fields.lane_reduce ? COUNT_BITS'(1) : accesses(rest_results, fields.o_lane_stride, fields.o_type);
      a_meets_b <= ab;
      a_meets_o <= ao;
      b_meets_o <= bo;
      a_passes <= a_scale;
      b_passes <= b_scale;
      op_passes <= product;
      o_passes <= output_scale;
      passes_of_beat <= scale_count;
      lookups <= found;
      divides <= fields.op == chip::OP_DIV;
      indirect <= fields.op == chip::OP_GATHER || fields.op == chip::OP_SCATTER;
      // Any two of a group, or two passes, make a beat longer.
      single <= a_most == 1 && b_most <= 1 && o_most == 1 && !ab && !ao && !bo && fields.op != chip::OP_DIV
          && found <= 1 && scale_count <= 1;
    end
  end

  // The cycle after.
  assign a_port = SUM_BITS'(a_full) + (a_meets_b ? SUM_BITS'(b_full) : '0) + (a_meets_o ? SUM_BITS'(o_full) : '0);
  assign b_port = SUM_BITS'(b_full) + (a_meets_b ? SUM_BITS'(a_full) : '0) + (b_meets_o ? SUM_BITS'(o_full) : '0);
  assign o_port = SUM_BITS'(o_full) + (a_meets_o ? SUM_BITS'(a_full) : '0) + (b_meets_o ? SUM_BITS'(b_full) : '0);
  assign slots = larger(larger(a_port, b_port), larger(o_port, larger(passes_of_beat, SUM_BITS'(lookups))));
  assign scales_in = a_passes != '0 || b_passes != '0;
  assign later = 2'(divides || op_passes != '0) + 2'(o_passes != '0) + 2'(lookups != '0);

  always_ff @(posedge clock) begin
    begun <= begins;
    if (begun) begin
      // Divisions take longer than all else.
      last_slot <= divides ? SLOT_BITS'(chip::DIVIDE * 32'(full_lanes) - 1) : SLOT_BITS'(slots - 1'b1);
      windows <= 3'd1 + 3'(scales_in) + 3'(later);
      pipe <= 6'(chip::VECTOR_PIPE) + (scales_in ? 6'(chip::IN_PIPE) : '0) + 6'(chip::STAGE_PIPE) * 6'(later)
          + (fields.lane_reduce ? 6'(LANE_BITS) : '0);
    end
  end

  always_comb begin
    lead = 3'(chip::INDEX_PIPE);
    for (int i = chip::INDEX_PIPE - 1; i >= 1; i--)
      if (!single && (32'(last_slot) + 1) * i >= chip::INDEX_PIPE) lead = 3'(i);
  end

  // Only the fields above have a part in this.
  wire unused = &{1'b0, fields};

endmodule

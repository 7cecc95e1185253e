// What a VECTOR's fields say about its beats: counts of lanes, accesses and passes, and the cycles between beats
// (docs/machine.md, section 7, Time). Sampled with `start`; the outputs come from registers.
module vector_shape #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1,
    localparam int SLOT_BITS = $clog2(chip::DIVIDE * chip::V + 1)
) (
    input  logic                   clock,
    input  logic                   start,
    input  chip::vector_t          fields,
    output logic [COUNT_BITS-1:0]  full_lanes,     // m: lanes of a full beat
    output logic [COUNT_BITS-1:0]  last_lanes,     // lanes of the last block
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
    output logic [SLOT_BITS-1:0]   slots,          // ii
    output logic [2:0]             windows,        // S - 1, without the stages INDEX
    output logic                   indirect,       // GATHER or SCATTER
    output logic [2:0]             lead            // stages INDEX
);

  localparam int LANE_BITS = $clog2(chip::V);

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

  function automatic logic [SLOT_BITS-1:0] larger(logic [SLOT_BITS-1:0] x, logic [SLOT_BITS-1:0] y);
    larger = x > y ? x : y;
  endfunction

  logic few, streams_b, ab, ao, bo;
  logic [COUNT_BITS-1:0] lanes, rest, results, rest_results;
  logic [COUNT_BITS-1:0] a_most, a_least, b_most, b_least, o_most, o_least, scale, output_scale, a_scale, b_scale;
  logic [COUNT_BITS-1:0] product, found;
  logic [SLOT_BITS-1:0] a_port, b_port, o_port, multiplications, division;

  assign few = 32'(fields.lanes) < chip::V;
  assign lanes = few ? COUNT_BITS'(fields.lanes) : COUNT_BITS'(chip::V);
  assign rest = fields.lanes[LANE_BITS-1:0] == '0 ? lanes : COUNT_BITS'(fields.lanes[LANE_BITS-1:0]);
  assign results = fields.lane_reduce ? COUNT_BITS'(1) : lanes;
  assign rest_results = fields.lane_reduce ? COUNT_BITS'(1) : rest;
  assign streams_b = fields.b_source == chip::SOURCE_STREAM;

  // Accesses; with lane_reduce the one result takes one, whatever its stride.
  assign a_most = accesses(lanes, fields.a_lane_stride, fields.a_type);
  assign a_least = accesses(rest, fields.a_lane_stride, fields.a_type);
  assign b_most = streams_b ? accesses(lanes, fields.b_lane_stride, fields.b_type) : '0;
  assign b_least = streams_b ? accesses(rest, fields.b_lane_stride, fields.b_type) : '0;
  assign o_most = fields.lane_reduce ? COUNT_BITS'(1) : accesses(results, fields.o_lane_stride, fields.o_type);
  assign o_least = fields.lane_reduce ? COUNT_BITS'(1) : accesses(rest_results, fields.o_lane_stride, fields.o_type);
  assign ab = streams_b && meet(fields.a_first_group, fields.a_last_group, fields.b_first_group, fields.b_last_group);
  assign ao = meet(fields.a_first_group, fields.a_last_group, fields.o_first_group, fields.o_last_group);
  assign bo = streams_b && meet(fields.b_first_group, fields.b_last_group, fields.o_first_group, fields.o_last_group);
  assign a_port = SLOT_BITS'(a_most) + (ab ? SLOT_BITS'(b_most) : '0) + (ao ? SLOT_BITS'(o_most) : '0);
  assign b_port = SLOT_BITS'(b_most) + (ab ? SLOT_BITS'(a_most) : '0) + (bo ? SLOT_BITS'(o_most) : '0);
  assign o_port = SLOT_BITS'(o_most) + (ao ? SLOT_BITS'(a_most) : '0) + (bo ? SLOT_BITS'(b_most) : '0);

  // Passes of the multipliers, look-ups and divisions.
  assign scale = passes(lanes, chip::M);
  assign a_scale = fields.a_rounding != chip::ROUNDING_OFF ? scale : '0;
  assign b_scale = fields.b_rounding != chip::ROUNDING_OFF ? scale : '0;
  assign product = fields.op == chip::OP_MUL ? scale : '0;
  assign output_scale = fields.o_rounding != chip::ROUNDING_OFF ? passes(results, chip::M) : '0;
  assign found = fields.table_ != chip::TABLE_NONE ? passes(results, chip::TL) : '0;
  assign multiplications = SLOT_BITS'(a_scale) + SLOT_BITS'(b_scale) + SLOT_BITS'(product) + SLOT_BITS'(output_scale);
  assign division = fields.op == chip::OP_DIV ? SLOT_BITS'(chip::DIVIDE * 32'(lanes)) : '0;

  always_ff @(posedge clock) begin
    if (start) begin
      full_lanes <= lanes;
      last_lanes <= rest;
      blocks <= 24'((25'(fields.lanes) + 25'(chip::V - 1)) >> LANE_BITS);
      a_full <= a_most;
      a_last <= a_least;
      b_full <= b_most;
      b_last <= b_least;
      o_full <= o_most;
      o_last <= o_least;
      a_meets_b <= ab;
      a_meets_o <= ao;
      b_meets_o <= bo;
      a_passes <= a_scale;
      b_passes <= b_scale;
      op_passes <= product;
      o_passes <= output_scale;
      lookups <= found;
      slots <= larger(larger(larger(a_port, b_port), larger(o_port, multiplications)),
                      larger(SLOT_BITS'(found), division));
      indirect <= fields.op == chip::OP_GATHER || fields.op == chip::OP_SCATTER;
      windows <= 3'd2 + 3'(a_scale != '0 || b_scale != '0) + 3'(output_scale != '0) + 3'(found != '0);
    end
  end

  always_comb begin
    lead = '0;
    for (int i = chip::INDEX_PIPE; i >= 1; i--) if (indirect && 32'(slots) * i >= chip::INDEX_PIPE) lead = 3'(i);
  end

  // Only the fields above have a part in this.
  wire unused = &{1'b0, fields};

endmodule

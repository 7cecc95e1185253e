// Stage WRITE: takes the results of a beat and writes them, an access a cycle, in the cycles in which no read goes
// whose groups meet those of O. A beat's writes are over before the next beat's results come: in every `slots` cycles
// there is room for all accesses, which a beat whose row is not there leaves unused.
module vector_writer #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      restart,       // begin at o_base
    input  chip::vector_t             fields,
    input  logic [23:0]               blocks,
    input  logic [COUNT_BITS-1:0]     full_lanes,
    input  logic [COUNT_BITS-1:0]     last_lanes,
    input  logic [COUNT_BITS-1:0]     full_accesses,
    input  logic [COUNT_BITS-1:0]     last_accesses,
    input  logic                      take,          // `values` are a beat's
    input  logic [chip::V-1:0][31:0]  values,
    input  logic [23:0]               offset,        // of that beat, to its row
    input  logic                      present,       // the beat is written: its row is there
    input  logic                      wait_,         // a read goes whose groups meet those of O
    output chip::write_request_t      write
);

  localparam int V = chip::V;
  localparam int R = chip::R;
  localparam int BITS = 32 * V > 8 * R ? 32 * V : 8 * R;

  logic [23:0] size, address;
  logic dense, writing, goes, written, ends, last_block;
  logic [2:0] level;
  logic [COUNT_BITS-1:0] index, accesses, lanes;
  logic [9:0] beat_bytes, bytes_before;
  logic [BITS-1:0] bits, packed_bits;

  assign size = fields.o_type == chip::TYPE_INT32 ? 24'd4
      : fields.o_type == chip::TYPE_INT16 || fields.o_type == chip::TYPE_UINT16 ? 24'd2 : 24'd1;
  assign dense = fields.o_lane_stride == size && !fields.lane_reduce;

  // The place in the loops; a reduction is one turn of them.
  logic first_block, first_turn, last_turn, finished;
  vector_loops loops (
      .clock(clock),
      .restart(restart),
      .advance(ends),
      .outer({fields.o3, fields.o2, fields.o1, fields.o0}),
      .blocks(fields.lane_reduce ? 24'd1 : blocks),
      .reductions({16'd1, 16'd1}),
      .level(level),
      .first_block(first_block),
      .last_block(last_block),
      .first_turn(first_turn),
      .last_turn(last_turn),
      .finished(finished)
  );

  vector_addresses addresses (
      .clock(clock),
      .restart(restart),
      .base(fields.o_base),
      .strides({24'd0, 24'd0, fields.o_lane_stride << $clog2(V),
                fields.o_stride_3, fields.o_stride_2, fields.o_stride_1, fields.o_stride_0}),
      .step(dense ? 24'(R) : fields.o_lane_stride),
      .next_access(goes),
      .next_beat(ends),
      .level(level),
      .offset(take ? offset : 24'd0),
      .address(address)
  );

  assign lanes = last_block ? last_lanes : full_lanes;
  assign accesses = last_block ? last_accesses : full_accesses;
  assign goes = writing && !wait_;
  assign ends = goes && index == accesses - 1'b1;

  // The bits in the order of the accesses: dense elements side by side, others 32 bits apart.
  always_comb begin
    packed_bits = '0;
    for (int l = 0; l < V; l++) begin
      if (!dense || size[2]) packed_bits[32*l+:32] = values[l];
      else if (size[1]) packed_bits[16*l+:16] = 16'(values[l]);
      else packed_bits[8*l+:8] = 8'(values[l]);
    end
  end

  always_ff @(posedge clock) begin
    if (take) begin
      bits <= packed_bits;
      index <= '0;
      written <= present;
    end else if (goes) begin
      bits <= dense ? BITS'({{8 * R{1'b0}}, bits} >> (8 * R)) : bits >> 32;
      index <= index + 1'b1;
    end
    writing <= (take || (writing && !ends)) && !reset;
  end

  assign beat_bytes = size[2] ? 10'(lanes) << 2 : size[1] ? 10'(lanes) << 1 : 10'(lanes);
  assign bytes_before = 10'(index) << $clog2(R);

  logic [R-1:0] touched;

  always_comb begin
    for (int i = 0; i < R; i++)
      touched[i] = dense ? 11'(bytes_before) + 11'(i) < 11'(beat_bytes) : i < 32'(size);
    write.valid = goes && written;
    write.address = address;
    write.lanes = touched;
    write.data = bits[8*R-1:0];
    write.first_group = fields.o_first_group;
    write.last_group = fields.o_last_group;
  end

  // Only the block and the level matter here.
  wire unused = &{1'b0, fields, first_block, first_turn, last_turn, finished};

endmodule

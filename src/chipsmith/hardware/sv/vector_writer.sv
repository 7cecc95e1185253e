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
    input  logic [4:0]                once,          // see vector_loops
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

  logic [23:0] size, start, address, step;
  logic dense, words, halves, apart, writing, goes, written, ends, last_block;
  logic [2:0] level;
  logic [4:0] at_first, at_last;
  logic [COUNT_BITS-1:0] left;          // accesses after the one that is next
  logic [10:0] full_bytes, last_bytes;  // of the accesses of a beat, one after the other; one by one: of each
  logic [10:0] bytes;                   // from the next access on
  logic [R-1:0] lanes;                  // of the next access: the memory decodes them in its cycle
  logic [BITS-1:0] bits, packed_bits;

  assign size = fields.o_type == chip::TYPE_INT32 ? 24'd4
      : fields.o_type == chip::TYPE_INT16 || fields.o_type == chip::TYPE_UINT16 ? 24'd2 : 24'd1;

  function automatic logic [10:0] bytes_of(logic [COUNT_BITS-1:0] count);
    bytes_of = words ? 11'(count) << 2 : halves ? 11'(count) << 1 : 11'(count);
  endfunction

  function automatic logic [R-1:0] lanes_of(logic [10:0] count);
    for (int i = 0; i < R; i++) lanes_of[i] = 11'(i) < count;
  endfunction

  // What the fields say stands in registers long before a beat comes.
  always_ff @(posedge clock) begin
    if (restart) dense <= fields.o_lane_stride == size && !fields.lane_reduce;
    words <= size[2];
    halves <= size[1];
    apart <= !dense || words;
    step <= dense ? 24'(R) : fields.o_lane_stride;
    full_bytes <= bytes_of(dense ? full_lanes : COUNT_BITS'(1));
    last_bytes <= bytes_of(dense ? last_lanes : COUNT_BITS'(1));
  end

  // The place in the loops, of the beat that is taken next; a reduction is one turn of them.
  vector_loops #(.LEVELS(5)) loops (
      .clock(clock),
      .restart(restart),
      .advance(take),
      .once(once),
      .count({fields.lane_reduce ? 24'd1 : blocks, 24'(fields.o3), 24'(fields.o2), 24'(fields.o1), 24'(fields.o0)}),
      .level(level),
      .at_first(at_first),
      .at_last(at_last)
  );

  vector_starts #(.LEVELS(5)) starts (
      .clock(clock),
      .restart(restart),
      .base(fields.o_base),
      .strides({fields.o_lane_stride << $clog2(V),
                fields.o_stride_3, fields.o_stride_2, fields.o_stride_1, fields.o_stride_0}),
      .next_beat(take),
      .level(level),
      .start(start)
  );

  assign last_block = at_last[4];
  assign goes = writing && !wait_;
  assign ends = goes && left == '0;

  // The bits in the order of the accesses: dense elements side by side, others 32 bits apart.
  always_comb begin
    packed_bits = '0;
    for (int l = 0; l < V; l++) begin
      if (apart) packed_bits[32*l+:32] = values[l];
      else if (halves) packed_bits[16*l+:16] = 16'(values[l]);
      else packed_bits[8*l+:8] = 8'(values[l]);
    end
  end

  always_ff @(posedge clock) begin
    if (take) begin
      bits <= packed_bits;
      address <= start + offset;
      left <= (last_block ? last_accesses : full_accesses) - 1'b1;
      bytes <= last_block ? last_bytes : full_bytes;
      lanes <= lanes_of(last_block ? last_bytes : full_bytes);
      written <= present;
    end else if (goes) begin
      bits <= dense ? BITS'({{8 * R{1'b0}}, bits} >> (8 * R)) : bits >> 32;
      address <= address + step;
      left <= left - 1'b1;
      if (dense) begin
        bytes <= bytes - 11'(R);
        for (int i = 0; i < R; i++) lanes[i] <= 11'(R + i) < bytes;
      end
    end
    writing <= (take || (writing && !ends)) && !reset;
  end

  always_comb begin
    write.valid = goes && written;
    write.lanes = lanes;
    write.address = address;
    write.data = bits[8*R-1:0];
    write.first_group = fields.o_first_group;
    write.last_group = fields.o_last_group;
  end

  // The other fields and loops have no part in this.
  wire unused = &{1'b0, fields, at_first, at_last};

endmodule

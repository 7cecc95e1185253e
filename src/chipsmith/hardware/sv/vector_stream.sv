// One input stream of the beats: makes its read requests and collects the elements.
//
// In a cycle with `turn` the access `index` of the beat goes, if the beat has so many. The elements of a beat stand on
// `values` from chip::READ_LATENCY + 1 cycles after its last access on.
module vector_stream #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      restart,      // begin at `base`; the other fields hold from the next cycle on
    input  logic [23:0]               base,         // with `restart`
    input  logic [6:0][23:0]          strides,      // of the loops of vector_loops
    input  logic [23:0]               lane_stride,
    input  logic [2:0]                kind,         // chip::TYPE_*
    input  logic [4:0]                first_group,
    input  logic [4:0]                last_group,
    input  logic                      turn,
    input  logic [COUNT_BITS-1:0]     index,
    input  logic [COUNT_BITS-1:0]     accesses,     // of this beat
    input  logic [COUNT_BITS-1:0]     lanes,        // of this beat
    input  logic                      beat_ends,
    input  logic [2:0]                level,        // loop that the next beat increments
    input  logic [23:0]               offset,       // of the beat that begins in the next cycle, to its row
    output chip::read_request_t       read,
    input  logic [8*chip::R-1:0]      data,
    output logic [chip::V-1:0][31:0]  values
);

  logic [23:0] size, address;
  logic [9:0] beat_bytes, bytes_before;
  logic dense, broadcast, answered;
  logic [COUNT_BITS-1:0] answered_index;

  assign size = kind == chip::TYPE_INT32 ? 24'd4
      : kind == chip::TYPE_INT16 || kind == chip::TYPE_UINT16 ? 24'd2 : 24'd1;
  assign dense = lane_stride == size;
  assign broadcast = lane_stride == '0;

  vector_addresses addresses (
      .clock(clock),
      .restart(restart),
      .base(base),
      .strides(strides),
      .step(dense ? 24'(chip::R) : lane_stride),
      .next_access(read.valid),
      .next_beat(beat_ends),
      .level(level),
      .offset(offset),
      .address(address)
  );

  // The last access of a dense beat touches no byte beyond the beat's.
  assign beat_bytes = size[2] ? 10'(lanes) << 2 : size[1] ? 10'(lanes) << 1 : 10'(lanes);
  assign bytes_before = 10'(index) << $clog2(chip::R);

  logic [chip::R-1:0] touched;

  always_comb begin
    for (int i = 0; i < chip::R; i++)
      touched[i] = dense ? 11'(bytes_before) + 11'(i) < 11'(beat_bytes) : i < 32'(size);
    read.valid = turn && index < accesses;
    read.address = address;
    read.lanes = touched;
    read.first_group = first_group;
    read.last_group = last_group;
  end

  vector_delay #(.BITS(COUNT_BITS + 1), .CYCLES(chip::READ_LATENCY)) answer (
      .clock(clock),
      .reset(reset),
      .in({read.valid, index}),
      .out({answered, answered_index})
  );

  vector_gather gather (
      .clock(clock),
      .valid(answered),
      .index(answered_index),
      .kind(kind),
      .dense(dense),
      .broadcast(broadcast),
      .data(data),
      .values(values)
  );

endmodule

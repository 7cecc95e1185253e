// One input stream of the beats: makes its read requests and collects the elements.
//
// In a cycle with `turn` the access `index` of the beat is decided, if the beat has so many; it goes in the next cycle.
// The elements of a beat stand on `values` from chip::READ_LATENCY + 2 cycles after the turn of its last access on.
module vector_stream #(
    parameter int LEVELS = 7,
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      restart,      // begin at `base`
    input  logic [23:0]               base,
    input  logic [LEVELS-1:0][23:0]   strides,      // of the loops of vector_loops
    input  logic [23:0]               lane_stride,
    input  logic [2:0]                kind,         // chip::TYPE_*
    input  logic                      turn,
    input  logic [COUNT_BITS-1:0]     index,
    input  logic                      first,        // that is access 0
    input  logic [COUNT_BITS-1:0]     accesses,     // of this beat
    input  logic [COUNT_BITS-1:0]     lanes,        // of this beat
    input  logic                      beat_ends,
    input  logic [2:0]                level,        // loop that the next beat increments
    input  logic [23:0]               offset,       // of this beat, to its row
    output logic                      goes,         // an access is decided in this cycle
    output logic [23:0]               address,
    output logic [chip::R-1:0]        touched,
    input  logic [8*chip::R-1:0]      data,
    output logic [chip::V-1:0][31:0]  values
);

  logic [23:0] size, start, next, place;
  logic [10:0] beat_bytes, bytes_before;
  logic dense, broadcast, answered;
  logic [COUNT_BITS-1:0] answered_index;

  assign size = kind == chip::TYPE_INT32 ? 24'd4
      : kind == chip::TYPE_INT16 || kind == chip::TYPE_UINT16 ? 24'd2 : 24'd1;

  always_ff @(posedge clock) begin
    if (restart) begin
      dense <= lane_stride == size;
      broadcast <= lane_stride == '0;
    end
  end

  vector_starts #(.LEVELS(LEVELS)) starts (
      .clock(clock),
      .restart(restart),
      .base(base),
      .strides(strides),
      .next_beat(beat_ends),
      .level(level),
      .start(start)
  );

  assign goes = turn && index < accesses;
  assign place = first ? start : next;
  assign address = place + offset;

  always_ff @(posedge clock) if (goes) next <= place + (dense ? 24'(chip::R) : lane_stride);

  // The last access of a dense beat touches no byte beyond the beat's.
  assign beat_bytes = size[2] ? 11'(lanes) << 2 : size[1] ? 11'(lanes) << 1 : 11'(lanes);
  assign bytes_before = 11'(index) << $clog2(chip::R);

  always_comb begin
    for (int i = 0; i < chip::R; i++)
      touched[i] = dense ? 12'(bytes_before) + 12'(i) < 12'(beat_bytes) : i < 32'(size);
  end

  vector_delay #(.BITS(COUNT_BITS + 1), .CYCLES(chip::READ_LATENCY + 1)) answer (
      .clock(clock),
      .reset(reset),
      .in({goes, index}),
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

// The time of a VECTOR (docs/machine.md, section 7): the table's load, the beats, one window of `slots` cycles for each
// further stage, and chip::VECTOR_PIPE cycles. Gives the reads their slots and frees the engine in its exact cycle.
module vector_timer #(
    localparam int SLOT_BITS = $clog2(chip::DIVIDE * chip::V + 1),
    localparam int LINE_BITS = $clog2(1026 / chip::R + 1) + 1
) (
    input  logic                  clock,
    input  logic                  reset,
    input  logic                  start,
    input  logic                  start_loads,   // with `start`: a table is to be loaded first
    input  logic [LINE_BITS-1:0]  table_lines,   // its accesses
    input  logic [SLOT_BITS-1:0]  slots,
    input  logic [2:0]            windows,       // S - 1
    input  logic                  last_beat,     // the beat that reads is the last
    output logic                  busy,
    output logic                  loading,       // the table's access `line` goes in this cycle
    output logic [LINE_BITS-1:0]  line,
    output logic                  reading,       // a beat reads in this cycle, in its slot `slot`
    output logic [SLOT_BITS-1:0]  slot,
    output logic                  beat_ends      // last cycle of the beat that reads
);

  localparam logic [2:0] IDLE = 3'd0, LOADING = 3'd1, READING = 3'd2, FLOWING = 3'd3, WRITING = 3'd4;

  logic [2:0] state, window;
  logic [3:0] tail;
  logic window_ends;

  assign busy = state != IDLE;
  assign loading = state == LOADING;
  assign reading = state == READING;
  assign window_ends = slot == slots - 1'b1;
  assign beat_ends = reading && window_ends;

  always_ff @(posedge clock) begin
    case (state)
      IDLE: if (start) state <= start_loads ? LOADING : READING;
      LOADING: if (line == table_lines - 1'b1) state <= READING;
      READING: if (beat_ends && last_beat) state <= FLOWING;
      FLOWING: if (window_ends && window == 3'd1) state <= WRITING;
      default: if (tail == 4'd1) state <= IDLE;
    endcase
    line <= loading ? line + 1'b1 : '0;
    slot <= (reading || state == FLOWING) && !window_ends ? slot + 1'b1 : '0;
    if (state != FLOWING) window <= windows;
    else if (window_ends) window <= window - 1'b1;
    // One cycle of the pipe lies between the start and the first access.
    tail <= state == WRITING ? tail - 1'b1 : 4'(chip::VECTOR_PIPE - 1);
    if (reset) state <= IDLE;
  end

endmodule

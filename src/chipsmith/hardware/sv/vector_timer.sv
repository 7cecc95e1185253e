// The time of a VECTOR (docs/machine.md, section 7): the table's load, `lead` windows of ii cycles in which indices
// alone are read, the beats, one window for each further stage, and `pipe` cycles, two of which come before the first
// access. Gives the reads their slots and frees the engine in its exact cycle.
module vector_timer #(
    localparam int SLOT_BITS = $clog2(chip::DIVIDE * chip::V + 1),
    localparam int LINE_BITS = $clog2(1026 / chip::R + 1) + 1
) (
    input  logic                  clock,
    input  logic                  reset,
    input  logic                  start,
    input  logic                  loads,         // a table is to be loaded first; all from the cycle after `start` on
    input  logic                  leads,         // indices are read ahead
    input  logic [LINE_BITS-1:0]  table_lines,   // accesses of the table
    input  logic                  single,        // see vector_shape
    input  logic [SLOT_BITS-1:0]  last_slot,
    input  logic [2:0]            windows,       // S - 1
    input  logic [2:0]            lead,
    input  logic [5:0]            pipe,
    input  logic                  last_index,    // the beat that reads B is the last
    input  logic                  last_beat,     // the beat that reads A is the last
    output logic                  busy,
    output logic                  loading,       // the table's access `line` is decided in this cycle
    output logic [LINE_BITS-1:0]  line,
    output logic                  reading,       // a beat reads A in this cycle, in its slot `slot`
    output logic                  reading_b,     // a beat reads B in this cycle, the same or a later one
    output logic [SLOT_BITS-1:0]  slot,
    output logic                  beat_ends,     // last cycle of the beat that reads A
    output logic                  b_ends,        // last cycle of the beat that reads B
    output logic                  lead_ends      // the first beat reads A in the next cycle, after a lead
);

  localparam logic [2:0] IDLE = 3'd0, SHAPING = 3'd1, LOADING = 3'd2, LEADING = 3'd3, READING = 3'd4, FLOWING = 3'd5,
      WRITING = 3'd6;

  logic [2:0] state, window;
  logic [5:0] tail;
  logic window_ends, flowing, leading, b_done;

  assign busy = state != IDLE;
  assign loading = state == LOADING;
  assign leading = state == LEADING;
  assign reading = state == READING;
  assign flowing = state == FLOWING;
  assign reading_b = (leading || reading) && !b_done;
  // In the first slot of all `last_slot` may not stand yet.
  assign window_ends = single || (slot != '0 && slot == last_slot);
  assign beat_ends = reading && window_ends;
  assign b_ends = reading_b && window_ends;
  assign lead_ends = leading && window_ends && window == lead - 1'b1;

  always_ff @(posedge clock) begin
    case (state)
      IDLE: if (start) state <= SHAPING;
      SHAPING: state <= loads ? LOADING : leads ? LEADING : READING;
      LOADING: if (line == table_lines - 1'b1) state <= leads ? LEADING : READING;
      LEADING: if (lead_ends) state <= READING;
      READING: if (beat_ends && last_beat) state <= FLOWING;
      FLOWING: if (window_ends && window == windows - 1'b1) state <= WRITING;
      default: if (tail == 6'd1) state <= IDLE;
    endcase
    line <= loading ? line + 1'b1 : '0;
    slot <= (leading || reading || flowing) && !window_ends ? slot + 1'b1 : '0;
    window <= lead_ends || !(leading || flowing) ? '0 : window + 3'(window_ends);
    b_done <= busy && (b_done || (b_ends && last_index));
    tail <= state == WRITING ? tail - 1'b1 : pipe - 6'd2;
    if (reset) state <= IDLE;
  end

endmodule

// When each phase, drain and end of a TENSOR comes (docs/machine.md, section 6).
//
// All signals speak of the cycle in which an access or a slot is named, two cycles before the request of an access; the
// first one is two cycles after `start`, the contract's first cycle one. What follows from them comes constant numbers
// of cycles later (tensor_engine.sv), so that the contract's times hold.
module tensor_sequence (
    input  logic        clock,
    input  logic        reset,
    input  logic        start,
    input  logic        serial,        // the loads share bank groups with the activations
    input  logic        alone,         // the drain shares bank groups with activations or loads
    input  logic [5:0]  pipe,          // cycles from a drain slot to its write
    input  logic        phase_last,    // of the phase that reads: it is the last one of its tile ...
    input  logic        last,          // ... and of the instruction
    input  logic        load_follows,  // in the cycle of begin_phase: a phase follows the one that begins
    input  logic        read_last,     // this cycle's activation access is the last one of the phase
    input  logic        load_last,     // this cycle's load slot is the last one of the load
    input  logic        draining,      // a tile drains ...
    input  logic        drain_last,    // ... and this cycle is its last one
    output logic        busy,
    output logic        open,          // the cycle after start: fields stand, nothing has been derived from them
    output logic        reading,       // a cycle of activation accesses
    output logic        loading,       // a cycle of loads
    output logic        begin_phase,   // from the next cycle on, the loaded phase reads and the one after it loads
    output logic        begin_drain    // from the next cycle on, the tile of the phase drains
);

  typedef enum logic [2:0] {
    IDLE,
    OPEN,   // what follows from the fields is registered
    LOAD,   // the first weights, and the products of the address arithmetic
    PHASE,
    DRAIN   // nothing but a drain: at the end, or where it overlaps with nothing
  } state_t;

  state_t state;
  logic read_open, load_open, ending, phase_end;
  logic [1:0] elapsed;  // cycles of the phase, saturating
  logic [5:0] wait_left;

  assign busy = state != IDLE;
  assign open = state == OPEN;
  assign reading = state == PHASE && read_open;
  assign loading = (state == LOAD || state == PHASE) && load_open && !(serial && reading);

  // A phase ends when its reads and the loads beside it are done, after PHASE_MIN cycles at least; the last one of a
  // tile also waits until the other accumulators are empty.
  assign phase_end = state == PHASE
      && (!read_open || read_last)
      && (!load_open || (loading && load_last))
      && 32'(elapsed) == chip::PHASE_MIN - 1
      && (!phase_last || !draining || drain_last);
  assign begin_drain = phase_end && phase_last;
  assign begin_phase = (state == LOAD && (!load_open || load_last) && wait_left == 6'd0)
      || (phase_end && !last && !(phase_last && alone))
      || (state == DRAIN && !ending && wait_left == 6'd1);

  always_ff @(posedge clock) begin
    if (begin_phase) begin
      state <= PHASE;
      read_open <= 1'b1;
      load_open <= load_follows;
      elapsed <= 2'd0;
    end else begin
      if (phase_end) state <= DRAIN;
      if (reading && read_last) read_open <= 1'b0;
      if (loading && load_last) load_open <= 1'b0;
      if (32'(elapsed) != chip::PHASE_MIN - 1) elapsed <= elapsed + 1'b1;
    end
    if (phase_end) ending <= last;

    if (open) wait_left <= 6'(chip::TENSOR_SETUP - 1);
    else if (begin_drain) wait_left <= 6'd0;
    else if (drain_last) wait_left <= pipe;
    else if (wait_left != 6'd0) wait_left <= wait_left - 1'b1;
    if (state == DRAIN && ending && wait_left == 6'd3) state <= IDLE;

    if (open) state <= LOAD;
    if (start) begin
      state <= OPEN;
      load_open <= 1'b1;
      read_open <= 1'b0;
      wait_left <= 6'd0;
    end
    if (reset) state <= IDLE;
  end

endmodule

// The machine of docs/machine.md: sequencer, four engines, on-chip memory, shared multipliers.
//
// One clock; reset is synchronous and active high, and must be held for at least one cycle. The contents of memories
// are undefined after reset. `doorbell` high for one cycle (cycle 0) starts an inference; `done` is high in the cycle
// in which END starts. The external channels are in order: a request is accepted in a cycle in which valid and ready
// are high. Words come in bursts: consecutive words of at most chip::MAX_BURST that no border of 4 KiB parts, requested
// with the first of them. A memory that is always ready, answers chip::L cycles after each request and acknowledges a
// burst chip::L cycles after its last word keeps the machine's contract.
module machine (
    input  logic                  clock,
    input  logic                  reset,
    // Control.
    input  logic                  doorbell,
    input  logic                  warm,
    output logic                  running,
    output logic                  done,
    output logic [3:0]            error,
    output logic [31:0]           index,
    output logic [31:0]           cycle,
    input  logic [3:0]            halt,              // an error from outside: stops the machine; else ERROR_NONE
    // External memory, read channel.
    output logic                  read_valid,
    output logic [31:0]           read_address,      // of a word
    output logic                  read_first,        // the first word of a burst
    output logic [7:0]            read_beats,        // with read_first: words of the burst, minus 1
    input  logic                  read_ready,
    input  logic                  answer_valid,
    input  logic [8*chip::W-1:0]  answer_data,
    // External memory, write channel.
    output logic                  write_valid,
    output logic [31:0]           write_address,     // of a word
    output logic                  write_first,
    output logic [7:0]            write_beats,
    output logic                  write_last,        // the last word of a burst
    output logic [chip::W-1:0]    write_lanes,
    output logic [8*chip::W-1:0]  write_data,
    input  logic                  write_ready,
    input  logic                  acknowledged,      // of the oldest burst that is sent and not acknowledged
    // Observation, for traces: nothing depends on it.
    output logic                  issued,            // an instruction starts in this cycle
    output logic [3:0]            starts,            // an engine starts, in the order of engines_busy
    output logic [5:0]            issued_external,   // external regions that the LOAD or STORE names
    output logic [3:0]            engines_busy,      // LOAD, STORE, TENSOR, VECTOR from bit 0 up
    output logic                  load_release,      // the oldest LOAD gives back its locks at the end of this cycle
    output logic                  store_release,     // the oldest STORE gives back its bank groups
    output logic [5:0]            store_release_external
);

  localparam int INDEX_BITS = $clog2(chip::PI);

  // Sequencer and instruction memory.
  logic wanted, want_slot, consume, arriving, there, page_start, page_start_slot;
  logic [INDEX_BITS-1:0] want_index;
  logic [8*chip::INSTRUCTION_BYTES-1:0] instruction;
  logic load_start, store_start, tensor_start, vector_start;
  logic load_busy, store_busy, tensor_busy, vector_busy;
  chip::load_t transfer;
  logic load_release_page, load_release_slot;
  logic [4:0] load_release_first, load_release_last, store_release_first, store_release_last;
  logic [5:0] load_release_external;
  logic outside, group_conflict, multiplier_conflict;
  logic page_valid, page_slot;
  logic [8*chip::W-1:0] page_data;

  assign issued = consume;
  assign starts = {vector_start, tensor_start, store_start, load_start};
  assign issued_external = transfer.external_locks;
  assign engines_busy = {vector_busy, tensor_busy, store_busy, load_busy};

  sequencer sequencer (
      .clock(clock),
      .reset(reset),
      .doorbell(doorbell),
      .warm(warm),
      .wanted(wanted),
      .want_slot(want_slot),
      .want_index(want_index),
      .consume(consume),
      .arriving(arriving),
      .there(there),
      .instruction(instruction),
      .page_start(page_start),
      .page_start_slot(page_start_slot),
      .load_start(load_start),
      .transfer(transfer),
      .store_start(store_start),
      .tensor_start(tensor_start),
      .vector_start(vector_start),
      .load_busy(load_busy),
      .store_busy(store_busy),
      .tensor_busy(tensor_busy),
      .vector_busy(vector_busy),
      .load_release(load_release),
      .load_release_page(load_release_page),
      .load_release_slot(load_release_slot),
      .load_release_first(load_release_first),
      .load_release_last(load_release_last),
      .load_release_external(load_release_external),
      .store_release(store_release),
      .store_release_first(store_release_first),
      .store_release_last(store_release_last),
      .store_release_external(store_release_external),
      .outside(outside),
      .conflict(group_conflict || multiplier_conflict),
      .halt(halt),
      .running(running),
      .done(done),
      .index(index),
      .cycle(cycle),
      .error(error)
  );

  instruction_memory instructions (
      .clock(clock),
      .reset(reset),
      .page_start(page_start),
      .page_start_slot(page_start_slot),
      .page_valid(page_valid),
      .page_slot(page_slot),
      .page_data(page_data),
      .wanted(wanted),
      .want_slot(want_slot),
      .want_index(want_index),
      .consume(consume),
      .arriving(arriving),
      .there(there),
      .instruction(instruction)
  );

  // Engines.
  chip::write_request_t load_write, tensor_o_write, vector_o_write;
  chip::read_request_t store_read, tensor_a_read, tensor_w_read, tensor_r_read, vector_a_read, vector_b_read;
  logic [8*chip::R-1:0] store_data, tensor_a_data, tensor_w_data, tensor_r_data, vector_a_data, vector_b_data;
  chip::multiply_request_t tensor_multiply, vector_multiply;
  logic [chip::M-1:0][31:0] scaled;

  // Clocks: that of an engine runs from its start until nothing in it moves, and in reset.
  logic load_active, store_active, tensor_active, vector_active, multipliers_active, multiplies;
  logic load_clock, store_clock, tensor_clock, vector_clock, multipliers_clock;

  clock_gate load_gate (
      .clock(clock),
      .enable(reset || load_start || load_active),
      .gated(load_clock)
  );

  clock_gate store_gate (
      .clock(clock),
      .enable(reset || store_start || store_active),
      .gated(store_clock)
  );

  clock_gate tensor_gate (
      .clock(clock),
      .enable(reset || tensor_start || tensor_active),
      .gated(tensor_clock)
  );

  clock_gate vector_gate (
      .clock(clock),
      .enable(reset || vector_start || vector_active),
      .gated(vector_clock)
  );

  clock_gate multipliers_gate (
      .clock(clock),
      .enable(reset || multiplies || multipliers_active),
      .gated(multipliers_clock)
  );

  assign multiplies = tensor_multiply.valid || vector_multiply.valid;

  load_engine load (
      .clock(load_clock),
      .reset(reset),
      .start(load_start),
      .instruction(transfer),
      .busy(load_busy),
      .active(load_active),
      .read_valid(read_valid),
      .read_address(read_address),
      .read_first(read_first),
      .read_beats(read_beats),
      .read_ready(read_ready),
      .answer_valid(answer_valid),
      .answer_data(answer_data),
      .write(load_write),
      .page_valid(page_valid),
      .page_slot(page_slot),
      .page_data(page_data),
      .release_valid(load_release),
      .release_page(load_release_page),
      .release_slot(load_release_slot),
      .release_first(load_release_first),
      .release_last(load_release_last),
      .release_external(load_release_external)
  );

  store_engine store (
      .clock(store_clock),
      .reset(reset),
      .start(store_start),
      .instruction({transfer}),
      .busy(store_busy),
      .active(store_active),
      .read(store_read),
      .read_data(store_data),
      .write_valid(write_valid),
      .write_address(write_address),
      .write_first(write_first),
      .write_beats(write_beats),
      .write_last(write_last),
      .write_lanes(write_lanes),
      .write_data(write_data),
      .write_ready(write_ready),
      .acknowledged(acknowledged),
      .release_valid(store_release),
      .release_first(store_release_first),
      .release_last(store_release_last),
      .release_external(store_release_external)
  );

  tensor_engine tensor (
      .clock(tensor_clock),
      .reset(reset),
      .start(tensor_start),
      .instruction(instruction),
      .busy(tensor_busy),
      .active(tensor_active),
      .a_read(tensor_a_read),
      .a_data(tensor_a_data),
      .w_read(tensor_w_read),
      .w_data(tensor_w_data),
      .r_read(tensor_r_read),
      .r_data(tensor_r_data),
      .o_write(tensor_o_write),
      .multiply(tensor_multiply),
      .scaled(scaled)
  );

  vector_engine vector (
      .clock(vector_clock),
      .reset(reset),
      .start(vector_start),
      .instruction(instruction),
      .busy(vector_busy),
      .active(vector_active),
      .a_read(vector_a_read),
      .a_data(vector_a_data),
      .b_read(vector_b_read),
      .b_data(vector_b_data),
      .o_write(vector_o_write),
      .multiply(vector_multiply),
      .scaled(scaled)
  );

  // Shared resources.
  multipliers multipliers (
      .clock(multipliers_clock),
      .reset(reset),
      .active(multipliers_active),
      .request(vector_multiply.valid ? vector_multiply : tensor_multiply),
      .scaled(scaled)
  );
  assign multiplier_conflict = tensor_multiply.valid && vector_multiply.valid;

  local_memory memory (
      .clock(clock),
      .load_write(load_write),
      .store_read(store_read),
      .store_data(store_data),
      .tensor_a_read(tensor_a_read),
      .tensor_a_data(tensor_a_data),
      .tensor_w_read(tensor_w_read),
      .tensor_w_data(tensor_w_data),
      .tensor_r_read(tensor_r_read),
      .tensor_r_data(tensor_r_data),
      .tensor_o_write(tensor_o_write),
      .vector_a_read(vector_a_read),
      .vector_a_data(vector_a_data),
      .vector_b_read(vector_b_read),
      .vector_b_data(vector_b_data),
      .vector_o_write(vector_o_write),
      .outside(outside),
      .conflict(group_conflict)
  );

endmodule

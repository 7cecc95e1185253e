// The LOAD engine: external memory to on-chip memory or to a page of instructions (docs/machine.md, sections 3 and 4).
//
// One walk makes the requests, one a cycle from the cycle after `start`. A second walk follows the answers, which come
// in order: an answer is registered, and its line written in the next cycle, if it has bytes of the run. Between the
// two walks stand the instructions that wait for their answers: as many as can start in the latency of a memory that
// keeps its contract, and no more than there are locks for. Where a later memory leaves no place the engine stays busy.
// Locks are freed by the answers, so that a late memory costs cycles alone.
module load_engine (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      start,
    input  chip::load_t               instruction,
    output logic                      busy,           // low in the cycles in which `start` may come
    output logic                      active,         // anything in the engine moves: it needs its clock
    output logic                      read_valid,     // external read channel: request
    output logic [31:0]               read_address,   // of a word
    output logic                      read_first,     // the first word of a burst
    output logic [7:0]                read_beats,     // with read_first: words of the burst, minus 1
    input  logic                      read_ready,
    input  logic                      answer_valid,   // external read channel: answer
    input  logic [8*chip::W-1:0]      answer_data,
    output chip::write_request_t      write,
    output logic                      page_valid,     // a word for a page of instructions
    output logic                      page_slot,
    output logic [8*chip::W-1:0]      page_data,
    output logic                      release_valid,  // the last word is written: its locks are free in the next cycle
    output logic                      release_page,   // it held a page slot (release_slot), else bank groups
    output logic                      release_slot,
    output logic [4:0]                release_first,
    output logic [4:0]                release_last,
    output logic [5:0]                release_external
);

  localparam int WAITING = chip::WAITING_LOADS;
  localparam int PLACE_BITS = $clog2(WAITING);
  localparam int COUNT_BITS = PLACE_BITS + 1;
  localparam int INSTRUCTION_BITS = 8 * chip::INSTRUCTION_BYTES;
  localparam int ATOM_BITS = $clog2(chip::A);
  localparam int ATOMS_BITS = 25 - ATOM_BITS;
  localparam int PAGE_BITS = $clog2(chip::PAGE_BYTES);

  // Requests.
  logic walking, go, request_last, request_atom_ends, request_filled, burst_ends;
  logic [ATOMS_BITS-1:0] request_atoms;
  logic [23:0] request_line;
  logic [chip::W-1:0] request_lanes;
  logic [3:0] elapsed;  // cycles since the start, saturating at TRANSFER_MIN
  logic running;

  word_walk #(.ON_CHIP(1'b0)) requests (
      .clock(clock),
      .reset(reset),
      .take(start),
      .transfer(instruction),
      .step(go),
      .active(walking),
      .last(request_last),
      .external(read_address),
      .atom_ends(request_atom_ends),
      .atoms(request_atoms),
      .line(request_line),
      .filled(request_filled),
      .lanes(request_lanes)
  );

  burst_cut bursts (
      .clock(clock),
      .reset(reset),
      .step(go),
      .place(read_address[PAGE_BITS-1:0]),
      .atom_ends(request_atom_ends),
      .atoms(request_atoms),
      .first(read_first),
      .beats(read_beats),
      .last(burst_ends)
  );

  assign go = walking && read_ready;
  assign read_valid = walking;

  always_ff @(posedge clock) begin
    if (reset) running <= 1'b0;
    else if (start) running <= 1'b1;
    else if (!busy) running <= 1'b0;
    if (start) elapsed <= 4'd1;
    else if (32'(elapsed) < chip::TRANSFER_MIN) elapsed <= elapsed + 1'b1;
  end

  // Instructions that wait for their answers. The place in an atom is all that is left of their external addresses:
  // the other bits are constant, so that no register holds them.
  localparam logic [31:0] IN_ATOM = 32'(chip::A - 1);
  logic [chip::LOAD_BITS-1:0] waiting[WAITING];
  chip::load_t kept, oldest;
  logic [PLACE_BITS-1:0] head, tail;
  logic [COUNT_BITS-1:0] count;
  logic take_next;

  assign busy = 32'(count) == WAITING || (running
      && !(32'(elapsed) >= chip::TRANSFER_MIN && (!walking || (request_last && read_ready))));

  assign oldest = INSTRUCTION_BITS'(waiting[head]);

  always_comb begin
    kept = instruction;
    kept.opcode = '0;
    kept.external_address = instruction.external_address & IN_ATOM;
    kept.external_outer_stride = instruction.external_outer_stride & IN_ATOM;
    kept.external_inner_stride = instruction.external_inner_stride & IN_ATOM;
  end

  always_ff @(posedge clock) begin
    if (start) waiting[tail] <= kept[chip::LOAD_BITS-1:0];
    if (reset) begin
      head <= '0;
      tail <= '0;
      count <= '0;
    end else begin
      if (start) tail <= 32'(tail) == WAITING - 1 ? '0 : tail + 1'b1;
      if (take_next) head <= 32'(head) == WAITING - 1 ? '0 : head + 1'b1;
      count <= count + COUNT_BITS'(start) - COUNT_BITS'(take_next);
    end
  end

  // Answers.
  chip::load_t following, current;  // of the next answers, of the line that is written
  logic following_active, following_last, following_atom_ends, following_filled;
  logic [ATOM_BITS-1:0] following_place;
  logic [ATOMS_BITS-1:0] following_atoms;
  logic [23:0] following_line;
  logic [chip::W-1:0] following_lanes;
  logic arrived, arrived_last, arrived_filled;
  logic [23:0] arrived_line;
  logic [chip::W-1:0] arrived_lanes;
  logic [8*chip::W-1:0] arrived_data;

  assign take_next = count != '0 && (!following_active || (answer_valid && following_last));

  word_walk #(.EXTERNAL_BITS(ATOM_BITS)) answers (
      .clock(clock),
      .reset(reset),
      .take(take_next),
      .transfer(oldest),
      .step(answer_valid),
      .active(following_active),
      .last(following_last),
      .external(following_place),
      .atom_ends(following_atom_ends),
      .atoms(following_atoms),
      .line(following_line),
      .filled(following_filled),
      .lanes(following_lanes)
  );

  always_ff @(posedge clock) begin
    if (take_next) following <= oldest;
    if (answer_valid) begin
      current <= following;
      arrived_line <= following_line;
      arrived_filled <= following_filled;
      arrived_lanes <= following_lanes;
      arrived_data <= answer_data;
      arrived_last <= following_last;
    end
    arrived <= answer_valid && !reset;
  end

  assign write.valid = arrived && arrived_filled && current.space == chip::SPACE_MEMORY;
  assign write.address = arrived_line;
  assign write.lanes = chip::R'(arrived_lanes);
  assign write.data = (8 * chip::R)'(arrived_data);
  assign write.first_group = current.first_group;
  assign write.last_group = current.last_group;

  assign page_valid = arrived && arrived_filled && current.space == chip::SPACE_PAGE;
  assign page_slot = current.local_address[0];
  assign page_data = arrived_data;

  assign active = running || count != '0 || following_active || arrived;

  assign release_valid = arrived && arrived_last;
  assign release_page = current.space == chip::SPACE_PAGE;
  assign release_slot = current.local_address[0];
  assign release_first = current.first_group;
  assign release_last = current.last_group;
  assign release_external = current.external_locks;

  // Requests have no place on the chip, answers none outside of it; of an answered instruction the locks are used.
  wire unused = &{1'b0, kept, current, following, request_line, request_filled, request_lanes, burst_ends,
      following_place, following_atom_ends, following_atoms};

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, was_idle, was_waiting, first_before;
  logic [31:0] address_before;
  logic [7:0] beats_before;
  logic [COUNT_BITS:0] open;  // LOADs that have started and not given back their locks

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_idle <= !busy && !start;
    was_waiting <= read_valid && !read_ready;
    address_before <= read_address;
    first_before <= read_first;
    beats_before <= read_beats;
    open <= reset ? '0 : open + (COUNT_BITS + 1)'(start) - (COUNT_BITS + 1)'(release_valid);
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // An instruction starts only while the engine is idle: sequencer.engine_is_free.
    starts_while_idle: assume (!start || !busy);
    // No transfer is empty: sequencer.no_empty_transfer.
    not_empty: assume (!start || (instruction.outer_count != '0 && instruction.inner_count != '0
        && instruction.run_bytes != '0));
    // An answer comes only to a request: axi_reader.
    answers_requests: assume (!answer_valid || following_active);

    // The engine is idle after reset.
    idle_after_reset: assert (!was_reset || !busy);
    // A walk belongs to an instruction that runs.
    walks_while_running: assert (!walking || running);
    // An idle engine stays idle until an instruction starts.
    idle_until_start: assert (!was_idle || !busy);
    // A request that is not taken stays as it is.
    request_stays: assert (was_reset || !was_waiting || (read_valid && read_address == address_before
        && read_first == first_before && (!read_first || read_beats == beats_before)));
    // The queue of instructions that wait for their answers never overflows.
    queue_fits: assert (32'(count) <= WAITING && !(start && 32'(count) == WAITING));
    // No LOAD gives back its locks twice, and none that has not started.
    releases_follow_starts: assert (!release_valid || open != '0);
    // Nothing is written and nothing is given back but for an answer.
    silent_without_answers: assert (open != '0 || !(write.valid || page_valid || release_valid));
  end
`endif

endmodule

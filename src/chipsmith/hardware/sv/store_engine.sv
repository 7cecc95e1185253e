// The STORE engine: on-chip memory to external memory (docs/machine.md, sections 3 and 4).
//
// The walk asks for a line a cycle from the cycle after `start`, if the word has bytes of the run; the answer is the
// external word, sent in the cycle in which it comes unless the memory is not ready: then up to ROOM words wait. Bank
// groups are free after the last word is sent, external regions after the acknowledgement of its burst.
module store_engine (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      start,
    input  chip::store_t              instruction,
    output logic                      busy,             // low in the cycles in which `start` may come
    output logic                      active,           // anything in the engine moves: it needs its clock
    output chip::read_request_t       read,
    input  logic [8*chip::R-1:0]      read_data,
    output logic                      write_valid,      // external write channel
    output logic [31:0]               write_address,    // of a word
    output logic                      write_first,      // the first word of a burst
    output logic [7:0]                write_beats,      // with write_first: words of the burst, minus 1
    output logic                      write_last,       // the last word of a burst
    output logic [chip::W-1:0]        write_lanes,
    output logic [8*chip::W-1:0]      write_data,
    input  logic                      write_ready,
    input  logic                      acknowledged,     // a burst is acknowledged, in order
    output logic                      release_valid,    // the last word is sent: its groups are free in the next cycle
    output logic [4:0]                release_first,
    output logic [4:0]                release_last,
    output logic [5:0]                release_external  // regions whose last word is acknowledged in this cycle
);

  localparam int ROOM = 4;
  localparam int SEQUENCE_BITS = 16;
  localparam int ATOM_BITS = $clog2(chip::A);
  localparam int ATOMS_BITS = 25 - ATOM_BITS;
  localparam int PAGE_BITS = $clog2(chip::PAGE_BYTES);
  localparam int SENT_BITS = 60 + 9 * chip::W;  // of sent_t

  typedef struct packed {
    logic                valid;
    logic                last;
    logic                burst_first;
    logic                burst_last;
    logic [7:0]          beats;
    logic [31:0]         address;
    logic [chip::W-1:0]  lanes;
    logic [4:0]          first_group;
    logic [4:0]          last_group;
    logic [5:0]          external_locks;
  } word_t;

  typedef struct packed {
    word_t                 word;
    logic [8*chip::W-1:0]  data;
  } sent_t;

  // Requests to the on-chip memory.
  logic walking, walk_last, walk_atom_ends, walk_filled, running, go, burst_first, burst_last;
  logic [7:0] burst_beats;
  logic [ATOMS_BITS-1:0] walk_atoms;
  logic [31:0] walk_address;
  logic [23:0] walk_line;
  logic [chip::W-1:0] walk_lanes;
  logic [3:0] elapsed;  // cycles since the start, saturating at TRANSFER_MIN
  chip::store_t current;
  word_t asked, next_stage, last_stage;

  word_walk requests (
      .clock(clock),
      .reset(reset),
      .take(start),
      .transfer({instruction}),
      .step(go),
      .active(walking),
      .last(walk_last),
      .external(walk_address),
      .atom_ends(walk_atom_ends),
      .atoms(walk_atoms),
      .line(walk_line),
      .filled(walk_filled),
      .lanes(walk_lanes)
  );

  burst_cut bursts (
      .clock(clock),
      .reset(reset),
      .step(go),
      .place(walk_address[PAGE_BITS-1:0]),
      .atom_ends(walk_atom_ends),
      .atoms(walk_atoms),
      .first(burst_first),
      .beats(burst_beats),
      .last(burst_last)
  );

  assign busy = running && !(32'(elapsed) >= chip::TRANSFER_MIN && (!walking || (walk_last && go)));

  always_ff @(posedge clock) begin
    if (reset) running <= 1'b0;
    else if (start) running <= 1'b1;
    else if (!busy) running <= 1'b0;
    if (start) begin
      elapsed <= 4'd1;
      current <= instruction;
    end else if (32'(elapsed) < chip::TRANSFER_MIN) begin
      elapsed <= elapsed + 1'b1;
    end
  end

  assign read.valid = go && walk_filled;
  assign read.address = walk_line;
  assign read.lanes = chip::R'(walk_lanes);
  assign read.first_group = current.first_group;
  assign read.last_group = current.last_group;

  assign asked.valid = go;
  assign asked.last = walk_last;
  assign asked.burst_first = burst_first;
  assign asked.burst_last = burst_last;
  assign asked.beats = burst_beats;
  assign asked.address = walk_address;
  assign asked.lanes = walk_lanes;
  assign asked.first_group = current.first_group;
  assign asked.last_group = current.last_group;
  assign asked.external_locks = current.external_locks;

  always_ff @(posedge clock) begin
    next_stage <= asked;
    last_stage <= next_stage;
    if (reset) begin
      next_stage.valid <= 1'b0;
      last_stage.valid <= 1'b0;
    end
  end

  // Words that wait for the external memory; none while it keeps its contract. A word that has gone leaves nothing
  // behind (docs/wipe.md): its place is not the one that a word takes in the same cycle, as a full queue takes none.
  logic [SENT_BITS-1:0] queue[ROOM];
  sent_t answered, sent;
  logic [1:0] head, tail;
  logic [2:0] count;
  logic accepted, push, pop;

  assign go = walking && 32'(count) + 32'(next_stage.valid) + 32'(last_stage.valid) < ROOM;
  assign answered.word = last_stage;
  assign answered.data = read_data[8*chip::W-1:0];
  assign sent = count != '0 ? queue[head] : answered;
  assign write_valid = sent.word.valid;
  assign write_address = sent.word.address;
  assign write_first = sent.word.burst_first;
  assign write_beats = sent.word.beats;
  assign write_last = sent.word.burst_last;
  assign write_lanes = sent.word.lanes;
  assign write_data = sent.data;
  assign accepted = write_valid && write_ready;
  assign pop = accepted && count != '0;
  assign push = last_stage.valid && !(accepted && count == '0);

  always_ff @(posedge clock) begin
    if (pop) queue[head] <= '0;
    if (push) queue[tail] <= answered;
    if (reset) begin
      head <= '0;
      tail <= '0;
      count <= '0;
    end else begin
      if (push) tail <= tail + 1'b1;
      if (pop) head <= head + 1'b1;
      count <= count + 3'(push) - 3'(pop);
    end
  end

  assign active = running || next_stage.valid || last_stage.valid || count != '0 || acknowledged;

  assign release_valid = accepted && sent.word.last;
  assign release_first = sent.word.first_group;
  assign release_last = sent.word.last_group;

  // Acknowledgements: each region waits for the number of the last burst of the instruction that holds it.
  logic [SEQUENCE_BITS-1:0] sent_bursts, acknowledged_bursts;
  logic [5:0] pending;
  logic [5:0][SEQUENCE_BITS-1:0] awaited;

  for (genvar region = 0; region < chip::EXTERNAL_REGIONS; region++) begin : g_region
    assign release_external[region] = acknowledged && pending[region] && awaited[region] == acknowledged_bursts + 1'b1;
    always_ff @(posedge clock)
      if (release_valid && sent.word.external_locks[region]) awaited[region] <= sent_bursts + 1'b1;
  end

  always_ff @(posedge clock) begin
    if (reset) begin
      sent_bursts <= '0;
      acknowledged_bursts <= '0;
      pending <= '0;
    end else begin
      sent_bursts <= sent_bursts + SEQUENCE_BITS'(accepted && sent.word.burst_last);
      acknowledged_bursts <= acknowledged_bursts + SEQUENCE_BITS'(acknowledged);
      pending <= (pending & ~release_external) | (release_valid ? sent.word.external_locks : 6'd0);
    end
  end

  // The walk uses the shape of the instruction, the engine its locks; a word is at most a line.
  wire unused = &{1'b0, current, read_data};

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, was_idle, was_waiting;
  sent_t sent_before;
  logic [ROOM-1:0] queued_last;
  logic [5:0] open, last_words;  // STOREs whose last word is not sent
  logic [SEQUENCE_BITS-1:0] unanswered;  // bursts that are sent and not acknowledged
  logic [2:0] stalled;  // cycles in which a word could go on and none did

  for (genvar i = 0; i < ROOM; i++) begin : g_queued
    logic [1:0] behind;  // words of the queue before this place
    assign behind = 2'(i) - head;
    assign queued_last[i] = {1'b0, behind} < count && queue[i][SENT_BITS-2];
  end

  always_comb begin
    last_words = 6'(walking) + 6'(next_stage.valid && next_stage.last) + 6'(last_stage.valid && last_stage.last);
    for (int i = 0; i < ROOM; i++) last_words = last_words + 6'(queued_last[i]);
  end

  assign unanswered = sent_bursts - acknowledged_bursts;

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_idle <= !busy && !start;
    was_waiting <= write_valid && !write_ready;
    sent_before <= sent;
    open <= reset ? '0 : open + 6'(start) - 6'(release_valid);
    stalled <= reset || accepted || !write_ready || open == '0 ? '0 : stalled + 3'(stalled != '1);
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // An instruction starts only while the engine is idle: sequencer.engine_is_free.
    starts_while_idle: assume (!start || !busy);
    // No transfer is empty: sequencer.no_empty_transfer.
    not_empty: assume (!start || (instruction.outer_count != '0 && instruction.inner_count != '0
        && instruction.run_bytes != '0));
    // A burst is acknowledged once, after its last word: axi_writer.
    acknowledges_what_was_sent: assume (!acknowledged || unanswered != '0);
    // Fewer bursts are open than the sequence numbers tell apart: axi_writer.open_fits.
    few_are_open: assume (unanswered < 1 << (SEQUENCE_BITS - 1));
    // A region is taken again only after it was given back: sequencer.locks_are_free.
    region_is_free: assume (!release_valid || (pending & sent.word.external_locks) == '0);

    // The engine is idle after reset.
    idle_after_reset: assert (!was_reset || !busy);
    // A walk belongs to an instruction that runs.
    walks_while_running: assert (!walking || running);
    // An idle engine stays idle until an instruction starts.
    idle_until_start: assert (!was_idle || !busy);
    // The queue of words that wait for the bus never overflows.
    queue_fits: assert (32'(count) <= ROOM && !(push && 32'(count) == ROOM));
    // No word is answered that was not asked for, and a word that has come is not passed over.
    queue_in_order: assert (tail - head == count[1:0]);
    // A word that the bus does not take stays as it is.
    write_stays: assert (was_reset || !was_waiting || (write_valid && sent == sent_before));
    // No STORE gives back its bank groups twice, none that has not started, and each will: those that are open are
    // those whose last word is on its way.
    releases_follow_starts: assert (open == last_words && (!release_valid || open != '0));
    // A region is given back only with an acknowledgement, by a STORE that named it.
    regions_follow_acknowledgements: assert (release_external == '0
        || (acknowledged && (release_external & ~pending) == '0));
    // A region that waits will be given back: its burst is sent and not acknowledged yet.
    regions_are_awaited: assert (pending == '0 || unanswered != '0);
    // No deadlock: while the bus is ready a word goes on in fewer than seven cycles.
    progress: assert (stalled != '1);
  end
`endif

endmodule

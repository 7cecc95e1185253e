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

endmodule

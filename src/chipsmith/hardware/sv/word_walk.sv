// Walks the runs of a LOAD or STORE word by word (docs/machine.md, section 4): whole atoms of the external memory, one
// word a step.
//
// `take` captures an instruction at the end of the cycle; from the next cycle on `active` is high and the outputs
// describe the first word. `step` goes on to the next one; after the step on the last word `active` is low, unless
// `take` comes in the same cycle. `take` comes in no other cycle in which `active` is high. EXTERNAL_BITS low bits of
// the external address are kept, those of the place in an atom at least. Where ON_CHIP is 0 nobody asks for the place
// of a word on the chip: `line`, `filled` and `lanes` are 0.
//
// The addresses of the run after this one are always there, so that no border of runs has two adders in a row.
module word_walk #(
    parameter int EXTERNAL_BITS = 32,
    parameter bit ON_CHIP = 1'b1,
    localparam int ATOM_BITS = $clog2(chip::A),
    localparam int ATOMS_BITS = 25 - ATOM_BITS
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      take,
    input  chip::load_t               transfer,   // a STORE has the same fields
    input  logic                      step,
    output logic                      active,
    output logic                      last,       // the last word of the instruction
    output logic [EXTERNAL_BITS-1:0]  external,   // external address of the word
    output logic                      atom_ends,  // the last word of its atom
    output logic [ATOMS_BITS-1:0]     atoms,      // atoms of the run after this word's
    output logic [23:0]               line,       // on-chip address that belongs to byte 0 of the word
    output logic                      filled,     // the word has bytes of the run
    output logic [chip::W-1:0]        lanes       // which; none where it is not filled
);

  localparam logic [ATOM_BITS-1:0] LAST_WORD = ATOM_BITS'(chip::A - chip::W);
  localparam logic [ATOM_BITS-1:0] IN_WORD = ATOM_BITS'(chip::W - 1);
  localparam logic [EXTERNAL_BITS-1:0] ATOM_START = EXTERNAL_BITS'(-chip::A);

  // The run that begins next: the first one of `transfer`, or the one after this run where there are more.
  logic fresh, more;
  logic [EXTERNAL_BITS-1:0] next_external, begin_external;
  logic [23:0] next_local, begin_local, run_bytes, begin_bytes;
  logic [ATOM_BITS-1:0] begin_place;
  logic [24:0] begin_end;  // its last byte, from the start of its first atom

  assign fresh = !active || !more;
  assign begin_external = fresh ? EXTERNAL_BITS'(transfer.external_address) : next_external;
  assign begin_local = fresh ? transfer.local_address : next_local;
  assign begin_bytes = fresh ? transfer.run_bytes : run_bytes;
  assign begin_place = begin_external[ATOM_BITS-1:0];
  assign begin_end = 25'(begin_bytes) + 25'(begin_place) - 25'd1;

  // The run behind that one.
  logic [15:0] inner_count, inner_left, begin_inner, outer_left, begin_outer;  // runs left from that one on
  logic [EXTERNAL_BITS-1:0] external_inner_stride, external_outer_stride, external_outer, after_external;
  logic [23:0] local_inner_stride, local_outer_stride, local_outer, after_local;
  logic inner_ends;

  assign begin_inner = fresh ? transfer.inner_count : inner_left;
  assign begin_outer = fresh ? transfer.outer_count : outer_left;
  assign inner_ends = begin_inner == 16'd1;

  always_comb begin
    if (!inner_ends) begin
      after_external = begin_external
          + (fresh ? EXTERNAL_BITS'(transfer.external_inner_stride) : external_inner_stride);
      after_local = begin_local + (fresh ? transfer.local_inner_stride : local_inner_stride);
    end else begin
      after_external = (fresh ? begin_external : external_outer)
          + (fresh ? EXTERNAL_BITS'(transfer.external_outer_stride) : external_outer_stride);
      after_local = (fresh ? begin_local : local_outer)
          + (fresh ? transfer.local_outer_stride : local_outer_stride);
    end
  end

  // This run.
  logic [ATOM_BITS-1:0] lead;  // bytes from the word's first one on that lie before the run
  logic [ATOM_BITS-1:0] final_place;  // place of the run's last byte in its atom
  logic final_atom;  // atoms is 0, from a register: the sequencer waits for `last`
  logic run_ends, begins;

  assign atom_ends = (external[ATOM_BITS-1:0] & LAST_WORD) == LAST_WORD;
  assign run_ends = atom_ends && final_atom;
  assign last = run_ends && !more;
  assign begins = take || (step && run_ends && more);

  // Which bytes of the word belong to the run.
  logic started, ended;
  logic [ATOM_BITS-1:0] word_place, final_word;
  logic [chip::W-1:0] from_first, to_last;
  logic [23:0] place;  // on the chip

  assign word_place = external[ATOM_BITS-1:0] & LAST_WORD;
  assign final_word = final_place & LAST_WORD;
  assign started = (lead & LAST_WORD) == '0;
  assign ended = final_atom && word_place > final_word;
  assign filled = ON_CHIP && started && !ended;
  assign line = ON_CHIP ? place : '0;
  assign from_first = {chip::W{1'b1}} << (lead & IN_WORD);
  assign to_last = ~(({chip::W{1'b1}} - 1'b1) << (final_place & IN_WORD));
  assign lanes = !filled ? '0 : from_first & (final_atom && word_place == final_word ? to_last : '1);

  always_ff @(posedge clock) begin
    if (begins) begin
      external <= begin_external & ATOM_START;
      place <= begin_local - 24'(begin_place);
      lead <= begin_place;
      final_place <= begin_end[ATOM_BITS-1:0];
      atoms <= begin_end[24:ATOM_BITS];
      final_atom <= begin_bytes <= 24'(chip::A) - 24'(begin_place);
      next_external <= after_external;
      next_local <= after_local;
      more <= !(inner_ends && begin_outer == 16'd1);
      inner_left <= inner_ends ? (fresh ? transfer.inner_count : inner_count) : begin_inner - 1'b1;
      outer_left <= begin_outer - 16'(inner_ends);
      if (inner_ends || fresh) begin
        external_outer <= inner_ends ? after_external : begin_external;
        local_outer <= inner_ends ? after_local : begin_local;
      end
    end else if (step) begin
      external <= external + EXTERNAL_BITS'(chip::W);
      place <= place + 24'(chip::W);
      lead <= started ? '0 : lead - ATOM_BITS'(chip::W);
      atoms <= atoms - ATOMS_BITS'(atom_ends);
      final_atom <= atoms == ATOMS_BITS'(atom_ends);
    end
    if (take) begin
      run_bytes <= transfer.run_bytes;
      inner_count <= transfer.inner_count;
      external_inner_stride <= EXTERNAL_BITS'(transfer.external_inner_stride);
      external_outer_stride <= EXTERNAL_BITS'(transfer.external_outer_stride);
      local_inner_stride <= transfer.local_inner_stride;
      local_outer_stride <= transfer.local_outer_stride;
    end
    if (reset) active <= 1'b0;
    else if (take) active <= 1'b1;
    else if (step && last) active <= 1'b0;
  end

  // The walk needs the shape of the transfer alone.
  wire unused = &{1'b0, transfer};

`ifndef SYNTHESIS
  // Properties (docs/proofs.md). That the words are those of the contract is simulated, not proved.
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, was_active, was_last, atom_ended, stepped, took, begins_run;
  logic [EXTERNAL_BITS-1:0] external_before;
  logic [ATOMS_BITS-1:0] atoms_before;
  logic [23:0] line_before;

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_active <= active;
    was_last <= last;
    atom_ended <= atom_ends;
    stepped <= step;
    took <= take;
    begins_run <= begins;
    external_before <= external;
    atoms_before <= atoms;
    line_before <= line;
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // A walk begins where none is, or with the last step of the one before: the engines.
    takes_when_free: assume (!take || !active || (step && last));
    // There is no step without a word: the engines.
    steps_on_words: assume (!step || active);
    // Counts are not zero: sequencer.no_empty_transfer.
    no_empty_transfer: assume (!take || (transfer.outer_count != '0 && transfer.inner_count != '0
        && transfer.run_bytes != '0));

    // Within a run the walk goes on by a word, and by an atom where one ends.
    goes_on: assert (was_reset || !stepped || begins_run || !active || (external == external_before
        + EXTERNAL_BITS'(chip::W) && atoms == atoms_before - ATOMS_BITS'(atom_ended)));
    // The last word of an atom is where the atom ends.
    whole_atoms: assert (atom_ends == ((external & EXTERNAL_BITS'(chip::A - chip::W))
        == EXTERNAL_BITS'(chip::A - chip::W)));
    // A run begins with the first word of an atom.
    begins_atom: assert (was_reset || !begins_run || (external & EXTERNAL_BITS'(chip::A - 1)) == '0);
    // A run ends with the last word of an atom; between walks `last` says nothing.
    ends_atom: assert (!(active && last) || (atom_ends && atoms == '0));
    // The last atom of a run is the one behind which there are no others.
    knows_final_atom: assert (!active || final_atom == (atoms == '0));
    // A word stays until the walk goes on.
    waits: assert (was_reset || stepped || took || (external == external_before && atoms == atoms_before
        && line == line_before));
    // A walk lasts from `take` to the step on its last word.
    lasts: assert (was_reset || active == (took || (was_active && !(stepped && was_last))));
    // A word that has no bytes of the run has no lanes.
    empty_has_no_lanes: assert (filled || lanes == '0);
  end
`endif

endmodule

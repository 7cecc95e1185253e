// Cuts the words of a walk into bursts: consecutive atoms of one run, at most chip::MAX_BURST words, no border of
// chip::PAGE_BYTES between them.
module burst_cut #(
    localparam int ATOM_BITS = $clog2(chip::A),
    localparam int ATOMS_BITS = 25 - ATOM_BITS,
    localparam int PAGE_BITS = $clog2(chip::PAGE_BYTES)
) (
    input  logic                   clock,
    input  logic                   reset,
    input  logic                   step,       // the walk goes on to its next word
    input  logic [PAGE_BITS-1:0]   place,      // of the word in its page
    input  logic                   atom_ends,
    input  logic [ATOMS_BITS-1:0]  atoms,      // atoms of the run after the word's
    output logic                   first,      // the first word of a burst
    output logic [7:0]             beats,      // with `first`: words of the burst, minus 1
    output logic                   last        // the last word of a burst
);

  localparam int WORDS = chip::A / chip::W;  // of an atom
  localparam int MOST = chip::MAX_BURST / WORDS - 1;  // atoms of a burst, minus 1
  localparam int PLACES = PAGE_BITS - ATOM_BITS;

  logic [PLACES-1:0] to_border;  // atoms of the page after the word's
  logic [5:0] gone;  // atoms of the burst before the word's
  logic [7:0] least;

  assign to_border = ~place[PAGE_BITS-1:ATOM_BITS];
  assign last = atom_ends && (atoms == '0 || to_border == '0 || 32'(gone) == MOST);

  always_comb begin
    least = 8'(MOST);
    if (32'(to_border) < 32'(least)) least = 8'(to_border);
    if (32'(atoms) < 32'(least)) least = 8'(atoms);
  end

  assign beats = 8'(32'(least) * WORDS + WORDS - 1);

  always_ff @(posedge clock) begin
    if (reset) begin
      first <= 1'b1;
      gone <= '0;
    end else if (step) begin
      first <= last;
      gone <= last ? '0 : gone + 6'(atom_ends);
    end
  end

  // An atom begins where its burst does.
  wire unused = &{1'b0, place};

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic atom_ended;
  logic [PAGE_BITS-1:0] place_before;
  logic [ATOMS_BITS-1:0] atoms_before;
  logic [7:0] left, left_now;  // words of the burst after this one, by what its first word said
  logic [31:0] atoms_left, words_left;  // of the burst after this atom, of the atom after this word

  assign left_now = first ? beats : left;
  assign words_left = (chip::A - 1 - 32'(place[ATOM_BITS-1:0])) / chip::W;

  always_comb begin
    atoms_left = MOST - 32'(gone);
    if (32'(to_border) < atoms_left) atoms_left = 32'(to_border);
    if (32'(atoms) < atoms_left) atoms_left = 32'(atoms);
  end

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    if (step) begin
      atom_ended <= atom_ends;
      place_before <= place;
      atoms_before <= atoms;
      left <= left_now - 1'b1;
    end
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // Within a run the walk goes on by a word, and by an atom where one ends: walk_bursts.
    goes_on: assume (!step || first || (place == place_before + PAGE_BITS'(chip::W)
        && atoms == atoms_before - ATOMS_BITS'(atom_ended)));
    // The last word of an atom is where the atom ends, and a burst begins with an atom: walk_bursts.
    whole_atoms: assume (!step
        || (atom_ends == ((place & PAGE_BITS'(chip::A - chip::W)) == PAGE_BITS'(chip::A - chip::W))
        && (!first || (place & PAGE_BITS'(chip::A - 1)) == '0)));

    // For some chips `gone` can hold no more than MOST.
    /* verilator lint_off CMPCONST */

    // A burst has as many words as its first one says: at each word as many are left as stand before its end.
    beats_are_right: assert (!step || (last == (left_now == '0) && 32'(gone) <= MOST
        && 32'(left_now) == atoms_left * WORDS + words_left));
    /* verilator lint_on CMPCONST */
    // No burst crosses a border of PAGE_BYTES.
    within_page: assert (!(step && first) || 32'(place) + (32'(beats) + 1) * chip::W <= chip::PAGE_BYTES);
    // No burst is longer than MAX_BURST.
    short_enough: assert (!(step && first) || 32'(beats) < chip::MAX_BURST);
  end
`endif

endmodule

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

endmodule

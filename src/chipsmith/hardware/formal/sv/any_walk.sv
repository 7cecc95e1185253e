// Stands for word_walk: a walk of any words, as many as it likes, each of which stays until the walk goes on.
module word_walk #(
    parameter int EXTERNAL_BITS = 32,
    parameter bit ON_CHIP = 1'b1,
    localparam int ATOM_BITS = $clog2(chip::A),
    localparam int ATOMS_BITS = 25 - ATOM_BITS
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      take,
    input  chip::load_t               transfer,
    input  logic                      step,
    output logic                      active,
    output logic                      last,
    output logic [EXTERNAL_BITS-1:0]  external,
    output logic                      atom_ends,
    output logic [ATOMS_BITS-1:0]     atoms,
    output logic [23:0]               line,
    output logic                      filled,
    output logic [chip::W-1:0]        lanes
);

  localparam int BITS = EXTERNAL_BITS + ATOMS_BITS + 24 + chip::W + 3;

  (* anyseq *) logic [BITS-1:0] any_word;
  logic [BITS-1:0] word, kept;
  logic fresh;

  assign word = fresh ? any_word : kept;
  assign {last, filled, external, line, lanes} = word[BITS-1:ATOMS_BITS+1];
  assign atom_ends = last || word[0];
  assign atoms = last ? '0 : word[ATOMS_BITS:1];

  always_ff @(posedge clock) begin
    fresh <= reset || take || step;
    kept <= word;
    if (reset) active <= 1'b0;
    else if (take) active <= 1'b1;
    else if (step && last) active <= 1'b0;
  end

  logic checked = 1'b0;
  always_ff @(posedge clock) if (reset) checked <= 1'b1;

  always_ff @(posedge clock) if (checked && !reset) begin
    // As of word_walk: a walk begins where none is, or with the last step of the one before.
    takes_when_free: assume (!take || !active || (step && last));
    // As of word_walk: there is no step without a word.
    steps_on_words: assume (!step || active);
    // As of word_walk: counts are not zero.
    no_empty_transfer: assume (!take || (transfer.outer_count != '0 && transfer.inner_count != '0
        && transfer.run_bytes != '0));
  end

  // The words have nothing to do with the transfer.
  wire unused = &{1'b0, transfer};

endmodule

// Stands for burst_cut: bursts of any length, cut anywhere but where a run goes on.
module burst_cut #(
    localparam int ATOM_BITS = $clog2(chip::A),
    localparam int ATOMS_BITS = 25 - ATOM_BITS,
    localparam int PAGE_BITS = $clog2(chip::PAGE_BYTES)
) (
    input  logic                   clock,
    input  logic                   reset,
    input  logic                   step,
    input  logic [PAGE_BITS-1:0]   place,
    input  logic                   atom_ends,
    input  logic [ATOMS_BITS-1:0]  atoms,
    output logic                   first,
    output logic [7:0]             beats,
    output logic                   last
);

  (* anyseq *) logic [8:0] any_word;
  logic [8:0] kept, word;
  logic fresh;

  assign word = fresh ? any_word : kept;
  assign beats = word[7:0];
  assign last = atom_ends && (atoms == '0 || word[8]);

  always_ff @(posedge clock) begin
    fresh <= step || reset;
    kept <= word;
    if (reset) first <= 1'b1;
    else if (step) first <= last;
  end

  // A burst lies anywhere.
  wire unused = &{1'b0, place};

endmodule

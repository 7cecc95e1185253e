// A walk whose words are cut into bursts, as in both engines of transfers.
module walk_bursts (
    input  logic         clock,
    input  logic         reset,
    input  logic         take,
    input  chip::load_t  transfer,
    input  logic         step
);

  localparam int ATOMS_BITS = 25 - $clog2(chip::A);
  localparam int PAGE_BITS = $clog2(chip::PAGE_BYTES);

  logic active, walk_last, atom_ends, last, checked;
  logic [31:0] external;
  logic [ATOMS_BITS-1:0] atoms;

  word_walk word_walk (
      .clock(clock),
      .reset(reset),
      .take(take),
      .transfer(transfer),
      .step(step),
      .active(active),
      .last(walk_last),
      .external(external),
      .atom_ends(atom_ends),
      .atoms(atoms)
  );

  burst_cut burst_cut (
      .clock(clock),
      .reset(reset),
      .step(step),
      .place(external[PAGE_BITS-1:0]),
      .atom_ends(atom_ends),
      .atoms(atoms),
      .last(last)
  );

  initial checked = 1'b0;
  always_ff @(posedge clock) if (reset) checked <= 1'b1;

  always_ff @(posedge clock) begin
    // The engine takes a transfer when the walk is free, and goes on only where there is a word.
    as_the_engines: assume (reset || ((!take || !active || (step && walk_last)) && (!step || active)));
    // No transfer is empty.
    not_empty: assume (!take || (transfer.outer_count != '0 && transfer.inner_count != '0
        && transfer.run_bytes != '0));

    // The last word of a transfer is the last one of its burst.
    ends_together: assert (!checked || reset || !(step && walk_last) || last);
  end

endmodule

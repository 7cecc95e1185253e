// The LOAD engine: what it gives back is what the oldest open LOAD named, bit for bit. Of any LOAD any bit of its names
// is remembered, and how many LOADs were open before it; it must be given back with that LOAD's turn.
module load_order (
    input logic                  clock,
    input logic                  reset,
    input logic                  start,
    input chip::load_t           instruction,
    input logic                  read_ready,
    input logic                  answer_valid,
    input logic [8*chip::W-1:0]  answer_data,
    input logic                  remember
);

  localparam int PLACES = chip::G + 2;
  localparam int COUNT_BITS = $clog2(PLACES + 1);
  localparam int NAMES_BITS = 18;

  (* anyconst *) logic [4:0] chosen;
  logic release_valid, release_page, release_slot, watching, bit_before, follows;
  logic [4:0] release_first, release_last;
  logic [5:0] release_external;
  logic [NAMES_BITS-1:0] names, given;
  logic [COUNT_BITS-1:0] open, before;
  logic checked = 1'b0;

  assign names = {instruction.space == chip::SPACE_PAGE, instruction.local_address[0], instruction.first_group,
      instruction.last_group, instruction.external_locks};
  assign given = {release_page, release_slot, release_first, release_last, release_external};
  assign follows = start && remember && !watching;

  load_engine load_engine (
      .clock(clock),
      .reset(reset),
      .start(start),
      .instruction(instruction),
      .read_ready(read_ready),
      .answer_valid(answer_valid),
      .answer_data(answer_data),
      .release_valid(release_valid),
      .release_page(release_page),
      .release_slot(release_slot),
      .release_first(release_first),
      .release_last(release_last),
      .release_external(release_external)
  );

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    open <= reset ? '0 : open + COUNT_BITS'(start) - COUNT_BITS'(release_valid);
    watching <= !reset && (follows || (watching && !(release_valid && before == '0)));
    if (follows) begin
      before <= open - COUNT_BITS'(release_valid);
      bit_before <= names[chosen];
    end else if (release_valid) begin
      before <= before - 1'b1;
    end
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // No more LOADs are open than have locks of their own: lock_owners.load_places.
    has_place: assume (!start || 32'(open) < PLACES);
    // A bit of the names.
    chooses_a_bit: assume (32'(chosen) < NAMES_BITS);

    // LOADs give back their locks in the order of their starts, each those that it named.
    in_order: assert (!(watching && release_valid && before == '0) || given[chosen] == bit_before);
    // A LOAD that has started and not given back its locks is open: none is given back twice.
    is_open: assert (!watching || before < open);
  end

endmodule

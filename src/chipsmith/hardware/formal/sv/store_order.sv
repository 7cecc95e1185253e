// The STORE engine: what it gives back is what the oldest open STORE named, bit for bit, first its bank groups; each of
// its external regions after the acknowledgement of its last burst, once. Of any STORE any bit of its names is
// remembered, and how many STOREs were open before it.
module store_order (
    input logic                  clock,
    input logic                  reset,
    input logic                  start,
    input chip::store_t          instruction,
    input logic [8*chip::R-1:0]  read_data,
    input logic                  write_ready,
    input logic                  acknowledged,
    input logic                  remember
);

  localparam int NAMES_BITS = 10;
  localparam int COUNT_BITS = 4;

  (* anyconst *) logic [3:0] chosen;
  (* anyconst *) logic [2:0] region;
  logic release_valid, watching, bit_before, named_before, follows, turn, holds;
  logic write_valid, write_last;
  logic [4:0] release_first, release_last;
  logic [5:0] release_external;
  logic [NAMES_BITS-1:0] names, given;
  logic [COUNT_BITS-1:0] open, before;
  logic checked = 1'b0;

  assign names = {instruction.first_group, instruction.last_group};
  assign given = {release_first, release_last};
  assign follows = start && remember && !watching && !holds;
  assign turn = watching && release_valid && before == '0;

  store_engine store_engine (
      .clock(clock),
      .reset(reset),
      .start(start),
      .instruction(instruction),
      .read_data(read_data),
      .write_valid(write_valid),
      .write_last(write_last),
      .write_ready(write_ready),
      .acknowledged(acknowledged),
      .release_valid(release_valid),
      .release_first(release_first),
      .release_last(release_last),
      .release_external(release_external)
  );

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    open <= reset ? '0 : open + COUNT_BITS'(start) - COUNT_BITS'(release_valid);
    watching <= !reset && (follows || (watching && !turn));
    holds <= !reset && ((turn && named_before) || (holds && !release_external[region]));
    if (follows) begin
      before <= open - COUNT_BITS'(release_valid);
      bit_before <= names[chosen];
      named_before <= instruction.external_locks[region];
    end else if (release_valid) begin
      before <= before - 1'b1;
    end
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // A bit of the names and a region.
    chooses: assume (32'(chosen) < NAMES_BITS && 32'(region) < chip::EXTERNAL_REGIONS);

    // STOREs give back their bank groups in the order of their starts, each those that it named.
    in_order: assert (!turn || given[chosen] == bit_before);
    // A STORE that has started and not given back its bank groups is open: none is given back twice.
    is_open: assert (!watching || before < open);
  end

endmodule

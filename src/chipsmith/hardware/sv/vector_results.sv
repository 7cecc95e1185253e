// Stages OUT and TABLE: the results of a reduction are scaled, get their zero point, are clamped, and pass the table.
//
// Results that are scaled come pass by pass, the others at once. The look-ups of a beat begin when its last results
// stand
// and run while the first of the next beat arrive: both go from lane 0 up and neither takes more than `slots` cycles,
// so
// that a lane is looked up before its next value comes.
module vector_results #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1,
    localparam int SLOT_BITS = $clog2(chip::DIVIDE * chip::V + 1),
    localparam int LINE_BITS = $clog2(1026 / chip::R + 1) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  chip::vector_t             fields,
    input  logic [COUNT_BITS-1:0]     passes,
    input  logic [SLOT_BITS-1:0]      first_slot,    // of the passes
    input  logic [SLOT_BITS-1:0]      pass_slot,
    input  logic [COUNT_BITS-1:0]     lookups,
    input  logic                      reduced_ready, // see vector_reduction
    input  logic                      reduced_set,
    output logic                      read_set,
    input  logic [chip::V-1:0][31:0]  reduced,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled,
    input  logic                      table_write,
    input  logic [LINE_BITS-1:0]      table_line,
    input  logic [8*chip::R-1:0]      table_data,
    output logic                      ready,         // `values` stand from this cycle on
    output logic [chip::V-1:0][31:0]  values
);

  localparam int V = chip::V;
  localparam int M = chip::M;
  localparam int TL = chip::TL;

  logic scales, tables;
  assign scales = passes != '0;
  assign tables = lookups != '0;

  // Passes: from the first cycle in which the results stand and their slots begin.
  logic pending, starts, pending_set, go, last, comes, all_came, pass_set;
  logic [COUNT_BITS-1:0] index, place;

  assign starts = scales && (pending || reduced_ready) && pass_slot == first_slot;

  always_ff @(posedge clock) begin
    pending <= (pending || (scales && reduced_ready)) && !starts && !reset;
    if (reduced_ready) pending_set <= reduced_set;
  end

  vector_passes #(.TOKEN_BITS(1)) steps (
      .clock(clock),
      .reset(reset),
      .start(starts),
      .start_token(pending ? pending_set : reduced_set),
      .count(passes),
      .go(go),
      .index(index),
      .last(last),
      .token(pass_set)
  );

  assign read_set = scales ? pass_set : reduced_set;

  logic [M-1:0][31:0] now;  // the results that are scaled

  always_comb begin
    multiply.valid = go;
    multiply.double_round = fields.o_rounding == chip::ROUNDING_DOUBLE;
    for (int i = 0; i < M; i++) now[i] = reduced[M*32'(index)+i];
    multiply.value = now;
    multiply.multiplier = {M{32'(fields.o_multiplier)}};
    multiply.shift = {M{fields.o_shift}};
  end

  vector_delay #(.BITS(2 + COUNT_BITS), .CYCLES(chip::MULTIPLY_LATENCY)) arrival (
      .clock(clock),
      .reset(reset),
      .in({go, last, index}),
      .out({comes, all_came, place})
  );

  // Zero point and clamp.
  logic ends, clamped_ready;
  logic [V-1:0][31:0] clamped;

  assign ends = scales ? comes && all_came : reduced_ready;

  for (genvar l = 0; l < V; l++) begin : g_lane
    logic [31:0] raised, limited;
    logic here;
    assign raised = (scales ? scaled[l%M] : reduced[l]) + 32'(fields.o_zero_point);
    assign limited = $signed(raised) < fields.clamp_min ? fields.clamp_min
        : $signed(raised) > fields.clamp_max ? fields.clamp_max : raised;
    assign here = scales ? comes && 32'(place) == l / M : reduced_ready;
    always_ff @(posedge clock) if (here) clamped[l] <= limited;
  end

  always_ff @(posedge clock) clamped_ready <= ends && !reset;

  // Look-ups.
  logic looks, looks_last, no_token, found, found_last, found_all;
  logic [COUNT_BITS-1:0] lookup, found_place;
  logic [TL-1:0][15:0] asked;
  logic [TL-1:0][31:0] answers;
  logic [V-1:0][31:0] looked_up;

  vector_passes #(.TOKEN_BITS(1)) lookup_steps (
      .clock(clock),
      .reset(reset),
      .start(clamped_ready && tables),
      .start_token(1'b0),
      .count(lookups),
      .go(looks),
      .index(lookup),
      .last(looks_last),
      .token(no_token)
  );

  always_comb begin
    for (int i = 0; i < TL; i++) asked[i] = 16'(clamped[TL*32'(lookup)+i]);
  end

  vector_table memory (
      .clock(clock),
      .write(table_write),
      .write_line(table_line),
      .write_data(table_data),
      .read(looks),
      .wide(fields.table_ == chip::TABLE_TABLE16),
      .x(asked),
      .results(answers)
  );

  vector_delay #(.BITS(2 + COUNT_BITS), .CYCLES(1)) answer (
      .clock(clock),
      .reset(reset),
      .in({looks, looks_last, lookup}),
      .out({found, found_last, found_place})
  );

  for (genvar l = 0; l < V; l++) begin : g_found
    always_ff @(posedge clock) if (found && 32'(found_place) == l / TL) looked_up[l] <= answers[l%TL];
  end

  always_ff @(posedge clock) found_all <= found && found_last && !reset;

  assign ready = tables ? found_all : clamped_ready;
  assign values = tables ? looked_up : clamped;

  // The other fields have no part in this.
  wire unused = &{1'b0, fields, no_token};

endmodule

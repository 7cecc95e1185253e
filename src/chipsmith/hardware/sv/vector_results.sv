// Stages OUT and TABLE: the results of a reduction are scaled, get their zero point, are clamped, and pass the table.
//
// Results that are scaled come chunk by chunk, the others at once. A look-up goes as soon as its lanes stand, one a
// cycle: none takes more than ii cycles, so that a lane is looked up before its next value comes.
module vector_results #(
    localparam int COUNT_BITS = $clog2(chip::V) + 1,
    localparam int LINE_BITS = $clog2(1026 / chip::R + 1) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  logic                      begins,        // the cycle after the start
    input  chip::vector_t             fields,
    input  logic [COUNT_BITS-1:0]     passes,
    input  logic                      turn,          // see vector_operands
    input  logic [COUNT_BITS-1:0]     lookups,
    input  logic                      comes,         // see vector_reduction
    input  logic                      chunk_comes,   // the results of the next chunk stand from the next cycle on
    input  logic                      by_chunks,     // that counts, and `comes` does not
    input  logic                      reduced_ready,
    input  logic [chip::V-1:0][31:0]  reduced,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled,
    input  logic                      table_write,
    input  logic [LINE_BITS-1:0]      table_line,
    input  logic [8*chip::R-1:0]      table_data,
    output logic                      ready,         // `values` stand in this cycle
    output logic [chip::V-1:0][31:0]  values
);

  localparam int V = chip::V;
  localparam int M = chip::M;
  localparam int TL = chip::TL;
  localparam int DUE_BITS = COUNT_BITS + 1;
  localparam int LOOKUP_LATENCY = 3;

  // These stand long before a result comes.
  logic scales, tables;
  always_ff @(posedge clock) begin
    scales <= passes != '0;
    tables <= lookups != '0;
  end

  // Passes: chunk after chunk, in the slots that are their own.
  logic go, last, arrives, all_came;
  logic [COUNT_BITS-1:0] index, place;
  logic [DUE_BITS-1:0] due;  // chunks that stand and have not been scaled

  assign go = turn && due != '0;
  assign last = index == passes - 1'b1;

  always_ff @(posedge clock) begin
    due <= due + (by_chunks ? DUE_BITS'(chunk_comes && scales) : comes ? DUE_BITS'(passes) : '0) - DUE_BITS'(go);
    if (go) index <= last ? '0 : index + 1'b1;
    if (reset) begin
      due <= '0;
      index <= '0;
    end
  end

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
      .out({arrives, all_came, place})
  );

  // Zero point and clamp: each bound is compared by an adder of its own, beside the one of the zero point.
  logic ends, part_ends, clamped_ready;
  logic [31:0] above_min, above_max;  // the zero point less the bound
  logic [V-1:0][31:0] clamped;

  assign ends = scales ? arrives && all_came : reduced_ready;
  assign part_ends = scales ? arrives : reduced_ready;

  always_ff @(posedge clock) begin
    if (begins) begin
      above_min <= 32'(fields.o_zero_point) - fields.clamp_min;
      above_max <= 32'(fields.o_zero_point) - fields.clamp_max;
    end
  end

  for (genvar l = 0; l < V; l++) begin : g_lane
    logic [31:0] value, raised, over_min, over_max;
    logic below, above, here;
    assign value = scales ? scaled[l%M] : reduced[l];
    assign raised = value + 32'(fields.o_zero_point);
    assign over_min = value + above_min;
    assign over_max = value + above_max;
    assign below = raised[31] != fields.clamp_min[31] ? raised[31] : over_min[31];
    assign above = raised[31] != fields.clamp_max[31] ? !raised[31] : !over_max[31];
    assign here = scales ? arrives && 32'(place) == l / M : reduced_ready;
    always_ff @(posedge clock)
      if (here) clamped[l] <= below ? fields.clamp_min : above ? fields.clamp_max : raised;
    wire unused_sums = &{1'b0, over_min, over_max};
  end

  always_ff @(posedge clock) clamped_ready <= ends && !reset;

  // Look-ups: those whose lanes stand, in their order.
  logic looks, looks_last, answers_come, answers_last, found_all;
  logic [COUNT_BITS-1:0] lookup, given, upto, found_place;
  logic [DUE_BITS-1:0] open;
  logic [TL-1:0][15:0] asked;
  logic [TL-1:0][22:0] answers;
  logic [V-1:0][22:0] looked_up;

  // The look-ups of the beat whose lanes stand from the next cycle on.
  assign upto = ends ? lookups : COUNT_BITS'(((32'(place) + 1) * M) / TL);
  assign looks = open != '0;
  assign looks_last = lookup == lookups - 1'b1;

  always_ff @(posedge clock) begin
    open <= open + (part_ends && tables ? DUE_BITS'(upto - given) : '0) - DUE_BITS'(looks);
    if (part_ends && tables) given <= ends ? '0 : upto;
    if (looks) lookup <= looks_last ? '0 : lookup + 1'b1;
    if (reset) begin
      open <= '0;
      given <= '0;
      lookup <= '0;
    end
  end

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

  vector_delay #(.BITS(2 + COUNT_BITS), .CYCLES(LOOKUP_LATENCY)) answer (
      .clock(clock),
      .reset(reset),
      .in({looks, looks_last, lookup}),
      .out({answers_come, answers_last, found_place})
  );

  for (genvar l = 0; l < V; l++) begin : g_found
    always_ff @(posedge clock) if (answers_come && 32'(found_place) == l / TL) looked_up[l] <= answers[l%TL];
    assign values[l] = tables ? 32'($signed(looked_up[l])) : clamped[l];
  end

  always_ff @(posedge clock) found_all <= answers_come && answers_last && !reset;

  assign ready = tables ? found_all : clamped_ready;

  // The other fields have no part in this.
  wire unused = &{1'b0, fields};

endmodule

// Stage IN: holds the prepared operands of a beat and scales them on the shared multipliers.
//
// The passes of a beat have slots of their own in every `slots` cycles, counted by `pass_slot` from the cycle in which
// the
// first beat's operands stand here: those of A, then of B, then of MUL, then of the results. The slots of two stages
// never
// meet, so no pass ever waits for another.
// A beat that is scaled moves from `held` to the operands a and b pass by pass; the operand that is not scaled
// travels beside the one that is. A beat that is not scaled goes to a and b at once.
module vector_operands #(
    parameter int TOKEN_BITS = 1,
    localparam int COUNT_BITS = $clog2(chip::V) + 1,
    localparam int SLOT_BITS = $clog2(chip::DIVIDE * chip::V + 1)
) (
    input  logic                      clock,
    input  logic                      reset,
    input  chip::vector_t             fields,
    input  logic [COUNT_BITS-1:0]     a_passes,
    input  logic [COUNT_BITS-1:0]     b_passes,
    input  logic [SLOT_BITS-1:0]      slots,
    input  logic                      prepared,        // a_prepared and b_prepared are a beat's
    input  logic [TOKEN_BITS-1:0]     prepared_token,
    input  logic [chip::V-1:0][31:0]  a_prepared,
    input  logic [chip::V-1:0][31:0]  b_prepared,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled,
    output logic [SLOT_BITS-1:0]      pass_slot,
    output logic                      ready,           // all lanes of a and b stand (for DIV: those of the first pass)
    output logic [TOKEN_BITS-1:0]     ready_token,
    output logic [chip::V-1:0][31:0]  a,
    output logic [chip::V-1:0][31:0]  b,
    output logic                      chunk_ready,     // op MUL: a beat's first multiplication may go in this cycle
    output logic [TOKEN_BITS-1:0]     chunk_token,
    input  logic [COUNT_BITS-1:0]     chunk,           // of chip::M lanes each
    output logic [chip::M-1:0][31:0]  a_chunk,         // with what arrives in this cycle
    output logic [chip::M-1:0][31:0]  b_chunk
);

  localparam int M = chip::M;

  logic scales, begins;
  logic [TOKEN_BITS-1:0] begins_token;
  logic [chip::V-1:0][31:0] a_held, b_held;

  assign scales = a_passes != '0 || b_passes != '0;

  vector_delay #(.BITS(1 + TOKEN_BITS), .CYCLES(1)) beginning (
      .clock(clock),
      .reset(reset),
      .in({prepared, prepared_token}),
      .out({begins, begins_token})
  );

  // The slot of the passes in this cycle.
  logic [SLOT_BITS-1:0] counted;
  assign pass_slot = begins ? '0 : counted;
  always_ff @(posedge clock) counted <= pass_slot == slots - 1'b1 ? '0 : pass_slot + 1'b1;

  // Passes.
  logic a_go, a_ends, b_go, b_ends, b_follows;
  logic [COUNT_BITS-1:0] a_index, b_index, index;
  logic [TOKEN_BITS-1:0] a_token, b_token;
  logic [M-1:0][31:0] a_now, b_now;

  vector_passes #(.TOKEN_BITS(TOKEN_BITS)) a_steps (
      .clock(clock),
      .reset(reset),
      .start(begins && a_passes != '0),
      .start_token(begins_token),
      .count(a_passes),
      .go(a_go),
      .index(a_index),
      .last(a_ends),
      .token(a_token)
  );

  vector_passes #(.TOKEN_BITS(TOKEN_BITS)) b_steps (
      .clock(clock),
      .reset(reset),
      .start(b_passes != '0 && (a_passes != '0 ? b_follows : begins)),
      .start_token(a_passes != '0 ? a_token : begins_token),
      .count(b_passes),
      .go(b_go),
      .index(b_index),
      .last(b_ends),
      .token(b_token)
  );

  always_ff @(posedge clock) b_follows <= a_go && a_ends && !reset;

  assign index = a_go ? a_index : b_index;

  always_comb begin
    for (int i = 0; i < M; i++) begin
      a_now[i] = a_held[M*32'(index)+i];
      b_now[i] = b_held[M*32'(index)+i];
    end
    multiply.value = a_go ? a_now : b_now;
    multiply.multiplier = {M{32'(a_go ? fields.a_multiplier : fields.b_multiplier)}};
    multiply.shift = {M{a_go ? fields.a_shift : fields.b_shift}};
    multiply.valid = a_go || b_go;
    multiply.double_round = (a_go ? fields.a_rounding : fields.b_rounding) == chip::ROUNDING_DOUBLE;
  end

  // Arrivals. `completes`: the pass brings the last missing operand of its lanes.
  logic arrives, of_b, completes, first, last;
  logic [COUNT_BITS-1:0] place;
  logic [TOKEN_BITS-1:0] token;
  logic [M-1:0][31:0] beside, a_arriving, b_arriving;
  logic a_comes, b_comes;

  vector_delay #(.BITS(4 + COUNT_BITS + TOKEN_BITS), .CYCLES(chip::MULTIPLY_LATENCY)) arrival (
      .clock(clock),
      .reset(reset),
      .in({a_go || b_go, !a_go, index == '0, a_go ? a_ends : b_ends, index, a_go ? a_token : b_token}),
      .out({arrives, of_b, first, last, place, token})
  );

  vector_delay #(.BITS(32 * M), .CYCLES(chip::MULTIPLY_LATENCY)) travel (
      .clock(clock),
      .reset(1'b0),
      .in(a_go ? b_now : a_now),
      .out(beside)
  );

  assign completes = arrives && (of_b || b_passes == '0);
  assign a_comes = arrives && (!of_b || a_passes == '0);
  assign b_comes = arrives && (of_b || b_passes == '0);
  assign a_arriving = of_b ? beside : scaled;
  assign b_arriving = of_b ? scaled : beside;

  always_ff @(posedge clock) begin
    if (prepared && scales) begin
      a_held <= a_prepared;
      b_held <= b_prepared;
    end
  end

  for (genvar l = 0; l < chip::V; l++) begin : g_lane
    always_ff @(posedge clock) begin
      if (prepared && !scales) begin
        a[l] <= a_prepared[l];
        b[l] <= b_prepared[l];
      end else if (32'(place) == l / M) begin
        if (a_comes) a[l] <= a_arriving[l%M];
        if (b_comes) b[l] <= b_arriving[l%M];
      end
    end
  end

  // Readiness of the whole beat, and of single chunks for MUL.
  logic whole;
  logic [TOKEN_BITS-1:0] whole_token;
  vector_delay #(.BITS(1 + TOKEN_BITS), .CYCLES(1)) standing (
      .clock(clock),
      .reset(reset),
      .in({completes && (fields.op == chip::OP_DIV ? first : last), token}),
      .out({whole, whole_token})
  );

  assign ready = scales ? whole : begins;
  assign ready_token = scales ? whole_token : begins_token;
  assign chunk_ready = scales ? completes && first : begins;
  assign chunk_token = scales ? token : begins_token;

  always_comb begin
    for (int i = 0; i < M; i++) begin
      a_chunk[i] = a[M*32'(chunk)+i];
      b_chunk[i] = b[M*32'(chunk)+i];
    end
    // What arrives for these lanes in this cycle stands in a and b only in the next one. An arrival that does not
    // complete
    // its lanes is of a later beat.
    if (completes && place == chunk) begin
      if (a_comes) a_chunk = a_arriving;
      b_chunk = b_arriving;
    end
  end

  // The other fields have no part in this.
  wire unused = &{1'b0, fields};

endmodule

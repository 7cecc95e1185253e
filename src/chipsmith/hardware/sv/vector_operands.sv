// Stage IN: holds the prepared operands of a beat and scales them on the shared multipliers.
//
// The passes of a beat have slots of their own in every ii cycles, counted from the cycle in which the first beat's
// operands stand here: those of A, then of B, then of MUL, then of the results. The slots of two stages never meet. A
// stage has as many slots in ii cycles as passes, so that a chunk of chip::M lanes is taken at most ii - 1 cycles after
// it comes, before the same chunk of the next beat can take its place.
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
    input  logic [COUNT_BITS-1:0]     op_passes,
    input  logic [COUNT_BITS-1:0]     o_passes,
    input  logic [SLOT_BITS-1:0]      last_slot,       // ii - 1
    input  logic                      prepared,        // a_prepared and b_prepared are a beat's
    input  logic [TOKEN_BITS-1:0]     prepared_token,
    input  logic [chip::V-1:0][31:0]  a_prepared,
    input  logic [chip::V-1:0][31:0]  b_prepared,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled,
    output logic                      op_turn,         // a pass of MUL may go in this cycle
    output logic                      out_turn,        // a pass of the results may go
    output logic                      comes,           // all lanes of a and b stand from the next cycle on,
    output logic                      chunk_comes,     // or those of the next chunk,
    output logic [TOKEN_BITS-1:0]     coming_token,    // of a beat with this token
    output logic                      ready,           // all lanes of a and b stand (for DIV: those of the first pass)
    output logic [TOKEN_BITS-1:0]     ready_token,
    output logic [chip::V-1:0][31:0]  a,
    output logic [chip::V-1:0][31:0]  b
);

  localparam int M = chip::M;

  logic scales, both, begins;
  logic [TOKEN_BITS-1:0] begins_token;
  logic [chip::V-1:0][31:0] a_held, b_held;

  vector_delay #(.BITS(1 + TOKEN_BITS), .CYCLES(1)) beginning (
      .clock(clock),
      .reset(reset),
      .in({prepared, prepared_token}),
      .out({begins, begins_token})
  );

  // The slot of the passes in this cycle, and whose it is.
  logic [SLOT_BITS-1:0] slot, next_slot, op_first, out_first, out_end;

  assign next_slot = prepared || slot == last_slot ? '0 : slot + 1'b1;

  always_ff @(posedge clock) begin
    // These stand long before a beat comes.
    scales <= a_passes != '0 || b_passes != '0;
    both <= a_passes != '0 && b_passes != '0;
    op_first <= SLOT_BITS'(a_passes) + SLOT_BITS'(b_passes);
    out_first <= op_first + SLOT_BITS'(op_passes);
    out_end <= out_first + SLOT_BITS'(o_passes);
    slot <= next_slot;
    op_turn <= next_slot >= op_first && next_slot < out_first;
    // The lanes of DIV come one by one: their chunk may not wait for long.
    out_turn <= next_slot >= out_first && (next_slot < out_end || fields.op == chip::OP_DIV);
  end

  // Passes: where both operands are scaled, A and B of a chunk one after the other, so that the chunk stands at once.
  logic go, last_pass, of_b;
  logic [COUNT_BITS-1:0] pass, index;
  logic [TOKEN_BITS-1:0] pass_token;
  logic [M-1:0][31:0] a_now, b_now;

  vector_passes #(.TOKEN_BITS(TOKEN_BITS)) steps (
      .clock(clock),
      .reset(reset),
      .start(begins && scales),
      .start_token(begins_token),
      .count(a_passes + b_passes),
      .go(go),
      .index(pass),
      .last(last_pass),
      .token(pass_token)
  );

  assign of_b = both ? pass[0] : b_passes != '0;
  assign index = both ? pass >> 1 : pass;

  always_comb begin
    for (int i = 0; i < M; i++) begin
      a_now[i] = a_held[M*32'(index)+i];
      b_now[i] = b_held[M*32'(index)+i];
    end
    multiply.value = of_b ? b_now : a_now;
    multiply.multiplier = {M{32'(of_b ? fields.b_multiplier : fields.a_multiplier)}};
    multiply.shift = {M{of_b ? fields.b_shift : fields.a_shift}};
    multiply.valid = go;
    multiply.double_round = (of_b ? fields.b_rounding : fields.a_rounding) == chip::ROUNDING_DOUBLE;
  end

  // Arrivals. `completes`: the pass brings the last missing operand of its lanes.
  logic completes_later, waits_later, completes, waits, arrived_b, first, last;
  logic [COUNT_BITS-1:0] place;
  logic [TOKEN_BITS-1:0] token;
  logic [chip::MULTIPLY_LATENCY-2:0][M-1:0][31:0] travelling;
  logic [M-1:0][31:0] beside;

  assign waits_later = go && both && !of_b;
  assign completes_later = go && !(both && !of_b);

  vector_delay #(.BITS(5 + COUNT_BITS + TOKEN_BITS), .CYCLES(chip::MULTIPLY_LATENCY)) arrival (
      .clock(clock),
      .reset(reset),
      .in({completes_later, waits_later, of_b, index == '0, last_pass, index, pass_token}),
      .out({completes, waits, arrived_b, first, last, place, token})
  );

  // The operand that is not scaled, or the one that was scaled in the pass before.
  always_ff @(posedge clock) begin
    travelling <= {travelling[chip::MULTIPLY_LATENCY-3:0], of_b ? a_now : b_now};
    beside <= waits ? scaled : travelling[chip::MULTIPLY_LATENCY-2];
  end

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
      end else if (completes && 32'(place) == l / M) begin
        a[l] <= arrived_b ? beside[l%M] : scaled[l%M];
        b[l] <= arrived_b ? scaled[l%M] : beside[l%M];
      end
    end
  end

  // Readiness of the whole beat.
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
  assign comes = !scales && prepared;
  assign chunk_comes = scales && completes;
  assign coming_token = scales ? token : prepared_token;

  // The other fields have no part in this.
  wire unused = &{1'b0, fields};

endmodule

// Stage OP: the operation on the operands of a beat. MUL takes passes of the multipliers, DIV a division a lane, every
// other
// operation one cycle for all lanes. `valid` says which lanes of x stand in a cycle.
module vector_operation #(
    parameter int TOKEN_BITS = 1,
    localparam int COUNT_BITS = $clog2(chip::V) + 1,
    localparam int SLOT_BITS = $clog2(chip::DIVIDE * chip::V + 1)
) (
    input  logic                      clock,
    input  logic                      reset,
    input  chip::vector_t             fields,
    input  logic [COUNT_BITS-1:0]     full_lanes,
    input  logic [COUNT_BITS-1:0]     passes,        // of MUL
    input  logic [SLOT_BITS-1:0]      first_slot,    // of MUL's passes
    input  logic [SLOT_BITS-1:0]      pass_slot,
    input  logic                      ready,         // see vector_operands
    input  logic [TOKEN_BITS-1:0]     ready_token,
    input  logic [chip::V-1:0][31:0]  a,
    input  logic [chip::V-1:0][31:0]  b,
    input  logic                      chunk_ready,
    input  logic [TOKEN_BITS-1:0]     chunk_token,
    output logic [COUNT_BITS-1:0]     chunk,
    input  logic [chip::M-1:0][31:0]  a_chunk,
    input  logic [chip::M-1:0][31:0]  b_chunk,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled,
    output logic [chip::V-1:0]        valid,
    output logic [chip::V-1:0][31:0]  x,
    output logic [TOKEN_BITS-1:0]     token,         // of the beat that x is of
    output logic                      ends           // the beat's last lanes
);

  localparam int V = chip::V;
  localparam int M = chip::M;
  localparam int LANE_BITS = $clog2(V);

  logic multiplies, divides;
  assign multiplies = fields.op == chip::OP_MUL;
  assign divides = fields.op == chip::OP_DIV;

  // MUL: from the first cycle in which its operands stand and its slots begin.
  logic pending, starts, go, last, product, product_ends;
  logic [TOKEN_BITS-1:0] pending_token, pass_token, product_token;
  logic [COUNT_BITS-1:0] place;

  assign starts = multiplies && (pending || chunk_ready) && pass_slot == first_slot;

  always_ff @(posedge clock) begin
    pending <= (pending || (multiplies && chunk_ready)) && !starts && !reset;
    if (chunk_ready) pending_token <= chunk_token;
  end

  vector_passes #(.TOKEN_BITS(TOKEN_BITS)) steps (
      .clock(clock),
      .reset(reset),
      .start(starts),
      .start_token(pending ? pending_token : chunk_token),
      .count(passes),
      .go(go),
      .index(chunk),
      .last(last),
      .token(pass_token)
  );

  always_comb begin
    multiply.valid = go;
    multiply.double_round = 1'b0;
    multiply.value = a_chunk;
    multiply.multiplier = b_chunk;
    multiply.shift = {M{fields.op_argument}};
  end

  vector_delay #(.BITS(2 + COUNT_BITS + TOKEN_BITS), .CYCLES(chip::MULTIPLY_LATENCY)) arrival (
      .clock(clock),
      .reset(reset),
      .in({go, last, chunk, pass_token}),
      .out({product, product_ends, place, product_token})
  );

  // DIV: a lane each chip::DIVIDE cycles.
  logic dividing, divider_starts, quotient_stands, at_last_lane;
  logic [COUNT_BITS-1:0] lane;
  logic [$clog2(chip::DIVIDE)-1:0] step;
  logic [TOKEN_BITS-1:0] division_token;
  logic [31:0] quotient;

  assign divider_starts = dividing && step == '0;
  assign quotient_stands = dividing && 32'(step) == chip::DIVIDE - 1;
  assign at_last_lane = lane == full_lanes - 1'b1;

  logic begins;
  assign begins = divides && ready;
  logic [31:0] dividend, divisor;
  assign dividend = begins ? a[0] : a[LANE_BITS'(lane)];
  assign divisor = begins ? b[0] : b[LANE_BITS'(lane)];

  always_ff @(posedge clock) begin
    if (begins) begin
      dividing <= 1'b1;
      division_token <= ready_token;
      lane <= '0;
      step <= 1;
    end else if (quotient_stands) begin
      dividing <= !at_last_lane;
      lane <= lane + 1'b1;
      step <= '0;
    end else if (dividing) step <= step + 1'b1;
    if (reset) dividing <= 1'b0;
  end

  vector_divider divider (
      .clock(clock),
      .start(begins || divider_starts),
      .dividend(dividend),
      .divisor(divisor),
      .quotient(quotient)
  );

  for (genvar l = 0; l < V; l++) begin : g_lane
    logic [31:0] simple;
    vector_alu alu (
        .op(fields.op),
        .rounds(fields.op_argument[0]),
        .a(a[l]),
        .b(b[l]),
        .x(simple)
    );
    assign x[l] = multiplies ? scaled[l%M] : divides ? quotient : simple;
    assign valid[l] = multiplies ? product && 32'(place) == l / M
        : divides ? quotient_stands && 32'(lane) == l : ready;
  end

  assign token = multiplies ? product_token : divides ? division_token : ready_token;
  assign ends = multiplies ? product && product_ends : divides ? quotient_stands && at_last_lane : ready;

  // The other fields have no part in this.
  wire unused = &{1'b0, fields};

endmodule

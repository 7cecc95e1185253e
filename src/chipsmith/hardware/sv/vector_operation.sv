// Stage OP: the operation on the operands of a beat. MUL takes passes of the multipliers, DIV a division a lane, every
// other operation one cycle for all lanes. `valid` says which lanes of x are new in a cycle.
module vector_operation #(
    parameter int TOKEN_BITS = 1,
    localparam int COUNT_BITS = $clog2(chip::V) + 1
) (
    input  logic                      clock,
    input  logic                      reset,
    input  chip::vector_t             fields,
    input  logic [COUNT_BITS-1:0]     full_lanes,
    input  logic [COUNT_BITS-1:0]     passes,        // of MUL
    input  logic                      turn,          // see vector_operands
    input  logic                      comes,
    input  logic                      chunk_comes,
    input  logic [TOKEN_BITS-1:0]     coming_token,
    input  logic                      ready,
    input  logic [TOKEN_BITS-1:0]     ready_token,
    input  logic [chip::V-1:0][31:0]  a,
    input  logic [chip::V-1:0][31:0]  b,
    output chip::multiply_request_t   multiply,
    input  logic [chip::M-1:0][31:0]  scaled,
    output logic [chip::V-1:0]        valid,
    output logic [chip::V-1:0][31:0]  x,
    output logic [TOKEN_BITS-1:0]     token,         // of the beat that x is of
    output logic                      chunk_ends,    // the last lanes of a chunk, where they come by chunks
    output logic                      ends           // the beat's last lanes
);

  localparam int V = chip::V;
  localparam int M = chip::M;
  localparam int LANE_BITS = $clog2(V);
  localparam int CHUNKS = V / M;

  // Decoded long before a beat comes.
  logic multiplies, divides;
  always_ff @(posedge clock) begin
    multiplies <= fields.op == chip::OP_MUL;
    divides <= fields.op == chip::OP_DIV;
  end

  // MUL: chunk after chunk, in the slots that are its own.
  logic go, last, product, product_ends;
  logic [COUNT_BITS-1:0] chunk, place;
  logic [COUNT_BITS:0] due;  // chunks that stand and have not been multiplied
  logic [COUNT_BITS-1:0] arriving;
  logic [CHUNKS-1:0][TOKEN_BITS-1:0] tokens;
  logic [TOKEN_BITS-1:0] product_token;
  logic [M-1:0][31:0] a_chunk, b_chunk;

  assign go = turn && due != '0;
  assign last = chunk == passes - 1'b1;

  always_ff @(posedge clock) begin
    due <= due + (comes ? (COUNT_BITS + 1)'(passes) : (COUNT_BITS + 1)'(chunk_comes && multiplies))
        - (COUNT_BITS + 1)'(go);
    if (go) chunk <= last ? '0 : chunk + 1'b1;
    if (chunk_comes && multiplies) arriving <= arriving == passes - 1'b1 ? '0 : arriving + 1'b1;
    for (int k = 0; k < CHUNKS; k++)
      if (comes || (chunk_comes && k == 32'(arriving))) tokens[k] <= coming_token;
    if (reset) begin
      due <= '0;
      chunk <= '0;
      arriving <= '0;
    end
  end

  always_comb begin
    for (int i = 0; i < M; i++) begin
      a_chunk[i] = a[M*32'(chunk)+i];
      b_chunk[i] = b[M*32'(chunk)+i];
    end
    multiply.valid = go;
    multiply.double_round = 1'b0;
    multiply.value = a_chunk;
    multiply.multiplier = b_chunk;
    multiply.shift = {M{fields.op_argument}};
  end

  vector_delay #(.BITS(2 + COUNT_BITS + TOKEN_BITS), .CYCLES(chip::MULTIPLY_LATENCY)) arrival (
      .clock(clock),
      .reset(reset),
      .in({go, last, chunk, tokens[chunk]}),
      .out({product, product_ends, place, product_token})
  );

  // DIV: a lane each chip::DIVIDE cycles, from lane 0 on, which waits for the next beat.
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

  always_ff @(posedge clock) begin
    if (begins) begin
      dividing <= 1'b1;
      division_token <= ready_token;
      step <= 1;
    end else if (quotient_stands) begin
      dividing <= !at_last_lane;
      lane <= at_last_lane ? '0 : lane + 1'b1;
      step <= '0;
    end else if (dividing) step <= step + 1'b1;
    if (reset) begin
      dividing <= 1'b0;
      lane <= '0;
    end
  end

  vector_divider divider (
      .clock(clock),
      .start(begins || divider_starts),
      .dividend(a[LANE_BITS'(lane)]),
      .divisor(b[LANE_BITS'(lane)]),
      .quotient(quotient)
  );

  for (genvar l = 0; l < V; l++) begin : g_lane
    logic [31:0] simple;
    logic here;
    vector_alu alu (
        .clock(clock),
        .op(fields.op),
        .rounds(fields.op_argument[0]),
        .a(a[l]),
        .b(b[l]),
        .x(simple)
    );
    assign here = multiplies ? product && 32'(place) == l / M
        : divides ? quotient_stands && 32'(lane) == l : ready;
    always_ff @(posedge clock) begin
      if (here) x[l] <= multiplies ? scaled[l%M] : divides ? quotient : simple;
      valid[l] <= here && !reset;
    end
  end

  logic part_ends, all_end;
  assign part_ends = multiplies ? product : quotient_stands && (at_last_lane || 32'(lane) % M == M - 1);
  assign all_end = multiplies ? product && product_ends : divides ? quotient_stands && at_last_lane : ready;

  always_ff @(posedge clock) begin
    token <= multiplies ? product_token : divides ? division_token : ready_token;
    chunk_ends <= (multiplies || divides) && part_ends && !reset;
    ends <= all_end && !reset;
  end

  // The other fields have no part in this.
  wire unused = &{1'b0, fields};

endmodule

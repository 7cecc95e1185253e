// The on-chip memory under any accesses of all streams. Which bank groups an access may touch is computed here byte by
// byte; local_memory knows lines and banks alone. A byte of the memory, any, is remembered as it was written last.
module bank_accesses (
    input logic                    clock,
    input logic                    reset,
    input chip::read_request_t     store_read,
    input chip::read_request_t     tensor_a_read,
    input chip::read_request_t     tensor_w_read,
    input chip::read_request_t     tensor_r_read,
    input chip::read_request_t     vector_a_read,
    input chip::read_request_t     vector_b_read,
    input chip::write_request_t    load_write,
    input chip::write_request_t    tensor_o_write,
    input chip::write_request_t    vector_o_write
);

  localparam int READS = 6;
  localparam int WRITES = 3;
  localparam int PORTS = READS + WRITES;  // the reads, then the writes
  localparam int BYTES = chip::G * chip::GB;
  localparam int LANE_BITS = $clog2(chip::R);

  (* anyconst *) logic [$clog2(BYTES)-1:0] place;

  logic [PORTS-1:0] valid;
  logic [PORTS-1:0][23:0] address;
  logic [PORTS-1:0][chip::R-1:0] lanes;
  logic [PORTS-1:0][4:0] first_group, last_group;
  logic [WRITES-1:0][8*chip::R-1:0] write_data;
  logic [READS-1:0][8*chip::R-1:0] read_data;
  logic outside, conflict;

  always_comb begin
    {valid[0], address[0], lanes[0], first_group[0], last_group[0]} = store_read;
    {valid[1], address[1], lanes[1], first_group[1], last_group[1]} = tensor_a_read;
    {valid[2], address[2], lanes[2], first_group[2], last_group[2]} = tensor_w_read;
    {valid[3], address[3], lanes[3], first_group[3], last_group[3]} = tensor_r_read;
    {valid[4], address[4], lanes[4], first_group[4], last_group[4]} = vector_a_read;
    {valid[5], address[5], lanes[5], first_group[5], last_group[5]} = vector_b_read;
    {valid[6], address[6], lanes[6], write_data[0], first_group[6], last_group[6]} = load_write;
    {valid[7], address[7], lanes[7], write_data[1], first_group[7], last_group[7]} = tensor_o_write;
    {valid[8], address[8], lanes[8], write_data[2], first_group[8], last_group[8]} = vector_o_write;
  end

  local_memory local_memory (
      .clock(clock),
      .load_write(load_write),
      .store_read(store_read),
      .store_data(read_data[0]),
      .tensor_a_read(tensor_a_read),
      .tensor_a_data(read_data[1]),
      .tensor_w_read(tensor_w_read),
      .tensor_w_data(read_data[2]),
      .tensor_r_read(tensor_r_read),
      .tensor_r_data(read_data[3]),
      .tensor_o_write(tensor_o_write),
      .vector_a_read(vector_a_read),
      .vector_a_data(read_data[4]),
      .vector_b_read(vector_b_read),
      .vector_b_data(read_data[5]),
      .vector_o_write(vector_o_write),
      .outside(outside),
      .conflict(conflict)
  );

  // What each stream touches in this cycle, byte by byte.
  logic [PORTS-1:0][chip::G-1:0] touches;   // bank groups
  logic [PORTS-1:0] strays, at_place;       // touches what it does not name; touches the byte at `place`
  logic [PORTS-1:0][LANE_BITS-1:0] lane;    // of that byte
  logic [23:0] byte_address, group;
  logic [chip::G-1:0] shared;

  always_comb begin
    touches = '0;
    strays = '0;
    at_place = '0;
    lane = '0;
    shared = '0;
    for (int p = 0; p < PORTS; p++) begin
      for (int i = 0; i < chip::R; i++) begin
        byte_address = address[p] + 24'(i);
        group = byte_address / 24'(chip::GB);
        if (valid[p] && lanes[p][i]) begin
          if (group < 24'(first_group[p]) || group > 24'(last_group[p]) || group >= 24'(chip::G)) begin
            strays[p] = 1'b1;
          end else begin
            for (int g = 0; g < chip::G; g++) if (group == 24'(g)) touches[p][g] = 1'b1;
            if (byte_address == 24'(place)) begin
              at_place[p] = 1'b1;
              lane[p] = LANE_BITS'(i);
            end
          end
        end
      end
    end
    for (int p = 0; p < PORTS; p++)
      for (int q = 0; q < p; q++) shared = shared | (touches[p] & touches[q]);
  end

  // The lowest bit of the byte, from its first write on, and the reads of it.
  logic checked = 1'b0;
  logic known, value;
  logic [1:0][READS-1:0] reads_place;  // in the cycle before, and the one before that
  logic [1:0][READS-1:0][LANE_BITS-1:0] read_lane;
  logic [1:0] expected;
  logic wrong;

  always_comb begin
    wrong = 1'b0;
    for (int p = 0; p < READS; p++)
      if (reads_place[1][p] && read_data[p][{read_lane[1][p], 3'd0}] != expected[1]) wrong = 1'b1;
  end

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    if (reset || conflict) begin
      known <= 1'b0;
    end else begin
      for (int p = 0; p < WRITES; p++)
        if (at_place[READS+p]) begin
          known <= 1'b1;
          value <= write_data[p][{lane[READS+p], 3'd0}];
        end
    end
    reads_place[0] <= known && !conflict && !reset ? at_place[READS-1:0] : '0;
    reads_place[1] <= reset ? '0 : reads_place[0];
    read_lane <= {read_lane[0], lane[READS-1:0]};
    expected <= {expected[0], value};
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // Two accesses of one bank group in a cycle are a conflict, reads and writes alike.
    shared_is_conflict: assert (shared == '0 || conflict);
    // Nothing else is a conflict.
    conflict_is_shared: assert (!conflict || shared != '0);
    // An access of a byte outside of the bank groups that its stream names is told, and no other is.
    strays_are_told: assert (outside == (strays != '0));
    // No stream writes silently where another one does: but for conflicts a read gives what was last written to that
    // byte by a stream that names its bank group, whatever all others do.
    reads_last_write: assert (reads_place[1] == '0 || !wrong);
  end

endmodule

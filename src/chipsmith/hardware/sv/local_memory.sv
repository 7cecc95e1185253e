// The on-chip memory (docs/machine.md, section 2): chip::G groups of two interleaved single-port banks.
//
// Every stream of every engine has a port of its own. Locks keep two instructions apart; two accesses of one group in
// a cycle are refused as `conflict`. A read is answered chip::READ_LATENCY cycles after its request: the banks register
// the lines, read_return what it picks of them, and the turned line comes late in its cycle. A write stands in the
// banks in the next cycle.
module local_memory (
    input  logic                  clock,
    input  chip::write_request_t  load_write,
    input  chip::read_request_t   store_read,
    output logic [8*chip::R-1:0]  store_data,
    input  chip::read_request_t   tensor_a_read,
    output logic [8*chip::R-1:0]  tensor_a_data,
    input  chip::read_request_t   tensor_w_read,
    output logic [8*chip::R-1:0]  tensor_w_data,
    input  chip::read_request_t   tensor_r_read,
    output logic [8*chip::R-1:0]  tensor_r_data,
    input  chip::write_request_t  tensor_o_write,
    input  chip::read_request_t   vector_a_read,
    output logic [8*chip::R-1:0]  vector_a_data,
    input  chip::read_request_t   vector_b_read,
    output logic [8*chip::R-1:0]  vector_b_data,
    input  chip::write_request_t  vector_o_write,
    output logic                  outside,   // an access outside of the groups that its stream names
    output logic                  conflict   // two accesses of one group in this cycle
);

  localparam int READS = 6;
  localparam int WRITES = 3;
  localparam int PORTS = READS + WRITES;  // the reads, then the writes
  localparam int OFFSET_BITS = $clog2(chip::R);
  localparam int BANK_LINES = chip::GB / (2 * chip::R);
  localparam int BANK_BITS = $clog2(BANK_LINES);

  logic [PORTS-1:0] valid, odd_first, port_outside;
  logic [PORTS-1:0][23:0] address;
  logic [PORTS-1:0][chip::R-1:0] lanes, even_lanes, odd_lanes;
  logic [PORTS-1:0][4:0] first_group, last_group;
  logic [PORTS-1:0][OFFSET_BITS-1:0] offset;
  logic [PORTS-1:0][chip::G-1:0] even_groups, odd_groups;
  logic [READS-1:0][chip::G-1:0] asked_even, asked_odd;  // what was asked for in the cycle before
  logic [READS-1:0][OFFSET_BITS-1:0] asked_offset;
  logic [READS-1:0] asked_odd_first;
  logic [PORTS-1:0][BANK_BITS-1:0] even_line, odd_line;
  logic [READS-1:0][8*chip::R-1:0] read_data;
  logic [WRITES-1:0][8*chip::R-1:0] write_data, turned_data;
  logic [chip::G-1:0][8*chip::R-1:0] lines;  // that were read, of the groups
  logic [chip::G-1:0] group_conflict;

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

  assign store_data = read_data[0];
  assign tensor_a_data = read_data[1];
  assign tensor_w_data = read_data[2];
  assign tensor_r_data = read_data[3];
  assign vector_a_data = read_data[4];
  assign vector_b_data = read_data[5];
  assign outside = port_outside != '0;
  assign conflict = group_conflict != '0;

  for (genvar p = 0; p < PORTS; p++) begin : g_port
    access_decode decode (
        .valid(valid[p]),
        .address(address[p]),
        .lanes(lanes[p]),
        .first_group(first_group[p]),
        .last_group(last_group[p]),
        .offset(offset[p]),
        .odd_first(odd_first[p]),
        .even_groups(even_groups[p]),
        .odd_groups(odd_groups[p]),
        .even_line(even_line[p]),
        .odd_line(odd_line[p]),
        .even_lanes(even_lanes[p]),
        .odd_lanes(odd_lanes[p]),
        .outside(port_outside[p])
    );
  end

  always_ff @(posedge clock) begin
    asked_even <= even_groups[READS-1:0];
    asked_odd <= odd_groups[READS-1:0];
    asked_offset <= offset[READS-1:0];
    asked_odd_first <= odd_first[READS-1:0];
  end

  for (genvar p = 0; p < READS; p++) begin : g_return
    read_return back (
        .clock(clock),
        .asked_offset(asked_offset[p]),
        .asked_groups(asked_even[p] | asked_odd[p]),
        .lines(lines),
        .data(read_data[p])
    );
  end

  for (genvar p = 0; p < WRITES; p++) begin : g_turn
    byte_rotator into_line (
        .turn(offset[READS+p]),
        .line(write_data[p]),
        .turned(turned_data[p])
    );
  end

  for (genvar g = 0; g < chip::G; g++) begin : g_group
    logic even_enable, odd_enable;
    logic [BANK_BITS-1:0] even_address, odd_address;
    logic [chip::R-1:0] even_write, odd_write;
    logic [8*chip::R-1:0] group_data, even_data, odd_data;
    logic [OFFSET_BITS-1:0] group_offset;
    logic group_odd_first, even_asked, odd_asked;
    logic [PORTS-1:0] even_users, odd_users, users;

    for (genvar p = 0; p < PORTS; p++) begin : g_user
      assign even_users[p] = even_groups[p][g];
      assign odd_users[p] = odd_groups[p][g];
    end
    assign users = even_users | odd_users;
    assign even_enable = even_users != '0;
    assign odd_enable = odd_users != '0;

    always_comb begin
      even_address = '0;
      odd_address = '0;
      for (int p = 0; p < PORTS; p++) begin
        if (even_users[p]) even_address = even_address | even_line[p];
        if (odd_users[p]) odd_address = odd_address | odd_line[p];
      end
      even_write = '0;
      odd_write = '0;
      group_data = '0;
      for (int p = 0; p < WRITES; p++) begin
        if (even_users[READS+p]) even_write = even_write | even_lanes[READS+p];
        if (odd_users[READS+p]) odd_write = odd_write | odd_lanes[READS+p];
        if (users[READS+p]) group_data = group_data | turned_data[p];
      end
    end

    // Of the two lines that were read each byte lane is asked for in one bank at most.
    always_comb begin
      even_asked = 1'b0;
      odd_asked = 1'b0;
      group_offset = '0;
      group_odd_first = 1'b0;
      for (int p = 0; p < READS; p++) begin
        even_asked = even_asked || asked_even[p][g];
        odd_asked = odd_asked || asked_odd[p][g];
        if (asked_even[p][g] || asked_odd[p][g]) begin
          group_offset = group_offset | asked_offset[p];
          group_odd_first = group_odd_first || asked_odd_first[p];
        end
      end
    end

    for (genvar i = 0; i < chip::R; i++) begin : g_lane
      logic in_odd;
      assign in_odd = group_odd_first == (i >= 32'(group_offset));
      assign lines[g][8*i+:8] = (odd_asked && in_odd ? odd_data[8*i+:8] : 8'd0)
          | (even_asked && !in_odd ? even_data[8*i+:8] : 8'd0);
    end

    assign group_conflict[g] = (users & (users - 1'b1)) != '0;

    sram_bank #(.LINES(BANK_LINES), .LINE_BYTES(chip::R)) even_bank (
        .clock(clock),
        .enable(even_enable),
        .address(even_address),
        .write_lanes(even_write),
        .write_data(group_data),
        .read_data(even_data)
    );

    sram_bank #(.LINES(BANK_LINES), .LINE_BYTES(chip::R)) odd_bank (
        .clock(clock),
        .enable(odd_enable),
        .address(odd_address),
        .write_lanes(odd_write),
        .write_data(group_data),
        .read_data(odd_data)
    );
  end

  // The lanes of a read say which banks it needs; no bank reads a part of a line.
  wire unused = &{1'b0, even_lanes[READS-1:0], odd_lanes[READS-1:0], odd_first[PORTS-1:READS]};

endmodule

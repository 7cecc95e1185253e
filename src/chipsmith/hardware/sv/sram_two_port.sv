// One memory with a read port and a write port, of whole lines: the second place to put a foundry's SRAM, or a register
// file. The accumulators alone need it: they read one line and write another in every cycle.
//
// A read in a cycle stands on `read_data` from the next cycle on and is held until the next read, over writes and idle
// cycles. A read and a write of one line in the same cycle read the old or the new contents: no user of this module
// relies on either. Contents are undefined after power-up.
module sram_two_port #(
    parameter int LINES = 16,
    parameter int LINE_BITS = 64,
    localparam int ADDRESS_BITS = $clog2(LINES)
) (
    input  logic                     clock,
    input  logic                     write_enable,
    input  logic [ADDRESS_BITS-1:0]  write_address,
    input  logic [LINE_BITS-1:0]     write_data,
    input  logic                     read_enable,
    input  logic [ADDRESS_BITS-1:0]  read_address,
    output logic [LINE_BITS-1:0]     read_data
);

  logic [LINE_BITS-1:0] lines[LINES];

  always_ff @(posedge clock) begin
    if (write_enable) lines[write_address] <= write_data;
    if (read_enable) read_data <= lines[read_address];
  end

endmodule

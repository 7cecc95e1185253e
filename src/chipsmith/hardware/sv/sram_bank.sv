// One single-port memory with byte enables: the place to put a foundry's SRAM.
//
// In a cycle with `enable`, the memory writes the bytes of `write_data` whose `write_lanes` are set, if any is set, else
// reads the line at `address`; the read line stands on `read_data` in the next cycle. Contents are undefined after power-up.
// To use a macro, replace the body for the sizes that occur (the filelist's header lists them).
module sram_bank #(
    parameter int LINES = 16,
    parameter int LINE_BYTES = 8,
    localparam int ADDRESS_BITS = $clog2(LINES)
) (
    input  logic                     clock,
    input  logic                     enable,
    input  logic [ADDRESS_BITS-1:0]  address,
    input  logic [LINE_BYTES-1:0]    write_lanes,
    input  logic [8*LINE_BYTES-1:0]  write_data,
    output logic [8*LINE_BYTES-1:0]  read_data
);

  logic [8*LINE_BYTES-1:0] lines[LINES];

`ifdef CHIPSMITH_FILL
  // Simulation alone: what the machine leaves undefined holds this byte, as in the functional simulator.
  initial for (int i = 0; i < LINES; i++) lines[i] = {LINE_BYTES{8'h`CHIPSMITH_FILL}};
`endif

  always_ff @(posedge clock) begin
    if (enable) begin
      for (int i = 0; i < LINE_BYTES; i++) begin
        if (write_lanes[i]) lines[address][8*i+:8] <= write_data[8*i+:8];
      end
      if (write_lanes == '0) read_data <= lines[address];
    end
  end

endmodule

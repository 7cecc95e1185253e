// One memory with one port: the place to put a foundry's SRAM.
//
// In a cycle with `enable`, the memory writes the lanes of `write_data` that are set in `write_lanes`, if any is set,
// else reads the line at `address`. A lane is LANE_BYTES wide: a byte, or the whole line where nobody writes a part.
// The read line stands on `read_data` from the next cycle on and is held until the next read, over writes and idle
// cycles; a macro whose output does not hold needs a register behind it. Contents are undefined after power-up.
// To use a macro, replace the body for the sizes that occur: `chipsmith rtl CHIP` lists them.
module sram_bank #(
    parameter int LINES = 16,
    parameter int LINE_BYTES = 8,
    parameter int LANE_BYTES = 1,
    localparam int ADDRESS_BITS = $clog2(LINES),
    localparam int LANES = LINE_BYTES / LANE_BYTES
) (
    input  logic                     clock,
    input  logic                     enable,
    input  logic [ADDRESS_BITS-1:0]  address,
    input  logic [LANES-1:0]         write_lanes,
    input  logic [8*LINE_BYTES-1:0]  write_data,
    output logic [8*LINE_BYTES-1:0]  read_data
);

  localparam int LANE_BITS = 8 * LANE_BYTES;

  logic [8*LINE_BYTES-1:0] lines[LINES];

`ifdef CHIPSMITH_FILL
  // Simulation alone: what the machine leaves undefined holds this byte, as in the functional simulator.
  initial for (int i = 0; i < LINES; i++) lines[i] = {LINE_BYTES{8'h`CHIPSMITH_FILL}};
`endif

  always_ff @(posedge clock) begin
    if (enable) begin
      for (int i = 0; i < LANES; i++) begin
        if (write_lanes[i]) lines[address][LANE_BITS*i+:LANE_BITS] <= write_data[LANE_BITS*i+:LANE_BITS];
      end
      if (write_lanes == '0) read_data <= lines[address];
    end
  end

endmodule

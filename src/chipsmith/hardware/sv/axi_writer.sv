// The write channels of the AXI4 manager: the machine's words as bursts.
//
// The address of a burst goes out with its first word, in the cycle after the machine sends it. `stop` says that the
// machine is in reset: what it sends does not count, and a burst that it has begun is filled with words that write
// nothing, for a burst on the bus must have all its words.
module axi_writer (
    input  logic                  clock,
    input  logic                  reset,
    input  logic                  stop,
    input  logic [63:12]          base,            // bus address of the machine's external byte 0
    // Machine.
    input  logic                  write_valid,
    input  logic [31:0]           write_address,
    input  logic                  write_first,
    input  logic [7:0]            write_beats,
    input  logic                  write_last,
    input  logic [chip::W-1:0]    write_lanes,
    input  logic [8*chip::W-1:0]  write_data,
    output logic                  write_ready,
    output logic                  acknowledged,
    // State.
    output logic                  idle,            // no burst is open
    output logic                  failed,          // an error response comes in this cycle
    output logic [1:0]            response,
    // AXI4.
    output logic [63:0]           m_axi_awaddr,
    output logic [7:0]            m_axi_awlen,
    output logic                  m_axi_awvalid,
    input  logic                  m_axi_awready,
    output logic [8*chip::W-1:0]  m_axi_wdata,
    output logic [chip::W-1:0]    m_axi_wstrb,
    output logic                  m_axi_wlast,
    output logic                  m_axi_wvalid,
    input  logic                  m_axi_wready,
    input  logic [1:0]            m_axi_bresp,
    input  logic                  m_axi_bvalid,
    output logic                  m_axi_bready
);

  localparam int COUNT_BITS = $clog2(chip::MAX_OPEN + 1);

  logic [COUNT_BITS-1:0] open;
  logic [7:0] missing;  // words of the burst that has begun and not ended
  logic address_ready, data_ready, room, begins, sends, fills;
  logic [63:0] address;

  assign room = 32'(open) != chip::MAX_OPEN;
  assign write_ready = data_ready && (!write_first || (address_ready && room));
  assign sends = write_valid && write_ready && !stop;
  assign begins = sends && write_first;
  assign fills = stop && missing != '0;
  assign address = {base, 12'd0} + 64'(write_address);

  axi_channel #(.BITS(72)) addresses (
      .clock(clock),
      .reset(reset),
      .in_valid(begins),
      .in_ready(address_ready),
      .in_data({write_beats, address}),
      .out_valid(m_axi_awvalid),
      .out_ready(m_axi_awready),
      .out_data({m_axi_awlen, m_axi_awaddr})
  );

  axi_channel #(.BITS(9 * chip::W + 1)) words (
      .clock(clock),
      .reset(reset),
      .in_valid(sends || fills),
      .in_ready(data_ready),
      .in_data(fills ? {missing == 8'd1, {9 * chip::W{1'b0}}} : {write_last, write_lanes, write_data}),
      .out_valid(m_axi_wvalid),
      .out_ready(m_axi_wready),
      .out_data({m_axi_wlast, m_axi_wstrb, m_axi_wdata})
  );

  assign m_axi_bready = 1'b1;

  assign acknowledged = m_axi_bvalid && !stop;
  assign idle = open == '0;
  assign failed = m_axi_bvalid && m_axi_bresp[1];
  assign response = m_axi_bresp;

  always_ff @(posedge clock) begin
    if (reset) begin
      open <= '0;
      missing <= '0;
    end else begin
      open <= open + COUNT_BITS'(begins) - COUNT_BITS'(m_axi_bvalid);
      if (begins) missing <= write_beats;
      else if (sends || (fills && data_ready)) missing <= missing - 1'b1;
    end
  end

endmodule

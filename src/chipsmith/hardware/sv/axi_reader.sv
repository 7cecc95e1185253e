// The read channels of the AXI4 manager: the machine's words as bursts.
//
// A burst is asked for with its first word, in the cycle after the machine requests it; its other words need no
// request. Answers go straight to the machine. `stop` says that the machine is in reset: what it requests does not
// count, open bursts are answered to nobody.
module axi_reader (
    input  logic                  clock,
    input  logic                  reset,
    input  logic                  stop,
    input  logic [63:12]          base,            // bus address of the machine's external byte 0
    // Machine.
    input  logic                  read_valid,
    input  logic [31:0]           read_address,
    input  logic                  read_first,
    input  logic [7:0]            read_beats,
    output logic                  read_ready,
    output logic                  answer_valid,
    output logic [8*chip::W-1:0]  answer_data,
    // State.
    output logic                  idle,            // no burst is open
    output logic                  failed,          // an error response comes in this cycle
    output logic [1:0]            response,
    // AXI4.
    output logic [63:0]           m_axi_araddr,
    output logic [7:0]            m_axi_arlen,
    output logic                  m_axi_arvalid,
    input  logic                  m_axi_arready,
    input  logic [8*chip::W-1:0]  m_axi_rdata,
    input  logic [1:0]            m_axi_rresp,
    input  logic                  m_axi_rlast,
    input  logic                  m_axi_rvalid,
    output logic                  m_axi_rready
);

  localparam int COUNT_BITS = $clog2(chip::MAX_OPEN + 1);

  logic [COUNT_BITS-1:0] open;
  logic channel_ready, room, ask, answered;
  logic [63:0] address;

  assign room = 32'(open) != chip::MAX_OPEN;
  assign read_ready = !read_first || (channel_ready && room);
  assign ask = read_valid && read_first && room && !stop;
  assign address = {base, 12'd0} + 64'(read_address);

  axi_channel #(.BITS(72)) requests (
      .clock(clock),
      .reset(reset),
      .in_valid(ask),
      .in_ready(channel_ready),
      .in_data({read_beats, address}),
      .out_valid(m_axi_arvalid),
      .out_ready(m_axi_arready),
      .out_data({m_axi_arlen, m_axi_araddr})
  );

  assign m_axi_rready = 1'b1;

  assign answer_valid = m_axi_rvalid && !stop;
  assign answer_data = m_axi_rdata;
  assign answered = m_axi_rvalid && m_axi_rlast;
  assign idle = open == '0;
  assign failed = m_axi_rvalid && m_axi_rresp[1];
  assign response = m_axi_rresp;

  always_ff @(posedge clock) begin
    if (reset) open <= '0;
    else open <= open + COUNT_BITS'(ask && channel_ready) - COUNT_BITS'(answered);
  end

endmodule

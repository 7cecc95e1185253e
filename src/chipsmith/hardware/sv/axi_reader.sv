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

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, was_waiting;
  logic [63:0] address_before;
  logic [7:0] length_before;
  logic [COUNT_BITS:0] asked;  // bursts that the bus has taken and not answered

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_waiting <= m_axi_arvalid && !m_axi_arready;
    address_before <= m_axi_araddr;
    length_before <= m_axi_arlen;
    asked <= reset ? '0 : asked + (COUNT_BITS + 1)'(m_axi_arvalid && m_axi_arready) - (COUNT_BITS + 1)'(answered);
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // A burst of the machine lies within a page: burst_cut.within_page, short_enough.
    within_page: assume (!(read_valid && read_first) || (32'(read_address[11:0]) + (32'(read_beats) + 1) * chip::W
        <= chip::PAGE_BYTES && read_address % chip::W == '0));
    // The bus answers what it was asked: the interconnect.
    answers_requests: assume (!m_axi_rvalid || asked != '0);

    // ARVALID stays, with an unchanged payload, until ARREADY.
    request_stays: assert (was_reset || !was_waiting
        || (m_axi_arvalid && m_axi_araddr == address_before && m_axi_arlen == length_before));
    // No request in the cycle after reset.
    quiet_after_reset: assert (!was_reset || !m_axi_arvalid);
    // No burst crosses a border of 4 KiB, and each begins with a whole word.
    burst_in_page: assert (!m_axi_arvalid || (32'(m_axi_araddr[11:0]) + (32'(m_axi_arlen) + 1) * chip::W
        <= 4096 && m_axi_araddr % 64'(chip::W) == '0));
    // The count of open bursts never overflows.
    open_fits: assert (!(ask && channel_ready) || 32'(open) < chip::MAX_OPEN);
    // The open bursts are those that the bus has and those that wait for it: `idle` says that nothing is outstanding.
    open_is_exact: assert (32'(open) == 32'(asked) + 32'(m_axi_arvalid) + 32'(!channel_ready));
    // While the machine is stopped it gets no answers.
    no_answer_when_stopped: assert (!stop || !answer_valid);
    // A word that the machine counts as taken is in a burst that was asked for.
    taken_is_asked: assert (!(read_valid && read_ready && read_first && !stop) || (ask && channel_ready));
  end
`endif

endmodule

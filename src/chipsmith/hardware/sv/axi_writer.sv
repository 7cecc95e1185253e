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
  logic address_ready, data_ready, room, begins, sends, fills, ends;
  logic [63:0] address;

  assign room = 32'(open) != chip::MAX_OPEN;
  assign write_ready = data_ready && (!write_first || (address_ready && room));
  assign sends = write_valid && write_ready && !stop;
  assign begins = sends && write_first;
  assign fills = stop && missing != '0;
  assign ends = fills ? missing == 8'd1 : write_last;
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
      .in_data({ends, fills ? {9 * chip::W{1'b0}} : {write_lanes, write_data}}),
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

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, address_waits, data_waits, last_before;
  logic [63:0] address_before;
  logic [7:0] length_before;
  logic [chip::W-1:0] lanes_before;
  logic [8*chip::W-1:0] data_before;
  logic [COUNT_BITS:0] asked, sent, entered;  // bursts without answer: addresses and last words that the bus has taken,
                                              // last words that have entered the channel
  logic [7:0] left, left_now;  // words of the burst after this one, by what its first word said

  logic enters;

  assign enters = (sends || fills) && data_ready;
  assign left_now = begins ? write_beats : left;

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    address_waits <= m_axi_awvalid && !m_axi_awready;
    address_before <= m_axi_awaddr;
    length_before <= m_axi_awlen;
    data_waits <= m_axi_wvalid && !m_axi_wready;
    last_before <= m_axi_wlast;
    lanes_before <= m_axi_wstrb;
    data_before <= m_axi_wdata;
    asked <= reset ? '0 : asked + (COUNT_BITS + 1)'(m_axi_awvalid && m_axi_awready) - (COUNT_BITS + 1)'(m_axi_bvalid);
    sent <= reset ? '0
        : sent + (COUNT_BITS + 1)'(m_axi_wvalid && m_axi_wready && m_axi_wlast) - (COUNT_BITS + 1)'(m_axi_bvalid);
    entered <= reset ? '0 : entered + (COUNT_BITS + 1)'(enters && ends) - (COUNT_BITS + 1)'(m_axi_bvalid);
    left <= reset ? '1 : enters ? left_now - 1'b1 : left;
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // A burst of the machine lies within a page: burst_cut.within_page.
    within_page: assume (!(write_valid && write_first) || (32'(write_address[11:0]) + (32'(write_beats) + 1) * chip::W
        <= chip::PAGE_BYTES && write_address % chip::W == '0));
    // A burst of the machine has as many words as it says: burst_cut.beats_are_right.
    beats_are_right: assume (!write_valid || write_last == ((write_first ? write_beats : missing - 8'd1) == '0));
    // A burst begins after the one before it has ended: burst_cut.
    bursts_in_order: assume (!write_valid || write_first == (missing == '0));
    // A burst is acknowledged once, after its last word: the interconnect.
    acknowledges_what_was_sent: assume (!m_axi_bvalid || (asked != '0 && sent != '0));

    // AWVALID stays, with an unchanged payload, until AWREADY.
    address_stays: assert (was_reset || !address_waits
        || (m_axi_awvalid && m_axi_awaddr == address_before && m_axi_awlen == length_before));
    // WVALID stays, with an unchanged payload, until WREADY.
    data_stays: assert (was_reset || !data_waits || (m_axi_wvalid && m_axi_wlast == last_before
        && m_axi_wstrb == lanes_before && m_axi_wdata == data_before));
    // No request and no data in the cycle after reset.
    quiet_after_reset: assert (!was_reset || (!m_axi_awvalid && !m_axi_wvalid));
    // No burst crosses a border of 4 KiB, and each begins with a whole word.
    burst_in_page: assert (!m_axi_awvalid || (32'(m_axi_awaddr[11:0]) + (32'(m_axi_awlen) + 1) * chip::W
        <= 4096 && m_axi_awaddr % 64'(chip::W) == '0));
    // The count of open bursts never overflows.
    open_fits: assert (!begins || 32'(open) < chip::MAX_OPEN);
    // The open bursts are those that the bus has and those that wait for it: `idle` says that nothing is outstanding.
    open_is_exact: assert (32'(open) == 32'(asked) + 32'(m_axi_awvalid) + 32'(!address_ready));
    // Each open burst has sent its last word or is about to; no word goes without an open burst.
    words_belong_to_bursts: assert (32'(open) == 32'(entered) + 32'(missing != '0)
        && (open != '0 || !m_axi_wvalid));
    // WLAST is on the last word of each burst, of those that an abort fills too.
    last_is_right: assert ((!enters || ends == (left_now == '0)) && missing == left + 1'b1);
    // While the machine is stopped it gets no acknowledgement.
    no_answer_when_stopped: assert (!stop || !acknowledged);
    // What fills a burst of a stopped machine writes nothing.
    fills_write_nothing: assert (!fills || !sends);
  end
`endif

endmodule

// The machine on a bus: AXI4 for its external memory, AXI4-Lite for its registers (docs/rtl.md).
//
// One clock, rising edge. `aresetn` is active low and synchronous: it is sampled by the clock, for at least one cycle;
// it may come while no burst is open, or together with a reset of the bus. All bursts have the identifier 0. A bus that
// is always ready and answers chip::L - 1 cycles after it has taken the request of a burst, or the last word of a
// write, keeps the machine's contract; a slower one costs cycles, no results.
module axi_machine #(
    parameter int          ID_WIDTH = 1,
    parameter logic [3:0]  CACHE    = 4'b0010,  // AxCACHE: a write is acknowledged by its destination
    parameter logic [2:0]  PROT     = 3'b000    // AxPROT: data, secure, unprivileged
) (
    input  logic                  aclk,
    input  logic                  aresetn,
    output logic                  irq,              // level: an event has happened that INTERRUPT names
    // AXI4-Lite subordinate.
    input  logic [7:0]            s_axi_awaddr,
    input  logic [2:0]            s_axi_awprot,
    input  logic                  s_axi_awvalid,
    output logic                  s_axi_awready,
    input  logic [31:0]           s_axi_wdata,
    input  logic [3:0]            s_axi_wstrb,
    input  logic                  s_axi_wvalid,
    output logic                  s_axi_wready,
    output logic [1:0]            s_axi_bresp,
    output logic                  s_axi_bvalid,
    input  logic                  s_axi_bready,
    input  logic [7:0]            s_axi_araddr,
    input  logic [2:0]            s_axi_arprot,
    input  logic                  s_axi_arvalid,
    output logic                  s_axi_arready,
    output logic [31:0]           s_axi_rdata,
    output logic [1:0]            s_axi_rresp,
    output logic                  s_axi_rvalid,
    input  logic                  s_axi_rready,
    // AXI4 manager.
    output logic [ID_WIDTH-1:0]   m_axi_awid,
    output logic [63:0]           m_axi_awaddr,
    output logic [7:0]            m_axi_awlen,
    output logic [2:0]            m_axi_awsize,
    output logic [1:0]            m_axi_awburst,
    output logic                  m_axi_awlock,
    output logic [3:0]            m_axi_awcache,
    output logic [2:0]            m_axi_awprot,
    output logic [3:0]            m_axi_awqos,
    output logic [3:0]            m_axi_awregion,
    output logic                  m_axi_awvalid,
    input  logic                  m_axi_awready,
    output logic [8*chip::W-1:0]  m_axi_wdata,
    output logic [chip::W-1:0]    m_axi_wstrb,
    output logic                  m_axi_wlast,
    output logic                  m_axi_wvalid,
    input  logic                  m_axi_wready,
    input  logic [ID_WIDTH-1:0]   m_axi_bid,
    input  logic [1:0]            m_axi_bresp,
    input  logic                  m_axi_bvalid,
    output logic                  m_axi_bready,
    output logic [ID_WIDTH-1:0]   m_axi_arid,
    output logic [63:0]           m_axi_araddr,
    output logic [7:0]            m_axi_arlen,
    output logic [2:0]            m_axi_arsize,
    output logic [1:0]            m_axi_arburst,
    output logic                  m_axi_arlock,
    output logic [3:0]            m_axi_arcache,
    output logic [2:0]            m_axi_arprot,
    output logic [3:0]            m_axi_arqos,
    output logic [3:0]            m_axi_arregion,
    output logic                  m_axi_arvalid,
    input  logic                  m_axi_arready,
    input  logic [ID_WIDTH-1:0]   m_axi_rid,
    input  logic [8*chip::W-1:0]  m_axi_rdata,
    input  logic [1:0]            m_axi_rresp,
    input  logic                  m_axi_rlast,
    input  logic                  m_axi_rvalid,
    output logic                  m_axi_rready
);

  logic reset, stop, doorbell, warm, done, drained;
  logic [3:0] halt, error;
  logic [31:0] index, cycle;
  logic [63:12] base;

  assign reset = !aresetn;

  // Registers.
  logic register_write, write_refused, read_refused;
  logic [7:0] register_write_address, register_read_address;
  logic [31:0] register_write_value, register_read_value;

  axi_lite_port port (
      .clock(aclk),
      .reset(reset),
      .s_axi_awaddr(s_axi_awaddr),
      .s_axi_awvalid(s_axi_awvalid),
      .s_axi_awready(s_axi_awready),
      .s_axi_wdata(s_axi_wdata),
      .s_axi_wstrb(s_axi_wstrb),
      .s_axi_wvalid(s_axi_wvalid),
      .s_axi_wready(s_axi_wready),
      .s_axi_bresp(s_axi_bresp),
      .s_axi_bvalid(s_axi_bvalid),
      .s_axi_bready(s_axi_bready),
      .s_axi_araddr(s_axi_araddr),
      .s_axi_arvalid(s_axi_arvalid),
      .s_axi_arready(s_axi_arready),
      .s_axi_rdata(s_axi_rdata),
      .s_axi_rresp(s_axi_rresp),
      .s_axi_rvalid(s_axi_rvalid),
      .s_axi_rready(s_axi_rready),
      .write(register_write),
      .write_address(register_write_address),
      .write_value(register_write_value),
      .write_refused(write_refused),
      .read_address(register_read_address),
      .read_value(register_read_value),
      .read_refused(read_refused)
  );

  logic reads_idle, read_failed, writes_idle, write_failed;
  logic [1:0] read_response, write_response;

  assign drained = reads_idle && writes_idle;

  axi_registers registers (
      .clock(aclk),
      .reset(reset),
      .irq(irq),
      .write(register_write),
      .write_address(register_write_address),
      .write_value(register_write_value),
      .write_refused(write_refused),
      .read_address(register_read_address),
      .read_value(register_read_value),
      .read_refused(read_refused),
      .doorbell(doorbell),
      .warm(warm),
      .stop(stop),
      .halt(halt),
      .done(done),
      .error(error),
      .index(index),
      .cycle(cycle),
      .base(base),
      .drained(drained),
      .read_failed(read_failed),
      .read_response(read_response),
      .write_failed(write_failed),
      .write_response(write_response)
  );

  // The machine between the two.
  logic read_valid, read_first, read_ready, answer_valid;
  logic write_valid, write_first, write_last, write_ready, acknowledged;
  logic [31:0] read_address, write_address;
  logic [7:0] read_beats, write_beats;
  logic [8*chip::W-1:0] answer_data, write_data;
  logic [chip::W-1:0] write_lanes;

  // Observation is for simulation.
  logic running, issued, load_release, store_release;
  logic [3:0] starts, engines_busy;
  logic [5:0] issued_external, store_release_external;

  machine machine (
      .clock(aclk),
      .reset(reset || stop),
      .doorbell(doorbell),
      .warm(warm),
      .running(running),
      .done(done),
      .error(error),
      .index(index),
      .cycle(cycle),
      .halt(halt),
      .read_valid(read_valid),
      .read_address(read_address),
      .read_first(read_first),
      .read_beats(read_beats),
      .read_ready(read_ready),
      .answer_valid(answer_valid),
      .answer_data(answer_data),
      .write_valid(write_valid),
      .write_address(write_address),
      .write_first(write_first),
      .write_beats(write_beats),
      .write_last(write_last),
      .write_lanes(write_lanes),
      .write_data(write_data),
      .write_ready(write_ready),
      .acknowledged(acknowledged),
      .issued(issued),
      .starts(starts),
      .issued_external(issued_external),
      .engines_busy(engines_busy),
      .load_release(load_release),
      .store_release(store_release),
      .store_release_external(store_release_external)
  );

  axi_reader reader (
      .clock(aclk),
      .reset(reset),
      .stop(stop),
      .base(base),
      .read_valid(read_valid),
      .read_address(read_address),
      .read_first(read_first),
      .read_beats(read_beats),
      .read_ready(read_ready),
      .answer_valid(answer_valid),
      .answer_data(answer_data),
      .idle(reads_idle),
      .failed(read_failed),
      .response(read_response),
      .m_axi_araddr(m_axi_araddr),
      .m_axi_arlen(m_axi_arlen),
      .m_axi_arvalid(m_axi_arvalid),
      .m_axi_arready(m_axi_arready),
      .m_axi_rdata(m_axi_rdata),
      .m_axi_rresp(m_axi_rresp),
      .m_axi_rlast(m_axi_rlast),
      .m_axi_rvalid(m_axi_rvalid),
      .m_axi_rready(m_axi_rready)
  );

  axi_writer writer (
      .clock(aclk),
      .reset(reset),
      .stop(stop),
      .base(base),
      .write_valid(write_valid),
      .write_address(write_address),
      .write_first(write_first),
      .write_beats(write_beats),
      .write_last(write_last),
      .write_lanes(write_lanes),
      .write_data(write_data),
      .write_ready(write_ready),
      .acknowledged(acknowledged),
      .idle(writes_idle),
      .failed(write_failed),
      .response(write_response),
      .m_axi_awaddr(m_axi_awaddr),
      .m_axi_awlen(m_axi_awlen),
      .m_axi_awvalid(m_axi_awvalid),
      .m_axi_awready(m_axi_awready),
      .m_axi_wdata(m_axi_wdata),
      .m_axi_wstrb(m_axi_wstrb),
      .m_axi_wlast(m_axi_wlast),
      .m_axi_wvalid(m_axi_wvalid),
      .m_axi_wready(m_axi_wready),
      .m_axi_bresp(m_axi_bresp),
      .m_axi_bvalid(m_axi_bvalid),
      .m_axi_bready(m_axi_bready)
  );

  // What is the same for all bursts.
  assign m_axi_awid = '0;
  assign m_axi_awsize = 3'($clog2(chip::W));
  assign m_axi_awburst = chip::AXI_INCR;
  assign m_axi_awlock = 1'b0;
  assign m_axi_awcache = CACHE;
  assign m_axi_awprot = PROT;
  assign m_axi_awqos = '0;
  assign m_axi_awregion = '0;
  assign m_axi_arid = '0;
  assign m_axi_arsize = 3'($clog2(chip::W));
  assign m_axi_arburst = chip::AXI_INCR;
  assign m_axi_arlock = 1'b0;
  assign m_axi_arcache = CACHE;
  assign m_axi_arprot = PROT;
  assign m_axi_arqos = '0;
  assign m_axi_arregion = '0;

  // With one identifier answers come in order; whoever may write to the port may use all its registers.
  wire unused = &{1'b0, m_axi_bid, m_axi_rid, s_axi_awprot, s_axi_arprot, running, issued, starts, issued_external,
      engines_busy, load_release, store_release, store_release_external};

endmodule

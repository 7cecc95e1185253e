// An AXI4-Lite subordinate of 32-bit registers: each transfer becomes one access in one cycle.
//
// Address and data of a write may come in any order. Every output is a register. `refused` in the cycle of an access
// gives SLVERR in place of OKAY, and so does a write of some of the bytes of a register, which is no access.
module axi_lite_port (
    input  logic         clock,
    input  logic         reset,
    // AXI4-Lite.
    input  logic [7:0]   s_axi_awaddr,
    input  logic         s_axi_awvalid,
    output logic         s_axi_awready,
    input  logic [31:0]  s_axi_wdata,
    input  logic [3:0]   s_axi_wstrb,
    input  logic         s_axi_wvalid,
    output logic         s_axi_wready,
    output logic [1:0]   s_axi_bresp,
    output logic         s_axi_bvalid,
    input  logic         s_axi_bready,
    input  logic [7:0]   s_axi_araddr,
    input  logic         s_axi_arvalid,
    output logic         s_axi_arready,
    output logic [31:0]  s_axi_rdata,
    output logic [1:0]   s_axi_rresp,
    output logic         s_axi_rvalid,
    input  logic         s_axi_rready,
    // Registers.
    output logic         write,
    output logic [7:0]   write_address,   // a multiple of 4
    output logic [31:0]  write_value,
    input  logic         write_refused,
    output logic [7:0]   read_address,    // a multiple of 4
    input  logic [31:0]  read_value,
    input  logic         read_refused
);

  logic address_here, data_here, request_here, writes, reads, whole;
  logic [5:0] write_word, read_word;

  assign s_axi_awready = !address_here;
  assign s_axi_wready = !data_here;
  assign s_axi_arready = !request_here;
  assign writes = address_here && data_here && !s_axi_bvalid;
  assign reads = request_here && !s_axi_rvalid;
  assign write = writes && whole;
  assign write_address = {write_word, 2'b00};
  assign read_address = {read_word, 2'b00};

  always_ff @(posedge clock) begin
    if (s_axi_awvalid && !address_here) write_word <= s_axi_awaddr[7:2];
    if (s_axi_wvalid && !data_here) begin
      write_value <= s_axi_wdata;
      whole <= s_axi_wstrb == '1;
    end
    if (s_axi_arvalid && !request_here) read_word <= s_axi_araddr[7:2];
    if (writes) s_axi_bresp <= whole && !write_refused ? chip::AXI_OKAY : chip::AXI_SLVERR;
    if (reads) begin
      s_axi_rdata <= read_value;
      s_axi_rresp <= read_refused ? chip::AXI_SLVERR : chip::AXI_OKAY;
    end
    if (reset) begin
      address_here <= 1'b0;
      data_here <= 1'b0;
      request_here <= 1'b0;
      s_axi_bvalid <= 1'b0;
      s_axi_rvalid <= 1'b0;
    end else begin
      address_here <= !writes && (address_here || s_axi_awvalid);
      data_here <= !writes && (data_here || s_axi_wvalid);
      request_here <= !reads && (request_here || s_axi_arvalid);
      s_axi_bvalid <= writes || (s_axi_bvalid && !s_axi_bready);
      s_axi_rvalid <= reads || (s_axi_rvalid && !s_axi_rready);
    end
  end

  // Registers are words.
  wire unused = &{1'b0, s_axi_awaddr[1:0], s_axi_araddr[1:0]};

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, write_waits, read_waits;
  logic [1:0] write_response, read_response;
  logic [31:0] data_before;
  logic [1:0] addresses, data, requests;  // that were taken and have no answer yet

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    write_waits <= s_axi_bvalid && !s_axi_bready;
    read_waits <= s_axi_rvalid && !s_axi_rready;
    write_response <= s_axi_bresp;
    read_response <= s_axi_rresp;
    data_before <= s_axi_rdata;
    addresses <= reset ? '0 : addresses + 2'(s_axi_awvalid && s_axi_awready) - 2'(s_axi_bvalid && s_axi_bready);
    data <= reset ? '0 : data + 2'(s_axi_wvalid && s_axi_wready) - 2'(s_axi_bvalid && s_axi_bready);
    requests <= reset ? '0 : requests + 2'(s_axi_arvalid && s_axi_arready) - 2'(s_axi_rvalid && s_axi_rready);
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // BVALID stays, with an unchanged response, until BREADY.
    write_response_stays: assert (was_reset || !write_waits || (s_axi_bvalid && s_axi_bresp == write_response));
    // RVALID stays, with unchanged data and response, until RREADY.
    read_response_stays: assert (was_reset || !read_waits
        || (s_axi_rvalid && s_axi_rresp == read_response && s_axi_rdata == data_before));
    // No answer in the cycle after reset.
    quiet_after_reset: assert (!was_reset || (!s_axi_bvalid && !s_axi_rvalid));
    // A write is answered only after its address and its data were taken.
    write_is_answered_once: assert (!s_axi_bvalid || (addresses != '0 && data != '0));
    // A read is answered only after its address was taken.
    read_is_answered_once: assert (!s_axi_rvalid || requests != '0);
    // A register is written once a transfer, only as a whole word.
    one_access: assert (!write || (whole && address_here && data_here));
  end
`endif

endmodule

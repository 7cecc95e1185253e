// The machine with AXI4 for data and AXI4-Lite for control (register map: docs/rtl.md).
//
// Data: one beat of chip::W bytes a transaction, all with identifier 0, so that answers come in order. Addresses are the
// machine's 32-bit addresses plus the register BASE. A slower bus than the machine's contract costs cycles, no results.
// Control: 32-bit registers; a byte strobe that is not complete is refused with SLVERR.
module axi_machine (
    input  logic                  clock,
    input  logic                  reset,              // synchronous, active high
    output logic                  irq,                // level: enabled, and done or in error
    // AXI4-Lite subordinate.
    input  logic                  control_awvalid,
    output logic                  control_awready,
    input  logic [7:0]            control_awaddr,
    input  logic                  control_wvalid,
    output logic                  control_wready,
    input  logic [31:0]           control_wdata,
    input  logic [3:0]            control_wstrb,
    output logic                  control_bvalid,
    input  logic                  control_bready,
    output logic [1:0]            control_bresp,
    input  logic                  control_arvalid,
    output logic                  control_arready,
    input  logic [7:0]            control_araddr,
    output logic                  control_rvalid,
    input  logic                  control_rready,
    output logic [31:0]           control_rdata,
    output logic [1:0]            control_rresp,
    // AXI4 manager.
    output logic                  data_arvalid,
    input  logic                  data_arready,
    output logic [63:0]           data_araddr,
    output logic                  data_arid,
    output logic [7:0]            data_arlen,
    output logic [2:0]            data_arsize,
    output logic [1:0]            data_arburst,
    input  logic                  data_rvalid,
    output logic                  data_rready,
    input  logic [8*chip::W-1:0]  data_rdata,
    input  logic [1:0]            data_rresp,
    output logic                  data_awvalid,
    input  logic                  data_awready,
    output logic [63:0]           data_awaddr,
    output logic                  data_awid,
    output logic [7:0]            data_awlen,
    output logic [2:0]            data_awsize,
    output logic [1:0]            data_awburst,
    output logic                  data_wvalid,
    input  logic                  data_wready,
    output logic [8*chip::W-1:0]  data_wdata,
    output logic [chip::W-1:0]    data_wstrb,
    output logic                  data_wlast,
    input  logic                  data_bvalid,
    output logic                  data_bready,
    input  logic [1:0]            data_bresp
);

  localparam logic [1:0] OKAY = 2'b00;
  localparam logic [1:0] SLVERR = 2'b10;
  localparam logic [1:0] INCR = 2'b01;
  localparam logic [31:0] IDENTITY = 32'h4348_5053;

  // Register numbers: byte address over 4.
  localparam logic [5:0] REGISTER_IDENTITY = 6'd0;
  localparam logic [5:0] REGISTER_CONTROL = 6'd1;
  localparam logic [5:0] REGISTER_STATUS = 6'd2;
  localparam logic [5:0] REGISTER_INDEX = 6'd3;
  localparam logic [5:0] REGISTER_CYCLES = 6'd4;
  localparam logic [5:0] REGISTER_BASE_LOW = 6'd5;
  localparam logic [5:0] REGISTER_BASE_HIGH = 6'd6;
  localparam logic [5:0] REGISTER_INTERRUPT = 6'd7;

  logic doorbell, warm, clear, running, finished, done, bus_error, enabled;
  logic [3:0] error;
  logic [31:0] index, cycle;
  logic [63:0] base;
  logic read_valid, read_ready, write_valid, write_ready;
  logic [31:0] read_address, write_address;
  logic [15:0] outstanding;

  // Observation is for simulation.
  logic issued, load_release, store_release;
  logic [3:0] starts, engines_busy;
  logic [5:0] issued_external, store_release_external;

  machine machine (
      .clock(clock),
      .reset(reset || clear),
      .doorbell(doorbell),
      .warm(warm),
      .running(running),
      .done(done),
      .error(error),
      .index(index),
      .cycle(cycle),
      .read_valid(read_valid),
      .read_address(read_address),
      .read_ready(read_ready),
      .answer_valid(data_rvalid),
      .answer_data(data_rdata),
      .write_valid(write_valid),
      .write_address(write_address),
      .write_lanes(data_wstrb),
      .write_data(data_wdata),
      .write_ready(write_ready),
      .acknowledged(data_bvalid),
      .issued(issued),
      .starts(starts),
      .issued_external(issued_external),
      .engines_busy(engines_busy),
      .load_release(load_release),
      .store_release(store_release),
      .store_release_external(store_release_external)
  );

  wire unused = &{1'b0, issued, starts, issued_external, engines_busy, load_release, store_release,
      store_release_external, control_awaddr[1:0], control_araddr[1:0]};

  // Data. An address and its data may be taken in different cycles.
  logic address_taken, data_taken, read_taken, write_taken;

  assign data_arvalid = read_valid;
  assign data_araddr = base + 64'(read_address);
  assign data_arid = 1'b0;
  assign data_arlen = 8'd0;
  assign data_arsize = 3'($clog2(chip::W));
  assign data_arburst = INCR;
  assign read_ready = data_arready;
  assign data_rready = 1'b1;

  assign data_awvalid = write_valid && !address_taken;
  assign data_awaddr = base + 64'(write_address);
  assign data_awid = 1'b0;
  assign data_awlen = 8'd0;
  assign data_awsize = 3'($clog2(chip::W));
  assign data_awburst = INCR;
  assign data_wvalid = write_valid && !data_taken;
  assign data_wlast = 1'b1;
  assign data_bready = 1'b1;
  assign write_ready = (address_taken || data_awready) && (data_taken || data_wready);

  assign read_taken = read_valid && read_ready;
  assign write_taken = write_valid && write_ready;

  always_ff @(posedge clock) begin
    if (reset || clear) begin
      address_taken <= 1'b0;
      data_taken <= 1'b0;
      bus_error <= 1'b0;
    end else begin
      address_taken <= write_valid && !write_taken && (address_taken || data_awready);
      data_taken <= write_valid && !write_taken && (data_taken || data_wready);
      if (doorbell) bus_error <= 1'b0;
      if ((data_rvalid && data_rresp != OKAY) || (data_bvalid && data_bresp != OKAY)) bus_error <= 1'b1;
    end
    if (reset) outstanding <= '0;
    else
      outstanding <= outstanding + 16'(read_taken) + 16'(write_taken) - 16'(data_rvalid) - 16'(data_bvalid);
  end

  // Control.
  logic write_now, read_now;
  logic [5:0] write_register, read_register;
  logic [31:0] read_value;

  assign write_register = control_awaddr[7:2];
  assign read_register = control_araddr[7:2];
  assign write_now = control_awvalid && control_wvalid && !control_bvalid;
  assign control_awready = write_now;
  assign control_wready = write_now;
  assign read_now = control_arvalid && !control_rvalid;
  assign control_arready = read_now;
  assign control_rresp = OKAY;
  assign irq = enabled && (finished || bus_error || error != 4'(chip::ERROR_NONE));

  always_comb begin
    case (read_register)
      REGISTER_IDENTITY: read_value = IDENTITY;
      REGISTER_STATUS: read_value = {24'd0, error, outstanding != '0, bus_error, finished, running};
      REGISTER_INDEX: read_value = index;
      REGISTER_CYCLES: read_value = cycle;
      REGISTER_BASE_LOW: read_value = base[31:0];
      REGISTER_BASE_HIGH: read_value = base[63:32];
      REGISTER_INTERRUPT: read_value = {31'd0, enabled};
      default: read_value = '0;
    endcase
  end

  always_ff @(posedge clock) begin
    doorbell <= 1'b0;
    clear <= 1'b0;
    if (write_now && control_wstrb == '1) begin
      case (write_register)
        REGISTER_CONTROL: begin
          doorbell <= control_wdata[0];
          warm <= control_wdata[1];
          clear <= control_wdata[2];
        end
        REGISTER_BASE_LOW: base[31:0] <= control_wdata;
        REGISTER_BASE_HIGH: base[63:32] <= control_wdata;
        REGISTER_INTERRUPT: enabled <= control_wdata[0];
        default: ;
      endcase
    end
    if (write_now) begin
      control_bvalid <= 1'b1;
      control_bresp <= control_wstrb == '1 ? OKAY : SLVERR;
    end else if (control_bready) begin
      control_bvalid <= 1'b0;
    end
    if (read_now) begin
      control_rvalid <= 1'b1;
      control_rdata <= read_value;
    end else if (control_rready) begin
      control_rvalid <= 1'b0;
    end
    if (doorbell || clear) finished <= 1'b0;
    else if (done) finished <= 1'b1;
    if (reset) begin
      doorbell <= 1'b0;
      clear <= 1'b0;
      control_bvalid <= 1'b0;
      control_rvalid <= 1'b0;
      finished <= 1'b0;
      enabled <= 1'b0;
      base <= '0;
    end
  end

endmodule

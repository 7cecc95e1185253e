// The ports of `machine`, but the way goes through axi_machine: a small AXI host rings the doorbell and answers.
// The inner machine is compiled under the name inner_machine. Base address 2**32, so that high address bits are seen.
module machine (
    input  logic                  clock,
    input  logic                  reset,
    input  logic                  doorbell,
    input  logic                  warm,
    output logic                  running,
    output logic                  done,
    output logic [3:0]            error,
    output logic [31:0]           index,
    output logic [31:0]           cycle,
    input  logic [3:0]            halt,
    output logic                  read_valid,
    output logic [31:0]           read_address,
    output logic                  read_first,
    output logic [7:0]            read_beats,
    input  logic                  read_ready,
    input  logic                  answer_valid,
    input  logic [8*chip::W-1:0]  answer_data,
    output logic                  write_valid,
    output logic [31:0]           write_address,
    output logic                  write_first,
    output logic [7:0]            write_beats,
    output logic                  write_last,
    output logic [chip::W-1:0]    write_lanes,
    output logic [8*chip::W-1:0]  write_data,
    input  logic                  write_ready,
    input  logic                  acknowledged,
    output logic                  issued,
    output logic [3:0]            starts,
    output logic [5:0]            issued_external,
    output logic [3:0]            engines_busy,
    output logic                  load_release,
    output logic                  store_release,
    output logic [5:0]            store_release_external
);

  // Host: base (2 writes), doorbell, then STATUS until done, then CYCLES.
  logic [3:0] step;
  logic waiting, awvalid, awready, wready, bvalid, arvalid, arready, rvalid, irq, was_done;
  logic [7:0] awaddr, araddr;
  logic [31:0] wdata, rdata, status, held_cycles;
  logic [1:0] bresp, rresp;
  logic [63:0] araddr_data, awaddr_data;
  logic data_awvalid, data_wvalid, address_held, data_held;
  logic [31:0] held_address;
  logic [chip::W-1:0] held_lanes, wstrb;
  logic [8*chip::W-1:0] held_data, wide_data;

  always_ff @(posedge clock) begin
    if (reset) begin
      step <= 4'd0;
      waiting <= 1'b0;
    end else begin
      if (doorbell) step <= 4'd1;
      if (step >= 4'd1 && step <= 4'd4 && bvalid) step <= step + 1'b1;
      if (step == 4'd5 && rvalid) begin
        status <= rdata;
        if (rdata[1] || rdata[7:4] != '0) step <= 4'd6;
      end
      if (step == 4'd6 && rvalid) begin
        held_cycles <= rdata;
        step <= 4'd7;
      end
      if (step == 4'd7) step <= 4'd0;
      waiting <= (awvalid && awready) ? 1'b1 : bvalid ? 1'b0 : waiting;
    end
  end

  assign awvalid = step >= 4'd1 && step <= 4'd4 && !waiting && !bvalid;
  assign awaddr = step == 4'd1 ? 8'h18 : step == 4'd2 ? 8'h14 : step == 4'd3 ? 8'h1c : 8'h04;
  assign wdata = step == 4'd1 ? 32'd1 : step == 4'd2 ? 32'd0 : step == 4'd3 ? 32'd1 : {30'd0, warm, 1'b1};
  assign arvalid = (step == 4'd5 || step == 4'd6) && !rvalid;
  assign araddr = step == 4'd5 ? 8'h08 : 8'h10;
  assign running = step != 4'd0;
  assign done = step == 4'd7 && status[1] && irq;
  assign error = status[7:4] | {3'd0, status[2]};
  assign index = 32'd0;
  assign cycle = held_cycles;

  // Data: the write address may be taken before or after its data.
  assign read_address = araddr_data[31:0];
  assign write_valid = (data_awvalid || address_held) && (data_wvalid || data_held);
  assign write_address = address_held ? held_address : awaddr_data[31:0];
  assign write_lanes = data_held ? held_lanes : wstrb;
  assign write_data = data_held ? held_data : wide_data;

  always_ff @(posedge clock) begin
    if (reset) begin
      address_held <= 1'b0;
      data_held <= 1'b0;
    end else if (write_valid && write_ready) begin
      address_held <= 1'b0;
      data_held <= 1'b0;
    end else begin
      // While the memory is not ready, the address is taken in one cycle and the data in another.
      if (data_awvalid && !address_held && cycle_odd) begin
        address_held <= 1'b1;
        held_address <= awaddr_data[31:0];
      end
      if (data_wvalid && !data_held && !cycle_odd) begin
        data_held <= 1'b1;
        held_lanes <= wstrb;
        held_data <= wide_data;
      end
    end
  end

  logic cycle_odd, taken;
  always_ff @(posedge clock) cycle_odd <= !cycle_odd && !reset;
  assign taken = write_valid && write_ready;

  axi_machine axi (
      .clock(clock),
      .reset(reset),
      .irq(irq),
      .control_awvalid(awvalid),
      .control_awready(awready),
      .control_awaddr(awaddr),
      .control_wvalid(awvalid),
      .control_wready(wready),
      .control_wdata(wdata),
      .control_wstrb(4'hf),
      .control_bvalid(bvalid),
      .control_bready(1'b1),
      .control_bresp(bresp),
      .control_arvalid(arvalid),
      .control_arready(arready),
      .control_araddr(araddr),
      .control_rvalid(rvalid),
      .control_rready(1'b1),
      .control_rdata(rdata),
      .control_rresp(rresp),
      .data_arvalid(read_valid),
      .data_arready(read_ready),
      .data_araddr(araddr_data),
      .data_arid(),
      .data_arlen(read_beats),
      .data_arsize(),
      .data_arburst(),
      .data_rvalid(answer_valid),
      .data_rready(),
      .data_rdata(answer_data),
      .data_rresp(araddr_data[63:32] == 32'd1 || !read_valid ? 2'b00 : 2'b10),
      .data_awvalid(data_awvalid),
      .data_awready(address_held ? 1'b0 : taken || cycle_odd),
      .data_awaddr(awaddr_data),
      .data_awid(),
      .data_awlen(),
      .data_awsize(),
      .data_awburst(),
      .data_wvalid(data_wvalid),
      .data_wready(data_held ? 1'b0 : taken || !cycle_odd),
      .data_wdata(wide_data),
      .data_wstrb(wstrb),
      .data_wlast(write_last),
      .data_bvalid(acknowledged),
      .data_bready(),
      .data_bresp(2'b00)
  );

  assign issued = 1'b0;
  assign starts = 4'd0;
  assign issued_external = 6'd0;
  assign engines_busy = 4'd0;
  assign load_release = 1'b0;
  assign store_release = 1'b0;
  assign store_release_external = 6'd0;
  assign was_done = done;
  assign read_first = 1'b1;
  assign write_first = 1'b1;
  assign write_beats = 8'd0;

endmodule

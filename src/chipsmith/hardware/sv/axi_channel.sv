// A channel of AXI between two registers: no path leads through it, in neither direction, and it passes a word a cycle.
//
// What stands in the first register is offered until it is taken; a word that comes while it is not taken waits in the
// second one. A word that has gone leaves nothing behind (docs/wipe.md).
module axi_channel #(
    parameter int BITS = 1
) (
    input  logic             clock,
    input  logic             reset,
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [BITS-1:0]  in_data,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [BITS-1:0]  out_data
);

  logic waits, moves, enters;
  logic [BITS-1:0] waiting;

  assign in_ready = !waits;
  assign enters = in_valid && in_ready;
  assign moves = !out_valid || out_ready;

  always_ff @(posedge clock) begin
    if (moves) begin
      out_data <= waits ? waiting : enters ? in_data : '0;
      waiting <= '0;
    end else if (enters) begin
      waiting <= in_data;
    end
    if (reset) begin
      out_valid <= 1'b0;
      waits <= 1'b0;
    end else if (moves) begin
      out_valid <= waits || enters;
      waits <= 1'b0;
    end else if (enters) begin
      waits <= 1'b1;
    end
  end

`ifndef SYNTHESIS
  // Properties (docs/proofs.md).
  /* verilator lint_off PROCASSINIT */
  logic checked = 1'b0;  // a reset has been seen
  /* verilator lint_on PROCASSINIT */
  logic was_reset, was_waiting;
  logic [BITS-1:0] data_before;

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    was_reset <= reset;
    was_waiting <= out_valid && !out_ready;
    data_before <= out_data;
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // What is offered stays, unchanged, until it is taken.
    offer_stays: assert (was_reset || !was_waiting || (out_valid && out_data == data_before));
    // The channel is empty after reset.
    empty_after_reset: assert (!was_reset || (!out_valid && in_ready));
    // The second register is used only behind the first.
    in_order: assert (!waits || out_valid);
    // Registers that hold no word hold zeros.
    leaves_nothing: assert (was_reset || (out_valid || out_data == '0) && (waits || waiting == '0));
  end
`endif

endmodule

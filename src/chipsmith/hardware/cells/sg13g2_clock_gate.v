// The clock gate of the cells of IHP SG13G2, in the place of clock_gate.sv: latch and gate are a single cell.
module clock_gate (
    input  clock,
    input  enable,
    output gated
);

  sg13g2_slgcp_1 gate (
      .CLK(clock),
      .GATE(enable),
      .SCE(1'b0),
      .GCLK(gated)
  );

endmodule

(* blackbox *)
module sg13g2_slgcp_1 (
    input  CLK,
    input  GATE,
    input  SCE,
    output GCLK
);
endmodule

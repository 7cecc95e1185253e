// An engine's time: busy for `cycles` cycles from `start` on.
module countdown (
    input  logic         clock,
    input  logic         reset,
    input  logic         start,
    input  logic [31:0]  cycles,
    output logic         busy
);

  logic [31:0] left;

  always_ff @(posedge clock) begin
    if (reset) left <= '0;
    else if (start) left <= cycles - 1'b1;
    else if (busy) left <= left - 1'b1;
  end

  assign busy = left != '0;

endmodule

// Small signed products as the rows of Baugh and Wooley, for yosys' techmap: a row for each bit of B, and a constant.
// As they are additions, those of several products that are added become a single tree.
(* techmap_celltype = "$mul" *)
module product_rows (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;

  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  localparam MOST = 9;  // wider products are smaller by Booth's digits
  localparam WIDTH = A_WIDTH + B_WIDTH > Y_WIDTH ? A_WIDTH + B_WIDTH : Y_WIDTH;
  localparam [WIDTH-1:0] ONES = (1 << (A_WIDTH - 1)) + (1 << (B_WIDTH - 1)) - (1 << (A_WIDTH + B_WIDTH - 1));

  wire _TECHMAP_FAIL_ = !A_SIGNED || !B_SIGNED || A_WIDTH > MOST || B_WIDTH > MOST || A_WIDTH < 2 || B_WIDTH < 2;

  wire [WIDTH*(B_WIDTH+1)-1:0] sums;
  assign sums[WIDTH-1:0] = ONES;

  localparam [A_WIDTH-1:0] SIGN = 1 << (A_WIDTH - 1);

  genvar j;
  generate
    for (j = 0; j < B_WIDTH; j = j + 1) begin : g_row
      // The sign of A counts negative, and so does the row of B's sign: their products are inverted.
      wire [A_WIDTH-1:0] ands = A & {A_WIDTH{B[j]}};
      wire [A_WIDTH-1:0] row = ands ^ (j == B_WIDTH - 1 ? ~SIGN : SIGN);
      wire [WIDTH-1:0] shifted = {{(WIDTH - A_WIDTH){1'b0}}, row} << j;
      assign sums[WIDTH*(j+1)+:WIDTH] = sums[WIDTH*j+:WIDTH] + shifted;
    end
  endgenerate

  assign Y = sums[WIDTH*B_WIDTH+:WIDTH];
endmodule

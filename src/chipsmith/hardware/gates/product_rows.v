// Small signed products as the rows of Booth's digits, for yosys' techmap: a row for each two bits of B, a row of what
// negative digits lack, and a constant. As they are additions, those of several products that are added become a single
// tree.
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

  localparam MOST = 9;  // wider products are yosys' own
  localparam WIDTH = A_WIDTH + B_WIDTH > Y_WIDTH ? A_WIDTH + B_WIDTH : Y_WIDTH;
  localparam DIGITS = (B_WIDTH + 1) / 2;
  localparam ROW = A_WIDTH + 1;

  wire _TECHMAP_FAIL_ = !A_SIGNED || !B_SIGNED || A_WIDTH > MOST || B_WIDTH > MOST || A_WIDTH < 2 || B_WIDTH < 2;

  // The sign of a row counts negative; it is inverted, so that the row has no sign to extend, and this makes up for it.
  function [WIDTH-1:0] sign_offset(input integer digits);
    integer digit;
    begin
      sign_offset = 0;
      for (digit = 0; digit < digits; digit = digit + 1)
        sign_offset = sign_offset - ({{(WIDTH - 1){1'b0}}, 1'b1} << (ROW - 1 + 2 * digit));
    end
  endfunction

  localparam [WIDTH-1:0] OFFSET = sign_offset(DIGITS);

  wire [B_WIDTH+2:0] bits = {{2{B[B_WIDTH-1]}}, B, 1'b0};
  wire [WIDTH-1:0] lacking;  // the ones of two's complement
  wire [WIDTH*(DIGITS+1)-1:0] sums;
  assign sums[WIDTH-1:0] = lacking + OFFSET;

  genvar j;
  generate
    for (j = 0; j < WIDTH; j = j + 1) begin : g_lacking
      if (j % 2 == 0 && j < 2 * DIGITS) assign lacking[j] = bits[j+2] & ~(bits[j+1] & bits[j]);
      else assign lacking[j] = 1'b0;
    end
    for (j = 0; j < DIGITS; j = j + 1) begin : g_digit
      wire negative = bits[2*j+2];
      wire unit = bits[2*j+1] ^ bits[2*j];
      wire double = (negative & ~bits[2*j+1] & ~bits[2*j]) | (~negative & bits[2*j+1] & bits[2*j]);
      wire [ROW-1:0] signed_a = {A[A_WIDTH-1], A} ^ {ROW{negative}};
      wire [ROW-1:0] row = ({ROW{unit}} & signed_a) | ({ROW{double}} & {signed_a[ROW-2:0], negative});
      wire [WIDTH-1:0] shifted = {{(WIDTH - ROW){1'b0}}, ~row[ROW-1], row[ROW-2:0]} << (2 * j);
      assign sums[WIDTH*(j+1)+:WIDTH] = sums[WIDTH*j+:WIDTH] + shifted;
    end
  endgenerate

  assign Y = sums[WIDTH*DIGITS+:WIDTH];
endmodule

// A signed value times one half of a multiplier, by the digits of Booth, as two numbers whose sum is the product.
//
// A digit counts -2 to 2. Its row is inverted where it is negative, and its sign bit always, so that no row has a sign
// to extend; OFFSET is to make up for that, of both halves.
module multiplier_half #(
    parameter logic [47:0] OFFSET = '0
) (
    input  logic [31:0]  value,
    input  logic [15:0]  half,
    input  logic         preceding,  // the bit of the multiplier before the half
    output logic [47:0]  sum,
    output logic [47:0]  carry
);

  // The rows of the digits, and one for OFFSET and what an inverted last row lacks; that of another row stands at the
  // low end of the next.
  logic [48*9-1:0] rows;
  logic [16:0] bits;
  logic [7:0] negative;

  assign bits = {half, preceding};

  for (genvar i = 0; i < 8; i++) begin : g_digit
    logic unit, double;
    logic [32:0] selected, row;
    assign unit = bits[2*i] ^ bits[2*i+1];
    assign double = bits[2*i+2] ? !bits[2*i+1] && !bits[2*i] : bits[2*i+1] && bits[2*i];
    assign negative[i] = bits[2*i+2];
    assign selected = ({33{unit}} & {value[31], value}) | ({33{double}} & {value, 1'b0});
    assign row = {!(selected[32] ^ negative[i]), selected[31:0] ^ {32{negative[i]}}};
    if (i == 0) begin : g_lowest
      assign rows[48*i+:48] = 48'(row);
    end else begin : g_higher
      assign rows[48*i+:48] = (48'(row) << 2 * i) | (48'(negative[i-1]) << (2 * i - 2));
    end
  end

  assign rows[48*8+:48] = OFFSET | (48'(negative[7]) << 14);

  // Three numbers as two: their sum bit by bit, and its carries.
  function automatic logic [95:0] compress(logic [47:0] x, logic [47:0] y, logic [47:0] z);
    compress = {((x & y) | (x & z) | (y & z)) << 1, x ^ y ^ z};
  endfunction

  logic [48*6-1:0] six;
  logic [48*4-1:0] four;
  logic [48*3-1:0] three;

  assign six = {
      compress(rows[48*8+:48], rows[48*7+:48], rows[48*6+:48]),
      compress(rows[48*5+:48], rows[48*4+:48], rows[48*3+:48]),
      compress(rows[48*2+:48], rows[48*1+:48], rows[0+:48])
  };
  assign four = {
      compress(six[48*5+:48], six[48*4+:48], six[48*3+:48]), compress(six[48*2+:48], six[48*1+:48], six[0+:48])
  };
  assign three = {four[48*3+:48], compress(four[48*2+:48], four[48*1+:48], four[0+:48])};
  assign {carry, sum} = compress(three[48*2+:48], three[48*1+:48], three[0+:48]);

endmodule

// The products of the tensor engine's address arithmetic, on two multipliers in four cycles (docs/machine.md, section
// 6).
//
// Each product is there in the first cycle that can use it: the first activation address is formed two cycles after
// `start` at the earliest, its mask one cycle later, the second phase later still.
module tensor_strides (
    input  logic                clock,
    input  logic                reset,
    input  logic                start,
    input  chip::tensor_t       instruction,  // valid with start
    input  chip::tensor_t       fields,       // the same, kept from the next cycle on
    output logic [31:0]         pixels,       // output_height * output_width; 1 cycle after start
    output logic [31:0]         step_x,       // stride_x * pixel_pitch; 1
    output logic [23:0]         step_y,       // stride_y * row_pitch; 2
    output logic [23:0]         pad_y,        // pad_top * row_pitch; 2
    output logic signed [41:0]  low,          // pad_left * pixel_pitch; 3
    output logic signed [41:0]  high,         // (input_width + pad_left) * pixel_pitch; 3
    output logic [31:0]         tap_x,        // dilation_x * pixel_pitch; 4
    output logic [23:0]         tap_y         // dilation_y * row_pitch; 4
);

  logic [1:0] turn;  // cycles since start while products are due, then 0
  logic signed [17:0] factor_a, factor_b;
  logic signed [24:0] pitch_a, pitch_b, pixel_pitch, row_pitch;
  logic signed [41:0] product_a, product_b;

  assign pixel_pitch = $signed({1'b0, fields.pixel_pitch});
  assign row_pitch = 25'(fields.row_pitch);
  assign product_a = 42'(factor_a) * 42'(pitch_a);
  assign product_b = 42'(factor_b) * 42'(pitch_b);

  always_comb begin
    case (turn)
      2'd0: begin
        {factor_a, pitch_a} = {4'd0, instruction.stride_x, 1'b0, instruction.pixel_pitch};
        {factor_b, pitch_b} = {2'd0, instruction.output_height, 9'd0, instruction.output_width};
      end
      2'd1: begin
        {factor_a, pitch_a} = {18'(fields.pad_top), row_pitch};
        {factor_b, pitch_b} = {4'd0, fields.stride_y, row_pitch};
      end
      2'd2: begin
        {factor_a, pitch_a} = {18'($signed({1'b0, fields.input_width})) + 18'(fields.pad_left), pixel_pitch};
        {factor_b, pitch_b} = {18'(fields.pad_left), pixel_pitch};
      end
      default: begin
        {factor_a, pitch_a} = {4'd0, fields.dilation_x, pixel_pitch};
        {factor_b, pitch_b} = {4'd0, fields.dilation_y, row_pitch};
      end
    endcase
  end

  always_ff @(posedge clock) begin
    if (reset) turn <= 2'd0;
    else if (start || turn != 2'd0) turn <= turn + 1'b1;
    if (start) begin
      step_x <= product_a[31:0];
      pixels <= product_b[31:0];
    end
    if (turn == 2'd1) begin
      pad_y <= product_a[23:0];
      step_y <= product_b[23:0];
    end
    if (turn == 2'd2) begin
      high <= product_a;
      low <= product_b;
    end
    if (turn == 2'd3) begin
      tap_x <= product_a[31:0];
      tap_y <= product_b[23:0];
    end
  end

  wire unused = &{1'b0, instruction, fields};

endmodule

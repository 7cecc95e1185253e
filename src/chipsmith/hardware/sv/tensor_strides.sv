// The products of the tensor engine's address arithmetic, on half a multiplier in 16 cycles (docs/machine.md, section
// 6): each of a factor's high bits first, then of its low ones.
//
// They are formed under the first load: TENSOR_SETUP is as long as it is for the first phase, the second access and the
// second phase to find what they need. What is there last is the step that the second phase may take.
module tensor_strides (
    input  logic                clock,
    input  logic                reset,
    input  logic                start,
    input  logic [23:0]         base,      // of the activations; valid with start
    input  chip::tensor_t       fields,    // from the next cycle on
    output logic [31:0]         x_origin,  // bytes (CONV) or pixels (DEPTHWISE) from the row's start to the padding's
    output logic [31:0]         x_end,     // ... and to the row's end, or so many that no position is beyond
    output logic [23:0]         origin,    // address of the padding's corner
    output logic [31:0]         pixels,    // output_height * output_width
    output logic [31:0]         step_x,    // stride_x * pixel_pitch
    output logic [23:0]         step_y,    // stride_y * row_pitch
    output logic [31:0]         tap_x,     // dilation_x * pixel_pitch
    output logic [23:0]         tap_y      // dilation_y * row_pitch
);

  localparam int LOW = 9;  // bits of a factor's low part

  typedef enum logic [2:0] {
    PAD_X,
    PAD_Y,
    PIXELS,
    STEP_X,
    STEP_Y,
    TAP_X,
    END_X,
    TAP_Y
  } product_t;

  product_t turn, multiplied, formed;
  logic running, is_low, low_is_multiplied, low_is_formed, depthwise;
  logic signed [17:0] factor;
  logic signed [LOW:0] part;
  logic signed [24:0] pitch, turn_pitch;
  logic signed [LOW+25:0] product, high_product;
  logic signed [42:0] whole;

  assign depthwise = fields.mode == chip::MODE_DEPTHWISE;

  always_comb begin
    case (turn)
      PAD_X: factor = 18'(fields.pad_left);
      PAD_Y: factor = 18'(fields.pad_top);
      PIXELS: factor = {2'd0, fields.output_height};
      STEP_X: factor = {4'd0, fields.stride_x};
      STEP_Y: factor = {4'd0, fields.stride_y};
      TAP_X: factor = {4'd0, fields.dilation_x};
      END_X: factor = {2'd0, fields.input_width};
      default: factor = {4'd0, fields.dilation_y};
    endcase
    case (turn)
      PIXELS: turn_pitch = {9'd0, fields.output_width};
      PAD_Y, STEP_Y, TAP_Y: turn_pitch = 25'(fields.row_pitch);
      default: turn_pitch = {1'b0, fields.pixel_pitch};
    endcase
  end

  assign whole = 43'(product) + (43'(high_product) <<< LOW);

  always_ff @(posedge clock) begin
    if (start) begin
      running <= 1'b1;
      turn <= PAD_X;
      is_low <= 1'b0;
    end else if (running) begin
      is_low <= !is_low;
      if (is_low) turn <= product_t'(turn + 1'b1);
      if (is_low && turn == TAP_Y) running <= 1'b0;
    end
    if (reset) running <= 1'b0;
    low_is_multiplied <= running && is_low && !reset;
    low_is_formed <= low_is_multiplied && !reset;
    multiplied <= turn;
    formed <= multiplied;
    part <= is_low ? {1'b0, factor[LOW-1:0]} : (LOW + 1)'($signed(factor[17:LOW]));
    pitch <= turn_pitch;
    product <= 35'(part) * 35'(pitch);
    high_product <= product;
  end

  always_ff @(posedge clock) begin
    if (start) origin <= base;
    else if (low_is_formed && (formed == PAD_X || formed == PAD_Y)) origin <= origin - whole[23:0];
    if (low_is_formed) begin
      case (formed)
        PAD_X: x_origin <= depthwise ? 32'd0 - 32'(fields.pad_left) : -whole[31:0];
        PIXELS: pixels <= whole[31:0];
        STEP_X: step_x <= whole[31:0];
        STEP_Y: step_y <= whole[23:0];
        TAP_X: tap_x <= whole[31:0];
        END_X: x_end <= depthwise ? {16'd0, fields.input_width} : whole[41:31] != '0 ? 32'h8000_0000 : whole[31:0];
        TAP_Y: tap_y <= whole[23:0];
        default: ;
      endcase
    end
  end

  wire unused = &{1'b0, fields, whole};

endmodule

// Counts the cycles of a tile's drain: the pixels of the tile, and the slots of each pixel.
module tensor_slots #(
    parameter int SLOT_BITS = 10,
    localparam int PIXEL_BITS = $clog2(chip::T)
) (
    input  logic                   clock,
    input  logic                   reset,
    input  logic                   begin_tile,   // the slots of a tile begin in the next cycle
    input  logic [PIXEL_BITS-1:0]  last_pixel,   // valid with begin_tile: its pixels, less 1
    input  logic [SLOT_BITS-1:0]   last_slot,    // slots of a pixel, less 1
    output logic                   active,
    output logic [PIXEL_BITS-1:0]  pixel,
    output logic [SLOT_BITS-1:0]   slot,
    output logic                   pixel_end,    // the last slot of a pixel
    output logic                   tile_end      // the last slot of the tile
);

  logic [PIXEL_BITS-1:0] pixels_last;

  assign pixel_end = active && slot == last_slot;
  assign tile_end = pixel_end && pixel == pixels_last;

  always_ff @(posedge clock) begin
    if (begin_tile) begin
      pixels_last <= last_pixel;
      pixel <= '0;
      slot <= '0;
    end else if (active) begin
      slot <= pixel_end ? '0 : slot + 1'b1;
      if (pixel_end) pixel <= pixel + 1'b1;
    end
    if (reset) active <= 1'b0;
    else if (begin_tile) active <= 1'b1;
    else if (tile_end) active <= 1'b0;
  end

endmodule

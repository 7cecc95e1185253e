// The two accumulator tiles of T x C int32 (docs/machine.md, sections 2 and 6): one takes the sums of the array while
// the other drains.
//
// The first phase of a tile adds to the biases of its channels, later ones to what stands there: a row is read, kept
// beside the sums, and written with them added, in three cycles of a phase's PHASE_MIN. A row that the drain asks for
// in a cycle stands on `row` from the next one until it asks again.
module tensor_accumulators #(
    localparam int PIXEL_BITS = $clog2(chip::T),
    localparam int SUM_BITS = 17 + $clog2(chip::R)
) (
    input  logic                              clock,
    input  logic                              reset,
    input  logic                              valid,      // an access that completes sums, with its data
    input  logic                              first,      // it belongs to the first phase of its tile
    input  logic                              tile,
    input  logic [PIXEL_BITS-1:0]             pixel,
    input  logic                              bias_half,
    input  logic [chip::C-1:0][SUM_BITS-1:0]  sums,       // of the access three cycles ago
    output logic                              asked_half, // the biases of the access two cycles ago
    input  logic [chip::C-1:0][31:0]          bias,
    input  logic                              drain_read,
    input  logic                              drain_tile,
    input  logic [PIXEL_BITS-1:0]             drain_pixel,
    output logic [chip::C-1:0][31:0]          row
);

  typedef struct packed {
    logic                   valid;
    logic                   first;
    logic                   tile;
    logic [PIXEL_BITS-1:0]  pixel;
    logic                   bias_half;
  } access_t;

  access_t reading, taking, writing;  // 1, 2 and 3 cycles after the access
  logic [1:0][chip::C-1:0][31:0] stored;
  logic [chip::C-1:0][31:0] addend, result;
  logic row_tile;

  always_ff @(posedge clock) begin
    reading <= {valid && !reset, first, tile, pixel, bias_half};
    taking <= reset ? '0 : reading;
    writing <= reset ? '0 : taking;
    if (drain_read) row_tile <= drain_tile;
  end

  assign asked_half = taking.bias_half;
  assign row = stored[row_tile];

  always_ff @(posedge clock) begin
    if (taking.valid) addend <= taking.first ? bias : stored[taking.tile];
  end

  always_comb begin
    for (int c = 0; c < chip::C; c++) result[c] = addend[c] + 32'($signed(sums[c]));
  end

  for (genvar k = 0; k < 2; k++) begin : g_tile
    logic compute_read, own_drain_read, compute_write;

    assign compute_read = reading.valid && !reading.first && reading.tile == k;
    assign own_drain_read = drain_read && drain_tile == k;
    assign compute_write = writing.valid && writing.tile == k;

    sram_two_port #(.LINES(chip::T), .LINE_BITS(32 * chip::C)) sums_of_tile (
        .clock(clock),
        .write_enable(compute_write),
        .write_address(writing.pixel),
        .write_data(result),
        .read_enable(compute_read || own_drain_read),
        .read_address(own_drain_read ? drain_pixel : reading.pixel),
        .read_data(stored[k])
    );
  end

  wire unused = &{1'b0, writing};

endmodule

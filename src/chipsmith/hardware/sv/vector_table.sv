// The table memory: chip::TL copies of one table, each of two banks by the parity of the 16-bit entry, so that two
// neighbours are read at once; the 513th entry has a register (docs/machine.md, sections 2 and 7).
//
// The copies are loaded together, chip::R bytes at once. A look-up asked in cycle t stands on `results` in t + 3: the
// banks register the lines, then the two entries are registered, then their difference.
// A bank's line holds the chip::R/4 of its entries that come in one access.
module vector_table #(
    localparam int LINES = 1024 / chip::R,
    localparam int LINE_BITS = $clog2(1026 / chip::R + 1) + 1
) (
    input  logic                       clock,
    input  logic                       write,
    input  logic [LINE_BITS-1:0]       write_line,   // number of the access
    input  logic [8*chip::R-1:0]       write_data,
    input  logic                       read,
    input  logic                       wide,         // TABLE16, else TABLE8
    input  logic [chip::TL-1:0][15:0]  x,
    output logic [chip::TL-1:0][22:0]  results
);

  localparam int ENTRIES = chip::R / 4;  // in a line of a bank
  localparam int BANK_BITS = $clog2(LINES);

  logic [16*ENTRIES-1:0] even_write, odd_write;
  logic [15:0] top;  // entry 512
  logic fills;

  always_comb begin
    for (int i = 0; i < ENTRIES; i++) begin
      even_write[16*i+:16] = write_data[32*i+:16];
      odd_write[16*i+:16] = write_data[32*i+16+:16];
    end
  end

  assign fills = write && 32'(write_line) < LINES;
  always_ff @(posedge clock) if (write && !fills) top <= write_data[15:0];

  function automatic logic [22:0] chosen(logic set, logic [15:0] right, logic [15:0] left);
    chosen = 23'($signed(set ? right : left));
  endfunction

  for (genvar c = 0; c < chip::TL; c++) begin : g_copy
    // The entries `low` and `low` + 1; of TABLE8 the entry that holds the byte.
    logic [8:0] low;
    logic [7:0] even_entry, odd_entry;
    logic [16*ENTRIES-1:0] even_line, odd_line;
    logic [BANK_BITS-1:0] even_address, odd_address;

    assign low = wide ? {!x[c][15], x[c][14:7]} : {2'b00, !x[c][7], x[c][6:1]};
    assign even_entry = low[8:1] + 8'(low[0]);
    assign odd_entry = low[8:1];
    assign even_address = fills ? BANK_BITS'(write_line) : BANK_BITS'(even_entry >> $clog2(ENTRIES));
    assign odd_address = fills ? BANK_BITS'(write_line) : BANK_BITS'(odd_entry >> $clog2(ENTRIES));

    sram_bank #(.LINES(LINES), .LINE_BYTES(2 * ENTRIES), .LANE_BYTES(2 * ENTRIES)) even_bank (
        .clock(clock),
        .enable(fills || read),
        .address(even_address),
        .write_lanes(fills),
        .write_data(even_write),
        .read_data(even_line)
    );

    sram_bank #(.LINES(LINES), .LINE_BYTES(2 * ENTRIES), .LANE_BYTES(2 * ENTRIES)) odd_bank (
        .clock(clock),
        .enable(fills || read),
        .address(odd_address),
        .write_lanes(fills),
        .write_data(odd_write),
        .read_data(odd_line)
    );

    // The cycle after: the entries.
    logic low_is_odd, next_is_top, high_byte, answered;
    logic [7:0] even_place, odd_place;
    logic [6:0] asked_fraction;
    logic [15:0] even_word, odd_word, word;
    logic [7:0] entry_byte;

    always_ff @(posedge clock) begin
      if (read) begin
        low_is_odd <= low[0];
        next_is_top <= low == 9'd511;
        high_byte <= x[c][0];
        even_place <= even_entry & 8'(ENTRIES - 1);
        odd_place <= odd_entry & 8'(ENTRIES - 1);
        asked_fraction <= x[c][6:0];
      end
      answered <= read;
    end

    assign even_word = 16'(even_line >> {even_place, 4'b0000});
    assign odd_word = 16'(odd_line >> {odd_place, 4'b0000});
    assign word = low_is_odd ? odd_word : even_word;
    assign entry_byte = high_byte ? word[15:8] : word[7:0];

    // And between them, in two cycles more: left * (128 - fraction) + right * fraction is `left` and, for each bit of
    // the fraction, `right` where it is set, else `left`, as many times as the bit counts. The byte of TABLE8 stands as
    // an entry of its own, all bits of its fraction set before a `right` of 0.
    logic [15:0] left, right;
    logic [6:0] fraction;
    logic [22:0] lower, upper;

    always_ff @(posedge clock) begin
      if (answered) begin
        left <= wide ? word : 16'($signed(entry_byte));
        right <= !wide ? '0 : !low_is_odd ? odd_word : next_is_top ? top : even_word;
        fraction <= wide ? asked_fraction : '1;
      end
      lower <= 23'($signed(left)) + chosen(fraction[0], right, left) + (chosen(fraction[1], right, left) << 1)
          + (chosen(fraction[2], right, left) << 2);
      upper <= (chosen(fraction[3], right, left) << 3) + (chosen(fraction[4], right, left) << 4)
          + (chosen(fraction[5], right, left) << 5) + (chosen(fraction[6], right, left) << 6);
    end

    assign results[c] = lower + upper;
  end

endmodule

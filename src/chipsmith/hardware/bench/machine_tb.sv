// Runs one golden vector on the machine and checks it; runs in any simulator of SystemVerilog.
//
//   +folder=vectors/NAME   holds image.hex (external memory at the doorbell, a byte a line), expected.txt (address and
//                          byte of every output byte, hexadecimal) and cycles.txt (latency, decimal)
//
// Prints PASS, or FAIL with what differs. The external memory keeps the machine's contract: always ready, answers
// chip::L cycles after a word was requested, acknowledges a burst chip::L cycles after its last word.
`timescale 1ns / 1ps

module machine_tb;

`include "machine_tb_size.svh"

  localparam int MOST_CYCLES = 100_000_000;

  logic clock = 1'b0;
  logic reset = 1'b1;
  logic doorbell = 1'b0;
  logic running, done, read_valid, read_first, write_valid, write_first, write_last;
  logic [3:0] error;
  logic [31:0] index, cycle, read_address, write_address;
  logic [7:0] read_beats, write_beats;
  logic [chip::W-1:0] write_lanes;
  logic [8*chip::W-1:0] write_data;

  always #1 clock = !clock;

  // The external memory: delay lines of chip::L cycles.
  logic [7:0] bytes[MEMORY_BYTES];
  logic answer_valid[chip::L], put_valid[chip::L], put_last[chip::L];
  logic [8*chip::W-1:0] answer_data[chip::L], put_data[chip::L];
  logic [31:0] put_address[chip::L];
  logic [chip::W-1:0] put_lanes[chip::L];

  initial begin
    for (int i = 0; i < chip::L; i++) begin
      answer_valid[i] = 1'b0;
      put_valid[i] = 1'b0;
    end
  end

  // Beside the initial values, which a process of flip-flops would not allow.
  always @(posedge clock) begin
    for (int i = chip::L - 1; i > 0; i--) begin
      answer_valid[i] <= answer_valid[i-1];
      answer_data[i] <= answer_data[i-1];
      put_valid[i] <= put_valid[i-1];
      put_last[i] <= put_last[i-1];
      put_address[i] <= put_address[i-1];
      put_lanes[i] <= put_lanes[i-1];
      put_data[i] <= put_data[i-1];
    end
    answer_valid[0] <= read_valid && !reset;
    for (int i = 0; i < chip::W; i++) answer_data[0][8*i+:8] <= bytes[read_address+i];
    put_valid[0] <= write_valid && !reset;
    put_last[0] <= write_last;
    put_address[0] <= write_address;
    put_lanes[0] <= write_lanes;
    put_data[0] <= write_data;
    if (put_valid[chip::L-1]) begin
      for (int i = 0; i < chip::W; i++) begin
        if (put_lanes[chip::L-1][i]) bytes[put_address[chip::L-1]+i] <= put_data[chip::L-1][8*i+:8];
      end
    end
  end

  machine machine (
      .clock(clock),
      .reset(reset),
      .doorbell(doorbell),
      .warm(1'b0),
      .running(running),
      .done(done),
      .error(error),
      .index(index),
      .cycle(cycle),
      .halt(4'(chip::ERROR_NONE)),
      .read_valid(read_valid),
      .read_address(read_address),
      .read_first(read_first),
      .read_beats(read_beats),
      .read_ready(1'b1),
      .answer_valid(answer_valid[chip::L-1]),
      .answer_data(answer_data[chip::L-1]),
      .write_valid(write_valid),
      .write_address(write_address),
      .write_first(write_first),
      .write_beats(write_beats),
      .write_last(write_last),
      .write_lanes(write_lanes),
      .write_data(write_data),
      .write_ready(1'b1),
      .acknowledged(put_valid[chip::L-1] && put_last[chip::L-1]),
      .issued(),
      .starts(),
      .issued_external(),
      .engines_busy(),
      .load_release(),
      .store_release(),
      .store_release_external()
  );

  string folder;
  int file, found, wanted_cycles, faults, address, value;

  task automatic check_outputs;
    file = $fopen({folder, "/expected.txt"}, "r");
    while ($fscanf(file, "%h %h", address, value) == 2) begin
      if (bytes[address] !== value[7:0]) begin
        if (faults == 0) $display("byte %0d is %h, expected %h", address, bytes[address], value[7:0]);
        faults++;
      end
    end
    $fclose(file);
  endtask

  initial begin
    if (!$value$plusargs("folder=%s", folder)) $fatal(1, "say +folder=vectors/NAME");
    $readmemh({folder, "/image.hex"}, bytes);
    file = $fopen({folder, "/cycles.txt"}, "r");
    found = $fscanf(file, "%d", wanted_cycles);
    $fclose(file);
    repeat (4) @(negedge clock);
    reset = 1'b0;
    doorbell = 1'b1;
    @(negedge clock);
    doorbell = 1'b0;
    while (running && 32'(cycle) < MOST_CYCLES) @(negedge clock);
    repeat (chip::L + 2) @(negedge clock);
    if (error != 4'(chip::ERROR_NONE)) $display("error %0d at instruction %0d", error, index);
    if (found != 1 || 32'(cycle) != wanted_cycles) $display("%0d cycles, expected %0d", cycle, wanted_cycles);
    check_outputs();
    if (faults == 0 && error == 4'(chip::ERROR_NONE) && cycle == wanted_cycles) $display("PASS %s", folder);
    else $display("FAIL %s: %0d bytes differ", folder, faults);
    $finish;
  end

endmodule

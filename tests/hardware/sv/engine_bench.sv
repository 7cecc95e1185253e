// One engine with its multipliers: TENSOR where that is defined, else VECTOR; the memory beside it is engine_bench.cpp.
module engine_bench (
    input  logic                        clock,
    input  logic                        reset,
    input  logic                        start,
    input  logic [1023:0]               instruction,
    output logic                        busy,
    output logic [2:0]                  read_valid,       // TENSOR: A, W and P, RES; VECTOR: A and TABLE, B, nobody
    output logic [2:0][31:0]            read_address,
    output logic [2:0][127:0]           read_lanes,
    output logic [2:0][7:0]             read_first,
    output logic [2:0][7:0]             read_last,
    input  logic [2:0][8*chip::R-1:0]   read_data,
    output logic                        write_valid,
    output logic [31:0]                 write_address,
    output logic [127:0]                write_lanes,
    output logic [1023:0]               write_data,
    output logic [7:0]                  write_first,
    output logic [7:0]                  write_last,
    output logic                        multiplies
);

  chip::read_request_t [2:0] reads;
  chip::write_request_t write;
  chip::multiply_request_t multiply;
  logic [chip::M-1:0][31:0] scaled;

`ifdef TENSOR
  logic active;

  tensor_engine engine (
      .clock(clock),
      .reset(reset),
      .start(start),
      .instruction(instruction),
      .busy(busy),
      .active(active),
      .a_read(reads[0]),
      .a_data(read_data[0]),
      .w_read(reads[1]),
      .w_data(read_data[1]),
      .r_read(reads[2]),
      .r_data(read_data[2]),
      .o_write(write),
      .multiply(multiply),
      .scaled(scaled)
  );
`else
  vector_engine engine (
      .clock(clock),
      .reset(reset),
      .start(start),
      .instruction(instruction),
      .busy(busy),
      .active(),
      .a_read(reads[0]),
      .a_data(read_data[0]),
      .b_read(reads[1]),
      .b_data(read_data[1]),
      .o_write(write),
      .multiply(multiply),
      .scaled(scaled)
  );

  assign reads[2] = '0;
`endif

  multipliers shared (
      .clock(clock),
      .reset(reset),
      .active(),
      .request(multiply),
      .scaled(scaled)
  );

  always_comb begin
    for (int p = 0; p < 3; p++) begin
      read_valid[p] = reads[p].valid;
      read_address[p] = 32'(reads[p].address);
      read_lanes[p] = 128'(reads[p].lanes);
      read_first[p] = 8'(reads[p].first_group);
      read_last[p] = 8'(reads[p].last_group);
    end
  end

  assign write_valid = write.valid;
  assign write_address = 32'(write.address);
  assign write_lanes = 128'(write.lanes);
  assign write_data = 1024'(write.data);
  assign write_first = 8'(write.first_group);
  assign write_last = 8'(write.last_group);
  assign multiplies = multiply.valid;

endmodule

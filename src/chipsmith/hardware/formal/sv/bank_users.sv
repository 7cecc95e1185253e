// The sequencer: who may touch any bank group, by the fields of the instructions, and what LOAD and STORE give back. An
// engine that is busy may touch the groups of all streams of its instruction.
module bank_users (
    input logic                                  clock,
    input logic                                  reset,
    input logic                                  doorbell,
    input logic                                  warm,
    input logic                                  arriving,
    input logic                                  there,
    input logic [8*chip::INSTRUCTION_BYTES-1:0]  instruction,
    input logic                                  load_busy,
    input logic                                  store_busy,
    input logic                                  tensor_busy,
    input logic                                  vector_busy,
    input logic                                  load_release,
    input logic                                  load_release_page,
    input logic                                  load_release_slot,
    input logic [4:0]                            load_release_first,
    input logic [4:0]                            load_release_last,
    input logic [5:0]                            load_release_external,
    input logic                                  store_release,
    input logic [4:0]                            store_release_first,
    input logic [4:0]                            store_release_last,
    input logic [5:0]                            store_release_external,
    input logic                                  outside,
    input logic                                  conflict,
    input logic [3:0]                            halt
);

  (* anyconst *) logic [4:0] group;

  logic load_start, store_start, tensor_start, vector_start;
  chip::load_t transfer;
  chip::tensor_t tensor;
  chip::vector_t vector;

  assign tensor = instruction;
  assign vector = instruction;

  sequencer sequencer (
      .clock(clock),
      .reset(reset),
      .doorbell(doorbell),
      .warm(warm),
      .arriving(arriving),
      .there(there),
      .instruction(instruction),
      .load_start(load_start),
      .transfer(transfer),
      .store_start(store_start),
      .tensor_start(tensor_start),
      .vector_start(vector_start),
      .load_busy(load_busy),
      .store_busy(store_busy),
      .tensor_busy(tensor_busy),
      .vector_busy(vector_busy),
      .load_release(load_release),
      .load_release_page(load_release_page),
      .load_release_slot(load_release_slot),
      .load_release_first(load_release_first),
      .load_release_last(load_release_last),
      .load_release_external(load_release_external),
      .store_release(store_release),
      .store_release_first(store_release_first),
      .store_release_last(store_release_last),
      .store_release_external(store_release_external),
      .outside(outside),
      .conflict(conflict),
      .halt(halt)
  );

  function automatic logic within(logic [4:0] first, logic [4:0] last, logic [4:0] chosen);
    within = chosen >= first && chosen <= last;
  endfunction

  // How the LOAD or STORE that starts, and the TENSOR or VECTOR that arrives, may touch the group. What has arrived
  // stays as it is until it starts (instruction_memory.there_stays).
  logic load_writes, store_reads, tensor_reads, tensor_writes, vector_reads, vector_writes;

  assign store_reads = within(transfer.first_group, transfer.last_group, group);
  assign load_writes = store_reads && transfer.space != chip::SPACE_PAGE;
  assign tensor_writes = within(tensor.o_first_group, tensor.o_last_group, group);
  assign tensor_reads = within(tensor.a_first_group, tensor.a_last_group, group)
      || within(tensor.w_first_group, tensor.w_last_group, group)
      || (tensor.parameters != chip::CHANNEL_RECORD_NONE
          && within(tensor.param_first_group, tensor.param_last_group, group))
      || (tensor.residual && within(tensor.res_first_group, tensor.res_last_group, group));
  assign vector_writes = within(vector.o_first_group, vector.o_last_group, group);
  assign vector_reads = within(vector.a_first_group, vector.a_last_group, group)
      || (vector.b_source == chip::SOURCE_STREAM && within(vector.b_first_group, vector.b_last_group, group))
      || (vector.table_ != chip::TABLE_NONE && within(vector.t_first_group, vector.t_last_group, group));

  // Who may touch it: LOADs and STOREs until they give it back, TENSOR and VECTOR while they are busy.
  logic [1:0] loads, stores;  // how many, at most 3
  logic [1:0] tensor_named, vector_named, tensor_uses, vector_uses, tensor_may, vector_may;  // writes, reads
  logic [2:0] writers, readers;
  logic checked = 1'b0;

  assign tensor_may = tensor_busy ? tensor_uses : 2'b00;
  assign vector_may = vector_busy ? vector_uses : 2'b00;
  assign writers = 3'(loads) + 3'(tensor_may[1]) + 3'(vector_may[1]);
  assign readers = 3'(stores) + 3'(tensor_may[0]) + 3'(vector_may[0]);

  always_ff @(posedge clock) begin
    if (reset) checked <= 1'b1;
    if (arriving) begin
      tensor_named <= {tensor_writes, tensor_reads};
      vector_named <= {vector_writes, vector_reads};
    end
    if (reset) begin
      loads <= 2'd0;
      stores <= 2'd0;
    end else begin
      loads <= loads + 2'(load_start && load_writes && loads != '1)
          - 2'(load_release && !load_release_page && within(load_release_first, load_release_last, group));
      stores <= stores + 2'(store_start && store_reads && stores != '1)
          - 2'(store_release && within(store_release_first, store_release_last, group));
    end
    if (tensor_start) tensor_uses <= tensor_named;
    if (vector_start) vector_uses <= vector_named;
  end

  always_ff @(posedge clock) if (checked && !reset) begin
    // A bank group of the chip.
    chooses_a_group: assume (32'(group) < chip::G);

    // No bank group has two instructions that may write it.
    one_writer: assert (writers <= 3'd1);
    // No bank group that an instruction may write has another one that may read it.
    no_reader_beside_writer: assert (loads == '0 || readers == '0);
    // The same of what TENSOR writes.
    no_reader_beside_tensor: assert (!tensor_may[1] || (stores == '0 && vector_may == '0));
    // The same of what VECTOR writes.
    no_reader_beside_vector: assert (!vector_may[1] || (stores == '0 && tensor_may == '0));
  end

endmodule

"""The table of seeded faults."""

from __future__ import annotations

from chipsmith.hardware.formal.mutants import Mutant
from chipsmith.hardware.formal.tasks import TWO_BANKS


def _of(module: str, *rows: tuple[str, str, str], task: str = "") -> tuple[Mutant, ...]:
    return tuple(
        Mutant(task=task or module, module=module, kills=kills, before=before, after=after)
        for kills, before, after in rows
    )


_SEQUENCER = _of(
    "sequencer",
    ("issue_distance", "distance <= 3'd1;", "distance <= 3'd2;"),
    ("one_start", "assign store_start = start && is_store;", "assign store_start = start && (is_store || is_tensor);"),
    ("engine_is_free", "is_store ? !store_busy", "is_store ? !load_busy"),
    ("locks_are_free", "&& (taken & named) == '0", "&& (moving & named) == '0"),
    ("one_holder", "&& (taken & named) == '0", "&& (taken.groups & named.groups) == '0"),
    ("locks_are_exact", "if (page_start) moving_after.pages =", "if (page_start && !rung) moving_after.pages ="),
    (
        "nothing_in_error",
        "assign start = running && there && sound && !faulty",
        "assign start = running && there && !faulty",
    ),
    (
        "no_faulty_start",
        "assign start = running && there && sound && !faulty",
        "assign start = running && there && sound",
    ),
    ("error_stays", "if (error == 4'(chip::ERROR_NONE) && stop", "if (stop"),
    ("halt_stops", "stop = halt;", "stop = running ? halt : 4'(chip::ERROR_NONE);"),
    ("doorbell_only_idle", "assign rung = doorbell && !running && sound;", "assign rung = doorbell && sound;"),
    (
        "doorbell_is_heeded",
        "assign rung = doorbell && !running && sound;",
        "assign rung = doorbell && !running && !warm;",
    ),
    ("starts_what_is_there", "assign start = running && there && sound", "assign start = running && sound"),
    ("wants_in_order", "assign want_slot = slot;", "assign want_slot = slot ^ next_loaded;"),
    (
        "no_empty_transfer",
        "assign store_start = start && is_store;",
        "assign store_start = start && (is_store || is_tensor);",
    ),
    ("end_only_idle", "&& taken == '0;", ";"),
    ("in_order", "slot <= !slot;", "slot <= !slot && !is_load;"),
    ("cycles_count", "cycle <= 32'd1;", "cycle <= 32'd0;"),
    ("page_is_loaded", "!is_end && !next_loaded && !is_page", "!is_end && !next_loaded && !is_page && !is_load"),
    (
        "page_into_other_slot",
        "assign page_start_slot = transfer.local_address[0];",
        "assign page_start_slot = 1'b0;",
    ),
    ("progress", "moving_after.external = moving_after.external & ~store_release_external;", ""),
)
_LOCK_OWNERS = (
    *_of(
        "sequencer",
        ("load_places", "else named.groups = group_range(transfer.first_group, transfer.last_group);", ""),
        ("store_places", "else named.groups = group_range(transfer.first_group, transfer.last_group);", ""),
        ("progress", "moving_after.external = moving_after.external & ~store_release_external;", ""),
        task="lock_owners",
    ),
)
_MEMORY = _of(
    "instruction_memory",
    (
        "there_is_loaded",
        "complete[want_slot] > {1'b0, want_index} && !collides",
        "complete[want_slot] >= {1'b0, want_index} && !collides",
    ),
    ("there_stays", "if (consume) there <= 1'b0;", "if (consume || page_start) there <= 1'b0;"),
    ("arrives_when_wanted", "assign read = wanted && !there", "assign read = wanted"),
    ("arrives", "want_index} && !collides", "want_index} && want_slot && !collides"),
)
_BANKS = _of(
    "instruction_memory",
    ("one_port", "want_index} && !collides", "want_index}"),
    ("writes_apart", "page_valid && words[0];", "page_valid;"),
)
_TWO_BANKS = _of(
    "instruction_memory",
    ("writes_apart", "{whole_valid && place[0], whole_valid && !place[0]};", "{2{whole_valid}};"),
    ("one_port", "want_index} && !collides", "want_index}"),
    task=f"instruction_memory, {TWO_BANKS}",
)
_BANK_ACCESSES = (
    *_of(
        "local_memory",
        (
            "shared_is_conflict",
            "(users & (users - 1'b1)) != '0;",
            "(users[PORTS-1:1] & (users[PORTS-1:1] - 1'b1)) != '0;",
        ),
        (
            "conflict_is_shared",
            "assign conflict = group_conflict != '0;",
            "assign conflict = group_conflict != '0 || outside;",
        ),
        ("reads_last_write", "even_write = even_write | even_lanes[READS+p];", "even_write = '1;"),
        task="bank_accesses",
    ),
    *_of("access_decode", ("strays_are_told", " || (odd_used && odd_groups == '0);", ";"), task="bank_accesses"),
)
_BANK_USERS = _of(
    "sequencer",
    ("one_writer", "(tensor_busy ? tensor_locks : '0)", "(tensor_busy && !load_busy ? tensor_locks : '0)"),
    ("no_reader_beside_writer", "if (tensor.residual)", "if (1'b0)"),
    ("no_reader_beside_tensor", "| group_range(tensor.o_first_group, tensor.o_last_group);", ";"),
    ("no_reader_beside_vector", "| group_range(vector.o_first_group, vector.o_last_group);", ";"),
    task="bank_users",
)
_WALK = _of(
    "word_walk",
    ("goes_on", "external <= external + EXTERNAL_BITS'(chip::W);", "external <= external + EXTERNAL_BITS'(chip::A);"),
    (
        "whole_atoms",
        "assign atom_ends = (external[ATOM_BITS-1:0] & LAST_WORD) == LAST_WORD;",
        "assign atom_ends = external[ATOM_BITS-1];",
    ),
    ("begins_atom", "external <= begin_external & ATOM_START;", "external <= begin_external;"),
    ("ends_atom", "assign run_ends = atom_ends && final_atom;", "assign run_ends = final_atom;"),
    ("knows_final_atom", "final_atom <= atoms == ATOMS_BITS'(atom_ends);", "final_atom <= atoms == '0;"),
    ("waits", "end else if (step) begin\n      external", "end else if (active) begin\n      external"),
    ("lasts", "else if (step && last) active <= 1'b0;", "else if (step && run_ends) active <= 1'b0;"),
    ("empty_has_no_lanes", "assign lanes = !filled ? '0 : ", "assign lanes = "),
)
_CUT = _of(
    "burst_cut",
    ("beats_are_right", "if (32'(atoms) < 32'(least)) least = 8'(atoms);", ""),
    ("within_page", "if (32'(to_border) < 32'(least)) least = 8'(to_border);", ""),
    ("short_enough", "least = 8'(MOST);", "least = 8'(MOST + 1);"),
)
_WALK_CUT = _of("burst_cut", ("ends_together", "atom_ends && (atoms == '0 || ", "atom_ends && ("), task="walk_bursts")
_LOAD = _of(
    "load_engine",
    ("walks_while_running", "(!walking || (request_last && read_ready))", "(!walking || read_ready)"),
    ("idle_after_reset", "if (reset) running <= 1'b0;\n    else if (start)", "if (start)"),
    ("idle_until_start", "32'(count) == WAITING || (running\n", "32'(count) == WAITING || ((running || read_ready)\n"),
    ("request_stays", "assign read_valid = walking;", "assign read_valid = walking && (elapsed[0] || read_ready);"),
    ("queue_fits", "assign busy = 32'(count) == WAITING || (running", "assign busy = (running"),
    ("releases_follow_starts", "assign release_valid = arrived && arrived_last;", "assign release_valid = arrived;"),
    ("silent_without_answers", "arrived <= answer_valid && !reset;", "arrived <= (answer_valid || start) && !reset;"),
)
_STORE = _of(
    "store_engine",
    ("walks_while_running", "(!walking || (walk_last && go))", "(!walking || go)"),
    ("idle_after_reset", "if (reset) running <= 1'b0;\n    else if (start)", "if (start)"),
    ("idle_until_start", "assign busy = running && ", "assign busy = (running || write_ready) && "),
    ("queue_fits", "32'(last_stage.valid) < ROOM;", "32'(last_stage.valid) <= ROOM;"),
    ("queue_in_order", "if (pop) head <= head + 1'b1;", "if (accepted) head <= head + 1'b1;"),
    (
        "write_stays",
        "assign sent = count != '0 ? queue[head] : answered;",
        "assign sent = count != '0 && !acknowledged ? queue[head] : answered;",
    ),
    (
        "releases_follow_starts",
        "assign release_valid = accepted && sent.word.last;",
        "assign release_valid = accepted && sent.word.burst_last;",
    ),
    ("regions_follow_acknowledgements", "acknowledged && pending[region] && awaited", "acknowledged && awaited"),
    ("regions_are_awaited", "awaited[region] <= sent_bursts + 1'b1;", "awaited[region] <= sent_bursts + 2'd2;"),
    ("progress", "assign go = walking && 32'(count)", "assign go = walking && elapsed != 4'd8 && 32'(count)"),
)
_CHANNEL = _of(
    "axi_channel",
    ("offer_stays", "assign moves = !out_valid || out_ready;", "assign moves = !out_valid || out_ready || waits;"),
    ("empty_after_reset", "out_valid <= 1'b0;\n", "\n"),
    ("in_order", "waits <= 1'b1;", "waits <= 1'b1; out_valid <= !in_data[0];"),
    ("leaves_nothing", "waiting <= '0;", ""),
)
_PORT = _of(
    "axi_lite_port",
    (
        "write_response_stays",
        "assign writes = address_here && data_here && !s_axi_bvalid;",
        "assign writes = address_here && data_here;",
    ),
    ("read_response_stays", "assign reads = request_here && !s_axi_rvalid;", "assign reads = request_here;"),
    ("quiet_after_reset", "s_axi_bvalid <= 1'b0;\n", "\n"),
    ("write_is_answered_once", "address_here <= !writes && (address_here", "address_here <= (address_here"),
    ("read_is_answered_once", "request_here <= !reads && (request_here", "request_here <= (request_here"),
    ("one_access", "assign write = writes && whole;", "assign write = writes;"),
)
_REGISTERS = _of(
    "axi_registers",
    ("states_exclude", "if (abort) code <= 4'(chip::ERROR_NONE);\n    else if", "if"),
    ("doorbell_after_start", "doorbell <= start;", "doorbell <= start && drained;"),
    ("start_only_idle", "&& !abort && idle;", "&& !abort;"),
    ("completion_is_kept", "events <= (events & ~cleared) | happened;", "events <= (events | happened) & ~cleared;"),
    (
        "events_stay",
        "events <= (events & ~cleared) | happened;",
        "events <= start ? happened : (events & ~cleared) | happened;",
    ),
    ("completes_right", "running && ended && drained", "running && ended"),
    ("end_has_event", "happened[chip::EVENTS_ERROR] = fails;", "happened[chip::EVENTS_ERROR] = fails && !expired;"),
    ("error_stays", "else if (fails) code <= failure;", "else code <= fails ? failure : 4'(chip::ERROR_NONE);"),
    ("abort_drains", "if (abort) draining <= 1'b1;", "if (abort && running) draining <= 1'b1;"),
    (
        "drain_ends",
        "happened[chip::EVENTS_ABORTED] = draining && drained;",
        "happened[chip::EVENTS_ABORTED] = draining && drained && !write;",
    ),
    ("base_stays", "chip::REGISTER_BASE_LOW: if (idle) base", "chip::REGISTER_BASE_LOW: base"),
    ("interrupt_is_event", "assign irq = |(events & enabled);", "assign irq = events[0] && enabled[0];"),
)
_READER = _of(
    "axi_reader",
    ("burst_in_page", "{base, 12'd0} + 64'(read_address);", "{base, 12'd0} + 64'(read_address) + 64'd2048;"),
    ("open_fits", "32'(open) != chip::MAX_OPEN;", "1'b1;"),
    ("open_is_exact", "COUNT_BITS'(ask && channel_ready)", "COUNT_BITS'(ask)"),
    ("no_answer_when_stopped", "m_axi_rvalid && !stop;", "m_axi_rvalid;"),
    ("taken_is_asked", "(channel_ready && room);", "channel_ready;"),
)
_WRITER = _of(
    "axi_writer",
    ("burst_in_page", "{base, 12'd0} + 64'(write_address);", "{base, 12'd0} + 64'(write_address) + 64'd2048;"),
    ("open_fits", "32'(open) != chip::MAX_OPEN;", "1'b1;"),
    ("open_is_exact", "open + COUNT_BITS'(begins)", "open + COUNT_BITS'(sends)"),
    ("words_belong_to_bursts", "else if (sends || (fills && data_ready)) missing", "else if (sends || fills) missing"),
    ("last_is_right", "ends = fills ? missing == 8'd1", "ends = fills ? missing == 8'd2"),
    ("no_answer_when_stopped", "m_axi_bvalid && !stop;", "m_axi_bvalid;"),
    ("fills_write_nothing", "write_ready && !stop;", "write_ready;"),
)
_IN_CHANNEL = (
    *_of(
        "axi_channel",
        (
            "request_stays",
            "assign moves = !out_valid || out_ready;",
            "assign moves = !out_valid || out_ready || waits;",
        ),
        ("quiet_after_reset", "out_valid <= 1'b0;\n", "\n"),
        task="axi_reader",
    ),
    *_of(
        "axi_channel",
        (
            "address_stays",
            "assign moves = !out_valid || out_ready;",
            "assign moves = !out_valid || out_ready || waits;",
        ),
        ("data_stays", "assign moves = !out_valid || out_ready;", "assign moves = !out_valid || out_ready || waits;"),
        ("quiet_after_reset", "out_valid <= 1'b0;\n", "\n"),
        task="axi_writer",
    ),
)

_ORDER = (
    *_of(
        "load_engine",
        ("in_order", "INSTRUCTION_BITS'(waiting[head]);", "INSTRUCTION_BITS'(waiting[tail]);"),
        ("is_open", "assign release_valid = arrived && arrived_last;", "assign release_valid = arrived;"),
        task="load_order",
    ),
    *_of(
        "store_engine",
        ("in_order", "assign release_first = sent.word.first_group;", "assign release_first = current.first_group;"),
        ("is_open", "release_valid = accepted && sent.word.last;", "release_valid = accepted && sent.word.burst_last;"),
        task="store_order",
    ),
)

_ENGINES = tuple(
    mutant
    for engine in ("tensor_engine", "vector_engine")
    for kills in ("idle_after_reset", "idle_until_start")
    for mutant in _of(engine, (kills, ".busy(busy),", ".busy(),"))
)

MUTANTS = (
    *_SEQUENCER, *_LOCK_OWNERS, *_MEMORY, *_BANKS, *_TWO_BANKS, *_BANK_ACCESSES,
    *_BANK_USERS, *_WALK, *_CUT, *_WALK_CUT, *_LOAD, *_STORE, *_CHANNEL, *_PORT,
    *_REGISTERS, *_READER, *_WRITER, *_IN_CHANNEL, *_ORDER, *_ENGINES,
)  # fmt: skip
"""All seeded faults."""

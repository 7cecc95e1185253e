
# @CORE@
run-@BOARD@: build/@BOARD@/image.elf
	@EMULATOR@ $<

build/@BOARD@/image.elf: $(addprefix build/@BOARD@/,$(OBJECTS) harness_@ARCHITECTURE@.o) boards/@BOARD@.ld
	@COMPILER@ @FLAGS@ $(LINK) -Wl,-T,boards/@BOARD@.ld $(filter %.o,$^) -lgcc -o $@
	@SIZE@ $@

build/@BOARD@/%.o: %.c $(HEADERS) $(BOARD_HEADERS)
	@mkdir -p $(@D)
	@COMPILER@ @FLAGS@ $(BARE) -c $< -o $@

build/@BOARD@/%.o: boards/%.c $(BOARD_HEADERS)
	@mkdir -p $(@D)
	@COMPILER@ @FLAGS@ $(BARE) -c $< -o $@
.PHONY: run-@BOARD@

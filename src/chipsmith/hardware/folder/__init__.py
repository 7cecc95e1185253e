"""What an exported folder of RTL holds beside the sources: page, Makefiles, core file, constraints, golden vectors."""

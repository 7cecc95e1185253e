"""What a run looks like to people and to scripts: terminal, page, trace, result.json."""

"""What a run of a quantum network looks like: its record, terminal, page and result.json."""

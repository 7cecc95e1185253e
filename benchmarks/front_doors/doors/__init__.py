"""What `benchmarks/front_doors.py` measures: networks of others, through the doors, beside their own frameworks."""

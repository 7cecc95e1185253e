"""What the commands show: for each verb a Presentation of what it returned, as one JSON object or as text for people.

These files import nothing heavy with themselves: the command line reads them all.
"""

#!lua flags=no-writes
-- Read the journal of an extraction.
-- ARGV: id. Returns names and values in turn.

return calls_of(ARGV[1])

"""The command line: parse, call one verb, print. One file per room below."""

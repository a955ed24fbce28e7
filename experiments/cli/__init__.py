"""The command line: what each command accepts, says and hands on."""

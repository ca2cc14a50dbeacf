"""What the longer commands of the command line do: their options, their work, the text they print."""

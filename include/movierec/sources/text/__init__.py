"""Files of lines: archives, encodings, delimiters, and rows in COPY's format."""

"""Tables: one definition each, from which the page, the chooser of columns, saved views and the files come."""

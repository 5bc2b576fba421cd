"""What people look at: one module per page, folded from the record and rebuilt at will."""

"""The market model: books, fills, fees, margin and the ledger. It knows no wire and no clock."""

"""What became of a campaign, for people: figures out of a ledger, and out of figures pictures, pages and lists."""

"""The order path: intent, journal, legs, recovery. Everything that sends an order goes through here."""

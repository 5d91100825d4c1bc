"""Who may do what: keys, tokens, scopes, rates, and the headers that keep browsers in bounds."""

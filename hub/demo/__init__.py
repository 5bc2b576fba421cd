"""A shop with real mail, for trying the hub out: servers, customers and their letters. Nothing here serves production."""

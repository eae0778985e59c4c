"""Published models of geodl, one folder each; `geodl.zoo` reads them."""

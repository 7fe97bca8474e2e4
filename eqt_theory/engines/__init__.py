"""How formulas are decided: provers, enclosures, exact arithmetic, computer algebra. None knows an energy."""

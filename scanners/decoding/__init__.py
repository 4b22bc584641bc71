"""How pictures become codes: two engines, a ladder of looks, and rules about what to trust."""

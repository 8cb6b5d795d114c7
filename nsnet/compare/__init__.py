"""Labs side by side: one scenario in several network models, or several scenarios."""

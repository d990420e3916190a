"""What leaves the house: records with proofs, and the offline verifier's input."""

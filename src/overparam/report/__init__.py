"""What a chapter shows: claims with verdicts, figures, recorded results, and the scale of its experiments."""

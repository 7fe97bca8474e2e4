"""The tasks of the study of repaired models, one file each: data from a seed, and the best answer there is."""

"""Performance: ratios to other packages within one run, on synthetic passages that anybody can make again."""

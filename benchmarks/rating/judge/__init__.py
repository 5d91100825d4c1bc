"""A model as a judge of case answers: it says which key points are met; the score is worked out in code."""

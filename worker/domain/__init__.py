"""The rules: statuses, answers, reports and the rules that move them. Plain Python, no I/O, no clock."""

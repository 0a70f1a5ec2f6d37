"""Use cases of dispatch: one per file, its docstring numbering the steps.

`scan` claims, `deliver` sends, `apply_reports` applies what providers report, `rescue` asks about what went
silent, `sweep` closes what time has decided, `halt` stops and resumes.
"""

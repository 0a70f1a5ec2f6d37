"""Alerts: the rules that ship for Prometheus, judged without one."""

"""What a run prints."""

from rich.console import Console
from rich.table import Table

from tests.acceptance.chaos.judge import Verdict


def show(out: Console, title: str, verdict: Verdict) -> None:
    """Print every figure, and each promise that was broken."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False)
    for name, value in verdict.figures.items():
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {n}" for key, n in sorted(value.items()))
        else:
            shown = str(value)
        table.add_row(name.replace("_", " "), shown)
    out.print(table)
    for promise in verdict.broken:
        out.print(f"[red]✗ broken: {promise}[/red]")
    if not verdict.broken:
        out.print("[green]✓ every promise held[/green]")

"""What promtool says of samples that were scraped: which of the alerts that ship fire."""

import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import yaml

RULES = Path(__file__).parents[1] / "config" / "deploy" / "alerts" / "rules.yml"


def judge(
    scraped: Sequence[Mapping[str, float]],
    folder: Path,
    *,
    metric: str,
    label: str,
    alert: str,
    severity: str,
    firing: Collection[str],
) -> str:
    """Judge one metric, scraped once a second.

    Args:
        scraped: its values by one label's.
        folder: where promtool's question is written.
        metric: its name.
        label: that label's name.
        alert: the alert that is asked about, of this severity.
        severity: page or ticket.
        firing: the label's values that it has to fire for at the last moment, and for no others.

    Returns:
        what promtool has to object; nothing where it is so.
    """
    values = sorted({value for one in scraped for value in one})
    given = [
        {
            "series": f'{metric}{{{label}="{value}"}}',
            "values": " ".join(f"{one.get(value, 0):.6f}" for one in scraped),
        }
        for value in values
    ]
    labels = f'alertname="{alert}",alertstate="firing"'
    wanted = [
        {"labels": f'ALERTS{{{labels},severity="{severity}",{label}="{value}"}}', "value": 1}
        for value in firing
    ]
    asked = {
        "expr": f"ALERTS{{{labels}}}",
        "eval_time": f"{len(scraped) - 1}s",
        "exp_samples": wanted,
    }
    case = {"interval": "1s", "input_series": given, "promql_expr_test": [asked]}
    file = folder / "scraped_test.yml"
    written = {"rule_files": [str(RULES)], "evaluation_interval": "1s", "tests": [case]}
    file.write_text(yaml.safe_dump(written), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr

"""Tells what a wheel of the public SDK calls, sends and requires, read from its own code, as JSON."""

import ast
import inspect
import json
import sys
from importlib import import_module
from typing import Any

SENT = (
    *("OutboundCampaignInput", "CommunicationBatchInput", "CommunicationBatchUpdate"),
    "CommunicationRequest",
)
READ = (*("OutboundCampaign", "CommunicationBatch", "BatchDetails", "CommunicationRequestResult"),)
MODELS: Any = import_module("syllable_sdk.models")


def fields_of(name: str) -> dict[str, list[str]]:
    """All fields of a model, and those without which it can't be."""
    fields = getattr(MODELS, name).model_fields
    return {
        "all": list(fields),
        "required": [one for one, field in fields.items() if field.is_required()],
    }


def operations_of(module: str) -> list[tuple[str, str, list[str]]]:
    """Method, path and query parameters of each call of a module."""
    found = []
    tree = ast.parse(inspect.getsource(import_module(f"syllable_sdk.{module}")))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
            text = {
                word.arg: str(word.value.value)
                for call in ast.walk(function)
                if isinstance(call, ast.Call)
                for word in call.keywords
                if word.arg in {"method", "path"} and isinstance(word.value, ast.Constant)
            }
            named = [one.arg for one in function.args.kwonlyargs]
            found.append((text["method"], text["path"], [one for one in named if one in QUERY]))
    return found


QUERY = (
    *("page", "limit", "search_fields", "search_field_values", "order_by", "order_by_direction"),
    *("fields", "start_datetime", "end_datetime", "reference_id", "status", "insights_status"),
)

if __name__ == "__main__":
    json.dump(
        {
            "operations": operations_of("batches") + operations_of("campaigns"),
            "sent": {name: fields_of(name) for name in SENT},
            "read": {name: fields_of(name) for name in READ},
        },
        sys.stdout,
    )

"""The API's contract, reduced to what a client rests on, and the changes of it that would break one.

`python -m tests.contract` writes today's beside the tests, unless that would break a client; a break that is
wanted is written with `--break`, and is a new version of the API.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jsonschema_rs import Draft202012Validator

from tests.programs import run_alone
from worker.api.app import ROUTERS

FILE = Path(__file__).parent / "unit" / "api" / "contract.json"
Contract = dict[str, dict[str, Any]]
Schema = Mapping[str, Any]
Kinds = Mapping[str, list[str]]


def document() -> dict[str, Any]:
    """What `/openapi.json` says of every operation."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    return app.openapi()


def reduce(told: Mapping[str, Any]) -> Contract:
    """By operation: its parameters, the fields it takes and answers, and its statuses."""
    return {
        f"{method.upper()} {path}": _operation(one, told)
        for path, methods in sorted(told["paths"].items())
        for method, one in sorted(methods.items())
    }


def _operation(one: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    body = one.get("requestBody", {})
    taken = [*_fields(_schema_in(body), told, "body")] if body else []
    answer = _schema_in(one["responses"].get("200", {}))
    return {
        "parameters": {f"{p['in']} {p['name']}": _kind(p["schema"], told) for p in _params(one)},
        "must_give": sorted(
            [f"{p['in']} {p['name']}" for p in _params(one) if p.get("required")]
            + [name for name, _, required in taken if required]
            + (["body"] if body.get("required") else [])
        ),
        "takes": {name: kind for name, kind, _ in taken},
        "answers": {name: kind for name, kind, _ in _fields(answer, told, "answer")},
        "statuses": sorted(one["responses"]),
    }


def _params(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(one.get("parameters", ()))


def _schema_in(part: Mapping[str, Any]) -> Schema:
    content = part.get("content", {})
    return next((one.get("schema", {}) for one in content.values()), {})


def _fields(
    schema: Schema, told: Mapping[str, Any], at: str, depth: int = 0
) -> Iterator[tuple[str, list[str], bool]]:
    """Every field below a place: where it stands, what it may be, and whether it must be there."""
    for one in _ways(schema, told):
        if "items" in one and depth < 6:
            yield from _fields(one["items"], told, f"{at}[]", depth + 1)
        required = set(one.get("required", ()))
        for name, field in one.get("properties", {}).items():
            yield f"{at}.{name}", _kind(field, told), name in required and depth == 0
            if depth < 6:
                yield from _fields(field, told, f"{at}.{name}", depth + 1)


def _ways(schema: Schema, told: Mapping[str, Any]) -> Iterator[Schema]:
    """What a schema may be, with references followed."""
    if "$ref" in schema:
        schema = told["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    ways = [*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())]
    if not ways:
        yield schema
    for one in ways:
        yield from _ways(one, told)


def _kind(schema: Schema, told: Mapping[str, Any]) -> list[str]:
    kinds = set()
    for one in _ways(schema, told):
        values = one.get("enum") or ([one["const"]] if "const" in one else None)
        kinds |= {f"={value}" for value in values} if values else {str(one.get("type", "any"))}
    return sorted(kinds)


def hold_to_document(app: FastAPI, method: str, path: str, told: object) -> None:
    """Hold an answer against what the document says of its operation, to the last field.

    Raises:
        ValidationError: it is otherwise, or has a field of which the document says nothing.
    """
    document = app.openapi()
    operation = next(
        methods[method.lower()]
        for named, methods in document["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", named), path) and method.lower() in methods
    )
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    parts = {name: _closed(one) for name, one in document["components"]["schemas"].items()}
    Draft202012Validator({**schema, "components": {"schemas": parts}}).validate(told)


def _closed(schema: Schema) -> Schema:
    """The same with no field but those it names."""
    return {**schema, "additionalProperties": False} if "properties" in schema else schema


def breaks(before: Contract, now: Contract) -> list[str]:
    """Every change that would break a client, each in a sentence."""
    gone = [f"{operation}: is gone" for operation in before if operation not in now]
    return gone + [
        f"{operation}: {fault}"
        for operation, old in before.items()
        if operation in now
        for fault in _breaks_of(old, now[operation])
    ]


def _breaks_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(set(new["must_give"]) - set(old["must_give"])):
        yield f"{name} must be given now"
    for part in ("parameters", "takes"):
        yield from _not_taken(old[part], new[part])
    yield from _answered_otherwise(old["answers"], new["answers"])
    if _done(new) != _done(old):
        yield f"it is answered {', '.join(_done(new)) or 'nothing'} where it was {', '.join(_done(old))}"


def _not_taken(old: Kinds, new: Kinds) -> Iterator[str]:
    for name, kinds in old.items():
        if name not in new:
            yield f"{name} is not taken any more"
        elif lost := _lost(kinds, new[name]):
            yield f"{name} may not be {', '.join(lost)} any more"


def _answered_otherwise(old: Kinds, new: Kinds) -> Iterator[str]:
    for name, kinds in old.items():
        if name not in new:
            yield f"{name} is not answered any more"
        elif more := _lost(new[name], kinds):
            yield f"{name} may be {', '.join(more)} now, which no client expects"


def _done(one: Mapping[str, Any]) -> list[str]:
    """The statuses that are no refusal: clients know them one by one, of refusals any."""
    return [status for status in one["statuses"] if status < "400"]


def _lost(kinds: list[str], among: list[str]) -> list[str]:
    return [] if "any" in among else [kind for kind in kinds if kind not in among]


def kept() -> Contract:
    """The contract as it was written down."""
    contract: Contract = json.loads(FILE.read_text(encoding="utf-8"))
    return contract


def main() -> int:
    """Write down today's contract; refuse to where a client would break."""
    arguments = sys.argv[1:]
    now = reduce(document())
    broken = breaks(kept(), now) if FILE.exists() and "--break" not in arguments else []
    for one in broken:
        sys.stderr.write(f"{one}\n")
    if not broken:
        FILE.write_text(_written(now), encoding="utf-8")
    return int(bool(broken))


def _written(contract: Contract) -> str:
    """A line for each part of an operation, so that a change of it is one line."""
    parts = {
        operation: ",\n".join(
            f'  "{name}": {json.dumps(one[name], sort_keys=True)}' for name in one
        )
        for operation, one in contract.items()
    }
    told = ",\n".join(f' "{operation}": {{\n{part}\n }}' for operation, part in parts.items())
    return f"{{\n{told}\n}}\n"


if __name__ == "__main__":
    run_alone(main)

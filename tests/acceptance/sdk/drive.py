"""Drives the API by an unmodified wheel of the public SDK, in whose environment this runs.

Prints what the client made of each answer, as JSON. It rests on nothing of ours.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

SDK: Any = import_module("syllable_sdk")
VERSION = tuple(int(part) for part in version("syllable-sdk").split("."))
FIRST = VERSION < (0, 5)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOURS = {"daily_start_time": "00:00:00", "daily_end_time": "23:59:59"}
DEADLINE = 90.0
BATCH = f"sdk-{'.'.join(map(str, VERSION))}"
AT = f"@{BATCH.replace('.', '-')}.example.com"
FILE = b"reference_id,target,name\n" + b"".join(
    f"f{n},{who},Ana\n".encode()
    for n, who in enumerate([f"ana{AT}", f"ben{AT}", f"cy+bounce{AT}", "nobody", f"ANA{AT}"])
)


def campaign(name: str, **fields: Any) -> dict[str, Any]:
    """A campaign as this generation writes it."""
    if FIRST:
        about = {"timezone": "UTC", "rate": 60, "campaign_variables": {}}
    else:
        words = {"subject": "Hello", "text": "Hello, see you soon"}
        about = {"active_days": WEEK, "hourly_rate": 3600, "campaign_variables": words}
    if VERSION >= (0, 41):
        about |= {"mode": "email"}
    return {"campaign_name": name, "caller_id": None, **HOURS, **about, **fields}


def request(reference: str, target: str) -> dict[str, Any]:
    """A request as this generation writes it."""
    own = {"batch_id": BATCH} if FIRST else {}
    return {"reference_id": reference, "target": target, "request_variables": {}} | own


def refusal(call: Callable[[], object]) -> Any:
    """The status with which the server refused, and its words; what it answered instead."""
    try:
        return f"answered {call()!r}"
    except Exception as error:  # noqa: BLE001  each generation has errors of its own
        status = getattr(error, "status_code", None)
        named = [fault.loc[-1] for fault in getattr(getattr(error, "data", None), "detail", ())]
        return [status or (422 if named else type(error).__name__), *named]


def plain(value: Any) -> Any:
    """A model of the client's as JSON."""
    return json.loads(value.model_dump_json())


class Driver:
    """One run through everything."""

    def __init__(self, url: str, key: str) -> None:
        self.sdk = SDK.SyllableSDK(api_key_header=key, server_url=url)
        self.wrong = SDK.SyllableSDK(api_key_header="wrong", server_url=url)
        outbound = getattr(self.sdk, "outbound", self.sdk)
        self.batches, self.campaigns = outbound.batches, outbound.campaigns
        self.number: Any = None
        self.told: dict[str, Any] = {"version": ".".join(map(str, VERSION))}

    def called(self, newer: str, older: str) -> Any:
        """A method, under the name it has."""
        return getattr(self.batches, newer, None) or getattr(self.batches, older)

    def id(self, number: int) -> Any:
        return str(number) if FIRST else number

    def make_campaign(self) -> None:
        """Made, made again, refused, found, changed."""
        made = self.campaigns.create(request=campaign(BATCH))
        again = self.campaigns.create(request=campaign(BATCH))
        self.number = made.id
        self.told["same campaign"] = made.id == again.id
        self.told["other campaign"] = refusal(
            lambda: self.campaigns.create(request=campaign(BATCH, retry_count=5))
        )
        changed = campaign(BATCH, retry_count=1)
        self.campaigns.update(campaign_id=self.id(made.id), outbound_campaign_input=changed)
        self.told["campaign"] = plain(self.campaigns.get_by_id(campaign_id=self.id(made.id)))
        found = self.campaigns.list(
            search_fields=["campaign_name"], search_field_values=[BATCH.upper()], page=0
        )
        self.told["campaigns found"] = [one.id for one in items(found)] == [made.id]

    def make_batch(self) -> None:
        """Made, made again, refused, held, filled."""
        fields = {"batch_id": BATCH, "campaign_id": self.number}
        self.batches.create(request=fields)
        self.batches.create(request=fields)
        self.told["other batch"] = refusal(
            lambda: self.batches.create(request=fields | {"expires_on": "2099-01-01T00:00:00Z"})
        )
        self.pause(paused=True)
        self.told["held"] = plain(self.batches.get_by_id(batch_id=BATCH))["status"]
        self.add(request("a1", f"dee{AT}"))
        self.add(request("a1", f"dee{AT}"))
        self.add(request("a2", f"gone{AT}"))
        self.told["other request"] = refusal(lambda: self.add(request("a1", f"eve{AT}")))
        upload = {"file": {"file_name": "people.csv", "content": FILE}}
        for _ in range(2):
            self.batches.upload(batch_id=BATCH, body_outbound_batch_upload=upload)
        self.wait_until(lambda counts: sum(counts.values()) == 7)
        self.called("remove", "outbound_batch_remove")(batch_id=BATCH, request_body=["a2", "none"])
        found = self.batches.list(search_fields=["batch_id"], search_field_values=[BATCH], page=0)
        self.told["batches found"] = [one.batch_id for one in items(found)] == [BATCH]

    def dispatch(self) -> None:
        """Resumed, waited for, read."""
        self.pause(paused=False)
        open_ones = ("PENDING", "INITIATED", "CONNECTED")
        self.wait_until(lambda counts: not any(counts.get(one) for one in open_ones))
        results = self.called("results", "outbound_batch_results")
        self.told["results"] = sorted(
            (one["reference_id"], one.get("request_status"))
            for one in map(plain, results(batch_id=BATCH))
        )
        if not FIRST:
            chosen = results(batch_id=BATCH, status="COMPLETED")
            self.told["chosen"] = sorted(one.reference_id for one in chosen)

    def end(self) -> None:
        """Deleted, and refused from then on."""
        reason = {"delete_reason": "übrig"}
        for _ in range(2):
            self.batches.delete(batch_id=BATCH, body_outbound_batch_delete=reason)
        self.told["deleted"] = plain(self.batches.get_by_id(batch_id=BATCH))["deleted_reason"]
        self.told["add to deleted"] = refusal(lambda: self.add(request("z", f"z{AT}")))
        self.told["change deleted"] = refusal(lambda: self.pause(paused=True))
        if hasattr(self.campaigns, "delete"):
            self.campaigns.delete(campaign_id=self.number)
            self.told["deleted campaign"] = refusal(
                lambda: self.campaigns.get_by_id(campaign_id=self.number)
            )

    def refusals(self) -> None:
        """What is wrong from the start."""
        sheet = {"file": {"file_name": "a.xlsx", "content": b"PK\x03\x04rest"}}
        wrong = getattr(self.wrong, "outbound", self.wrong).batches
        self.told["refused"] = {
            "unknown batch": refusal(lambda: self.batches.get_by_id(batch_id="none")),
            "unknown campaign": refusal(
                lambda: self.batches.create(request={"batch_id": "x", "campaign_id": 10**9})
            ),
            "wrong key": refusal(lambda: wrong.get_by_id(batch_id=BATCH)),
            "wrong batch_id": refusal(
                lambda: self.batches.create(request={"batch_id": "a b", "campaign_id": self.number})
            ),
            "long reference": refusal(lambda: self.add(request("r" * 257, f"z{AT}"))),
            "spreadsheet": refusal(
                lambda: self.batches.upload(batch_id=BATCH, body_outbound_batch_upload=sheet)
            ),
        }

    def add(self, one: dict[str, Any]) -> None:
        self.called("add", "outbound_batch_add")(batch_id=BATCH, communication_request=one)

    def pause(self, *, paused: bool) -> None:
        """As the generation says it: the first sends the whole batch, as it was read."""
        if not FIRST:
            change = {"paused": paused}
            self.batches.update(batch_id=BATCH, communication_batch_update=change)
            return
        whole = plain(self.batches.get_by_id(batch_id=BATCH))
        whole |= {"status": "PAUSED" if paused else "ACTIVE"}
        known = SDK.models.CommunicationBatch.model_fields
        whole = {name: value for name, value in whole.items() if name in known}
        self.batches.update(batch_id=BATCH, communication_batch=whole)

    def wait_until(self, condition: Callable[[dict[str, int]], bool]) -> None:
        """Until the counts are such, asked for without the client, whose first generations hide them."""
        deadline = time.monotonic() + DEADLINE
        while not condition(counts()):
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not come to hold: {counts()}")
            time.sleep(0.2)


def counts() -> dict[str, int]:
    """How many requests stand where."""
    get = import_module("httpx").get
    headers = {"Syllable-API-Key": os.environ["API_KEY"]}
    answer = get(f"{os.environ['API_URL']}/api/v1/outbound/batches/{BATCH}", headers=headers)
    return dict(answer.json()["status_counts"])


def items(found: Any) -> Any:
    """A list's items: the first generation has nothing else."""
    return found if isinstance(found, list) else found.items


def main() -> None:
    """Everything in turn."""
    driver = Driver(os.environ["API_URL"], os.environ["API_KEY"])
    driver.make_campaign()
    driver.make_batch()
    driver.refusals()
    driver.dispatch()
    driver.end()
    json.dump(driver.told, sys.stdout)


if __name__ == "__main__":
    main()

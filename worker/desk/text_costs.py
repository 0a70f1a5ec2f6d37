"""Costs of a batch's texts, in segments, before they are sent."""

from typing import BinaryIO

from worker.desk.batches import get_batch
from worker.domain.content.text_costs import MOST_COUNTED, TextCosts, costs_of
from worker.domain.contract.csv_rows import Row, rows
from worker.store import batch_words
from worker.store.batch_words import Words
from worker.store.connect import Connection, Engine, in_transaction


def count_batch(engine: Engine, batch_id: str) -> TextCosts | None:
    """Count the segments of those that wait; None: the batch sends no texts.

    Raises:
        UnknownBatch: there is none.
    """

    def step(connection: Connection) -> TextCosts | None:
        facts = get_batch(connection, batch_id)
        said = batch_words.words_of(connection, facts.id)
        costs = costs_of(said.template)
        if costs is not None:
            for variables in batch_words.waiting(connection, facts.id, most=MOST_COUNTED):
                costs.count(said.template, variables)
        return costs

    return in_transaction(engine, step)


def count_file(engine: Engine, batch_id: str, file: BinaryIO) -> TextCosts | None:
    """Count the segments of a file's rows, as if they were the batch's.

    Raises:
        UnknownBatch: there is none.
        FileFault: the file can't be a batch at all.
    """

    def step(connection: Connection) -> Words:
        return batch_words.words_of(connection, get_batch(connection, batch_id).id)

    said = in_transaction(engine, step)
    costs = costs_of(said.template)
    if costs is None:
        return None
    for row in rows(file):
        if isinstance(row, Row):
            costs.count(said.template, {**said.variables, **row.request_variables})
    return costs

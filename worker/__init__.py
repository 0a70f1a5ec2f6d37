"""The map of the house.

Rooms, and who may ask whom (one way only, checked by import-linter)::

    tasks | web | api | cli | local  doors: queue messages, public and private HTTP, the operator's
                                     command, one machine; `listener` bounds who speaks HTTP
              |
           runtime                   settings become engine, line, limits
              |
      dispatch | desk                use cases: what is done | what an operator reads and edits
              |
      store | providers | limits     the only room with SQL | with an SDK | how fast providers are asked
              |
           domain                    statuses, answers, reports, verdicts: plain Python

Beside them stands `sandbox`, which speaks the providers' wire APIs and knows nothing of ours.

One request's walk, PENDING to COMPLETED:

1. `desk/uploads.py`        an operator's CSV becomes requests, each with a row in the queue table.
                            Whom a target names is read by `domain/recipients/targets.py`: plainly written numbers by
                            `domain/recipients/phone_fast_path.py`, others by `domain/recipients/phone_reading.py`.
2. `dispatch/scan.py`       the scheduler (`tasks/scheduler.py`) claims due ones under a lease and
                            publishes one message per chunk of a batch: ids and the lease's token.
                            `domain/schedule/eligibility.py` says whose turn it is, by rates (`pace.py`), windows
                            (`windows.py`) and caps; `dispatch/selection.py` asks the recipient's own clock.
3. `tasks/deliver.py`       a worker receives the message and calls
   `dispatch/deliver.py`    render, reserve (`limits/gate.py`), begin, send, record: step by step in
                            `dispatch/delivery.py`. `begin` is one function
                            in the database and the only gate to a provider: it writes the attempt before
                            anybody is contacted. Mails that share their words share a request
                            (`dispatch/grouping.py`).
4. `providers/voice.py`     places the call through the SDK; the answer is a value of `domain/evidence/answers.py`.
5. `dispatch/record.py`     judges the answer (`domain/verdicts/`) and writes what it changes. While the
                            store takes nothing it waits (`dispatch/answer_buffer.py`); where its attempt is unknown
                            the database has forgotten, and all is halted (`dispatch/data_loss.py`).
                            A run of one code that nobody knows halts the campaign (`dispatch/unknown_codes.py`).
6. `web/callbacks.py`       the provider reports; the signature is verified, and under load many reports
                            share a transaction (`web/group_commit.py`), in which
   `dispatch/apply_reports.py`     stores each once, judges it by the same rule and writes the change;
                            `dispatch/unmatched_reports.py` hears who says stop where no attempt is found.
   Who answers STOP to a text is heard by `web/inbound.py` (`domain/consent/opt_out_words.py`), who clicks
   on "unsubscribe" by `web/unsubscribe.py`: `desk/opt_outs.py` suppresses the recipient, which
   begin asks last. `dispatch/start_messages.py` lifts the STOPs of whoever wrote START after them.
7. `dispatch/rescue.py`     looks after whatever went silent in between; `dispatch/cancel.py` ends calls
                            that should not go on, `dispatch/deadline_check.py` says early what will be late.

Work also comes in by message: `tasks/triggers.py` (a Celery queue whose every message
`tasks/guard.py` rebuilds or sets aside) and `tasks/stream.py` (a Redis Stream) call
`desk/messages.py`, which stores a message's id with its effect, or a dead letter.

What a campaign's `webhooks` are told is written by a trigger with the change it tells, and posted by
`tasks/webhooks.py` (`dispatch/webhooks.py`).

Who did what, when, through which door and why is one row of the audit, written with the deed
(`store/audit.py`).

Every change of a request's status is counted and written to its history by triggers (see
`store/migrations/sql`), whoever makes it.
"""

"""The map of the house.

Rooms, and who may ask whom (one way only, checked by import-linter)::

    tasks | web | api | cli | local  doors: queue messages, public and private HTTP, the operator's
                                     command, one machine; `listener` bounds who speaks HTTP
              |
           runtime                   settings become engine, loop, limits
              |
      dispatch | desk                use cases: what is done | what an operator reads and edits
              |
      store | providers | limits     the only room with SQL | with an SDK | how fast providers are asked
              |
           domain                    statuses, answers, reports, verdicts: plain Python

Beside them stands `sandbox`, which speaks the providers' wire APIs and knows nothing of ours.

One request's walk, PENDING to COMPLETED:

1. `desk/uploads.py`        an operator's CSV becomes requests, each with a row in the queue table; a file
                            brought over HTTP is kept first (`desk/waiting_uploads.py`) and read by
                            whichever process of the API lives (`api/clerk.py`). The person a target names
                            is read by `domain/recipients/targets.py`: plainly written numbers by
                            `phone_fast_path.py` there, others by `phone_reading.py`.
2. `dispatch/scan.py`       the scheduler (`tasks/scheduler.py`) claims due requests under a lease and
                            publishes one message per chunk of a batch: ids and the lease's token
                            (`tasks/publish.py`). `domain/schedule/eligibility.py` decides which batches
                            may claim, by rates (`pace.py`), windows (`windows.py`) and caps; what a
                            scan learns of one stands in its `dispatch/candidacy.py`, and
                            `dispatch/selection.py` asks the recipient's own clock.
3. `tasks/deliver.py`       a worker receives the message and calls
   `dispatch/deliver.py`    render, reserve (`limits/gate.py`, `limits/bucket.py`), begin, send, record:
                            step by step in `dispatch/delivery.py`. `begin` is one function in the database
                            and the only gate to a provider: it writes the attempt before anybody is
                            contacted. Mails that share their words share a request (`dispatch/grouping.py`).
                            By a mail server each goes alone (`providers/smtp_email.py`), and its last
                            line is what `providers/smtp_transport.py` guards.
                            `dispatch/drafts.py` renders; `delivery_watch.py` there follows it in traces,
                            measures and the log (`attempt_log.py`, `chunk_summary.py`).
                            By which account it goes is the campaign's word; `account_book.py` knows them all.
                            From which source of a pool is chosen once for each recipient
                            (`dispatch/source_choice.py`); `dispatch/permits.py` asks the gate for each. One
                            that carriers turn down rests (`dispatch/source_rest.py`, by the codes of
                            `domain/evidence/source_codes.py`). Texts beyond a carrier's day wait
                            (`dispatch/daily_caps.py`). What bounds a delivery stands in
                            `dispatch/delivery_limits.py`.
                            Where it lists several, `dispatch/ways.py` sorts requests by account
                            (`domain/schedule/account_choice.py`): one moves on by proof alone.
                            `dispatch/account_health.py` takes traffic from one whose answers fail.
4. `providers/voice.py`     places the call through the SDK, on the loop of `dispatch/provider_loop.py`; its
                            answer is a value of `domain/evidence/answers.py`.
5. `dispatch/record.py`     judges the answer (`domain/evidence/judge_answers.py`) and writes what it
                            changes (`attempts.py` there, tries by `retries.py`), counted once
                            (`counted_moves.py`). While the store takes nothing, answers wait in
                            `dispatch/answer_buffer.py`; an answer whose attempt is unknown proves data
                            loss, and all is halted (`dispatch/data_loss.py`). A code that speaks of the
                            sender or the account halts (`dispatch/halt.py`), and so does a run of one
                            unknown code (`dispatch/unknown_codes.py`); one that speaks of a country is
                            only told (`domain/evidence/destination_codes.py`,
                            `dispatch/destinations.py`);
                            `dispatch/probe.py` lifts the halt of a channel whose provider answers again.
6. `web/callbacks.py`       the provider reports (`domain/evidence/reports.py`); body and signature are read
                            by `web/signed.py` and `web/bodies.py`, and under load many reports share a
                            transaction (`web/group_commit.py`). A token that the database does not know
                            tells by its mark (`marks.py` there) whether it was ours. In that transaction
   `dispatch/apply_reports.py`  stores each once, judges it (`domain/evidence/judge_reports.py`) and writes
                            the change. Two contacts for one request are told (`dispatch/double_contact.py`).
7. `dispatch/rescue.py`     looks after attempts that went silent in between; `dispatch/cancel.py` ends
                            calls that should not go on, `dispatch/deadline_check.py` warns of batches
                            that will not finish in time, `dispatch/sweep.py` closes what time decided, and
                            `dispatch/drain.py` waits until nothing of a paused batch can be sent any more.

One opt-out's walk, from STOP to a call that is not placed:

1. `web/inbound.py`         Twilio posts the text; `domain/consent/opt_out_words.py` recognizes STOP
                            (`stop_phrases.py` there: in a sentence). Clicks on "unsubscribe" arrive at
                            `web/unsubscribe.py`, spam reports at `web/callbacks.py`; those that fit no
                            attempt are still heard (`dispatch/unmatched_reports.py`). What arrived is
                            counted (`web/tallies.py`). A key that is pressed during a call arrives at
                            `web/calls_in.py`.
2. `desk/opt_outs.py`       suppresses the recipient: `store/suppressions.py` writes a row for the act, and
                            on the recipient what is in force. `begin` asks last, under the row's lock.
3. `dispatch/start_messages.py`  lifts the STOPs that are older than a START; an operator lifts one row by
                            name (`desk/suppression_lifts.py`).

One doubt's walk, from a worker that died to the answer:

1. `heartbeat.py`           a process whose work goes on says so on its host, and to the database
                            (`dispatch/presence.py`); one that doesn't is missed and ended.
2. `dispatch/rescue.py`     finds attempts whose deadline has passed without an answer
                            (`domain/evidence/timeouts.py`, by the settings: `waits.py`); the doubt
                            stands in the attempt's row (`store/doubts.py`).
3. `providers/twilio_lookup.py`  asks the provider: by sid, else by every spelling of the number; its
                            answer is a value of `domain/evidence/lookups.py`.
4. `domain/evidence/judge_doubts.py`  judges: found means contacted; proven absent means due again;
                            undecided waits and, in the end, is given up as UNRESOLVED. Nobody guesses.
                            Where another account would send it next, the first one must also list what it
                            took later (`dispatch/newer_attempts.py`): whoever is down has lists that lie.
5. `desk/decide.py`         or an operator decides, and that is remembered as a decision.

A process that sends first knows its database (`tasks/start.py`, `dispatch/database_identity.py`). One that
begins attempts stands on the roll (`dispatch/begun.py`, `follower.py`): after a failover it says what it
began last, and where nothing of it is missing all go on (`failover.py`). After a restore
`dispatch/reconcile.py` asks the providers whom they contacted since (`domain/evidence/sent.py`). The
scheduler's duties are done one by one (`dispatch/duty.py`); `dispatch/clock_skew.py` compares clocks.

On one small host two processes do all of it: `tasks/together.py` what sends, `local/http.py` what is
asked and told over HTTP (`local/small.py` starts both).

Work also comes in by message: `tasks/triggers.py` (a Celery queue whose every message
`tasks/guard.py` rebuilds or sets aside) and `tasks/stream.py` (a Redis Stream) call
`tasks/intake.py`, and that `desk/messages.py`, which stores a message's id with its effect, or a dead
letter.

Whoever asks over HTTP shows a key: `api/callers.py` asks `desk/key_ring.py` whose it is. What
programs may ask is listed in `api/app.py`.

What a campaign's `webhooks` are told is written by a trigger with the change it tells, and posted by
`tasks/webhooks.py` (`dispatch/webhooks.py`).

Who did what, when, through which door and why is one row of the audit, written with the deed
(`store/audit.py`). A duty seals what has committed into a chain (`desk/seals.py`).

How long things take is noted in passing by `measures.py`; a process's `dispatch/presence.py` brings it, and
that the process lives, to the database, from where `desk/exposition.py` shows all of them in one place.

What people see and do in a browser is `api/console`: pages of use cases in `desk`, read by `desk/now.py`,
`desk/batch_view.py`, `desk/request_view.py` and `desk/people.py`; whoever sees whom is written down first.
What is done to all that match is a row that any process of the API carries on (`desk/bulk_deeds.py`).

Each step makes a span where somebody collects them (`tracing.py`; `spans.py` is all that knows
OpenTelemetry); a batch keeps the trace it came from, read off a call by `api/traced.py`.

Every change of a request's status is counted and written to its history by triggers (see
`store/functions`, one file for each), whoever makes it. What else is counted for all time, whichever
process counts, is kept by `store/tallies.py`.

Glossary, one word for one thing. In brackets: the class, table or column that holds it.

campaign        who reaches out, when, how often and with which words [domain.contract.campaigns.Campaign]
batch           requests that start, pause, expire and end together [communication_batch]
request         one person to be reached once [communication_request]
channel         voice, sms or email; `mode` on the wire and in `campaign.mode` [domain.statuses.Channel]
target          an address as it was written; read strictly or refused [communication_request.target]
recipient       a person on a channel, by folded address: duplicates, caps, opt-outs [recipient]
due             may be claimed from this moment on [queue.due_at]
eligible        a batch that may claim now, and how many [domain.schedule.eligibility.Claimable]
allowance       attempts a paced batch has earned and not used [domain.schedule.pace.Allowance]
lease           the time for which claimed requests belong to one message [queue.lease_until]
chunk           requests of one batch that travel in one message [store.queue.Chunk]
delivery count  how many workers received a request; the last one poisons it [queue.claims]
permit          leave to make one provider request now [limits.gate.Gate]
attempt         one try to contact, written by `begin` before it happens [attempt]
source          what is sent from: a number, a messaging service, a name, a mailbox [attempt.source]
pool            the sources of a campaign, each with its weight [campaign.pool]
account         of ours at a provider, by which an attempt is made and looked for [attempt.account]
token           what an attempt is known by at the provider [attempt.token]
mark            beside the token: whose request, and when it began, under our key [domain.evidence.marks.Mark]
ticket          what to send, and until when it may be sent [domain.content.tickets.Ticket]
answer          what came back from asking to send: accepted, not sent, refused, unknown
                [domain.evidence.answers.Accepted]
report          what the provider says later, by callback or when asked [domain.evidence.reports.Report]
doubt           an attempt that may or may not have reached somebody [attempt.doubted_at]
lookup          asking the provider about a doubt; it proves, or decides nothing
                [domain.evidence.lookups.Matches]
change          what evidence makes of an attempt and its request [domain.evidence.attempts.Change]
inbox           reports, stored once, until they are applied [inbox]
suppression     an act by which a person is not to be contacted [suppression]
roll            every process that may begin an attempt, and what it began last [domain.roll.Member]
halt            nothing is sent: everywhere, on a channel, for a campaign [halt]
key             what whoever asks over HTTP shows; nobody keeps it [access_key]
caller          who that makes them, and what they may do [domain.callers.Caller]
dead letter     input that could not be accepted, kept whole with the reason [dead_letter]
bulk deed       one deed over all that match, in portions, by whichever process [bulk_deed]
duty            something the scheduler has to do again and again [dispatch.duty.Duty]
"""

-- A row in each table of the first release, as it was: later migrations must carry them over.
INSERT INTO campaign (campaign_name, mode, source, daily_start_time, daily_end_time, active_days, timezone,
                      twiml, webhooks, last_updated_by)
VALUES ('Reminder', 'voice', '+15125550100', '00:00', '23:59:59', '{mon,tue,wed,thu,fri,sat,sun}', 'UTC',
        '<Response/>', '[{"url": "https://example.com/hook"}]', 'ana@example.com');
INSERT INTO communication_batch (batch_id, campaign_id, last_updated_by) VALUES ('B', 1, 'ana@example.com');
INSERT INTO recipient (channel, identity, suppressed_at, suppress_reason)
VALUES ('voice', '+15125550101', NULL, NULL), ('voice', '+15125550102', NULL, NULL),
       ('voice', '+15125550103', '2026-01-01Z', 'unsubscribed');
INSERT INTO suppression (identity, channels, reason, source, act)
VALUES ('+15125550103', '{voice}', 'unsubscribed', 'operator', 'by hand');
INSERT INTO communication_request (batch, recipient, reference_id, target, address, request_variables,
                                   request_status, channel_manager_status, moved_by)
VALUES (1, 1, 'waits', '+15125550101', '+15125550101', '{}', 'PENDING', 'PENDING', 'ingest'),
       (1, 2, 'sent', '+15125550102', '+15125550102', '{}', 'PENDING', 'PENDING', 'ingest'),
       (1, 3, 'opted out', '+15125550103', '+15125550103', '{}', 'SKIPPED', 'PRIOR_UNSUBSCRIBED', 'ingest');
INSERT INTO attempt (request, batch, recipient, channel, source, attempt_number, token, state, send_by,
                     closed_at, sid)
VALUES (2, 1, 2, 'voice', '+15125550100', 1, '00000000-0000-4000-8000-000000000001', 'DONE', '2026-01-01Z',
        '2026-01-01Z', 'CA1');
INSERT INTO sid VALUES ('CA1', 1);
UPDATE communication_request SET request_status = 'INITIATED', attempt = 1, attempt_count = 1,
    moved_by = 'dispatch' WHERE id = 2;
UPDATE communication_request SET request_status = 'COMPLETED', channel_manager_status = 'COMPLETED',
    moved_by = 'callback' WHERE id = 2;
INSERT INTO queue (request, batch, due_at, lease_token, lease_until)
VALUES (1, 1, '2026-01-01Z', '00000000-0000-4000-8000-000000000002', 'infinity');
INSERT INTO inbox (provider, key, report, attempt, applied_at) VALUES ('voice', 'k', '{}', 1, '2026-01-01Z');
INSERT INTO archived_attempt VALUES ('00000000-0000-4000-8000-000000000003', 1, 'CA0');
INSERT INTO heard_act (act) VALUES ('SM1');
INSERT INTO start_message (sid, identity) VALUES ('SM2', '+15125550101');
INSERT INTO message (id, task) VALUES ('m1', 'outreach.batch.create');
INSERT INTO dead_letter (kind, reason, payload) VALUES ('message', 'unreadable', 'x');
INSERT INTO audit (by, door, deed, subject) VALUES ('ana@example.com', 'command', 'pause', 'batch B');
INSERT INTO deployment (profile) VALUES ('production');
INSERT INTO pulse DEFAULT VALUES;
INSERT INTO tally VALUES ('double_contact', 0);
INSERT INTO duty (name, next_at) VALUES ('sweep', '2026-01-01Z');
INSERT INTO halt (scope, key, reason, halted_by) VALUES ('channel', 'sms', 'by hand', 'ana@example.com');

-- How many calls are under way, over all workers: counted where they are written down, by the index
-- attempt_calls. A count kept elsewhere would drift with every worker that dies in mid-call; an attempt is
-- closed by its outcome, whoever records it.
--
-- Twilio ends a call after four hours. One whose outcome never came holds its place no longer.
-- https://www.twilio.com/docs/voice/api/call-resource#parameters: TimeLimit

CREATE OR REPLACE FUNCTION calls_under_way() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM attempt
    WHERE channel = 'voice' AND state IN ('SENDING', 'IN_DOUBT', 'ACCEPTED')
        AND began_at > clock_timestamp() - interval '4 hours'
$$;

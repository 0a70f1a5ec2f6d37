-- A corrected row replaces one that waits: it waits as before, and the history says so.

ALTER TABLE status_transition DROP CONSTRAINT status_transition_moved_check;
ALTER TABLE status_transition ADD CONSTRAINT status_transition_moved_check
    CHECK (from_status IS DISTINCT FROM to_status OR detail IS NOT DISTINCT FROM 'replaced');

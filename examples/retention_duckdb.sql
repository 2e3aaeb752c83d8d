-- Does in DuckDB what `seeker-leads retention apply` does in PostgreSQL, with the table of target-duckdb, but without guards:
-- count the affected rows first. Run it as often as you like.
CREATE TABLE IF NOT EXISTS seeker_leads.seeker_leads_erasure_log (
    lead_id TEXT PRIMARY KEY, reason TEXT NOT NULL, first_seen_at TIMESTAMP NOT NULL, applied_at TIMESTAMP NOT NULL
);
BEGIN;
INSERT INTO seeker_leads.seeker_leads_erasure_log
    SELECT leadid, 'ttl', ttl, now() AT TIME ZONE 'utc'
    FROM seeker_leads.leads WHERE ttl <= now() AT TIME ZONE 'utc'
    ON CONFLICT DO UPDATE SET reason = excluded.reason, first_seen_at = excluded.first_seen_at,
        applied_at = excluded.applied_at;
DELETE FROM seeker_leads.leads WHERE ttl <= now() AT TIME ZONE 'utc';
INSERT INTO seeker_leads.seeker_leads_erasure_log
    SELECT leadid, 'erased', now() AT TIME ZONE 'utc', now() AT TIME ZONE 'utc'
    FROM seeker_leads.leads WHERE iserased
    ON CONFLICT DO NOTHING;
UPDATE seeker_leads.leads
    SET contactrequest = NULL, extra = NULL, iserased = true,
        calldetails = json_merge_patch(calldetails, '{"seekerPhoneNumber": null}')
    WHERE leadid IN (SELECT lead_id FROM seeker_leads.seeker_leads_erasure_log WHERE reason = 'erased');
COMMIT;

{# The leads that are still to be held, in names and types that are easy to query. #}
{{ config(materialized='view') }}

select
    "leadId" as lead_id,
    "ingestionDate" as ingestion_date,
    portal,
    ttl,
    "leadCategory" as category,
    "seekerIntention" as intention,
    "contactRequest" ->> 'firstName' as first_name,
    "contactRequest" ->> 'lastName' as last_name,
    "contactRequest" ->> 'email' as email,
    "contactRequest" -> 'phoneNumbers' -> 0 ->> 'number' as phone_number,
    "contactRequest" ->> 'message' as message,
    property ->> 'classifiedId' as classified_id,
    coalesce("isErased", false) as is_erased
from {{ source('seeker_leads', 'leads') }}
where ttl is null or ttl > now() at time zone 'utc'

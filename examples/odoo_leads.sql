-- Leads of Odoo 16 to 19, with names that the target understands. Run this once in Odoo's database, and replace x_listing
-- (twice) by the name of your own field with the listing's 12 characters.

-- Odoo's notes are HTML: the end of a block becomes a line break, and all other tags are removed.
CREATE OR REPLACE FUNCTION crm_html_to_text(html text) RETURNS text LANGUAGE sql IMMUTABLE AS $function$
WITH entity (name, text) AS (
    VALUES ('amp', '&'), ('lt', '<'), ('gt', '>'), ('quot', '"'), ('apos', ''''), ('nbsp', ' '), ('shy', ''),
        ('agrave', 'à'), ('acirc', 'â'), ('auml', 'ä'), ('ccedil', 'ç'), ('eacute', 'é'), ('egrave', 'è'),
        ('ecirc', 'ê'), ('euml', 'ë'), ('icirc', 'î'), ('iuml', 'ï'), ('ocirc', 'ô'), ('ouml', 'ö'), ('oelig', 'œ'),
        ('ugrave', 'ù'), ('ucirc', 'û'), ('uuml', 'ü'), ('szlig', 'ß'), ('Agrave', 'À'), ('Ccedil', 'Ç'),
        ('Eacute', 'É'), ('Egrave', 'È'), ('Ecirc', 'Ê'), ('laquo', '«'), ('raquo', '»'), ('lsquo', '‘'),
        ('rsquo', '’'), ('ldquo', '“'), ('rdquo', '”'), ('hellip', '…'), ('ndash', '–'), ('mdash', '—'),
        ('deg', '°'), ('sup2', '²'), ('euro', '€')
),
block (html) AS (
    SELECT regexp_replace(
        regexp_replace(
            regexp_replace(translate(html, E'\n\r\u200B\uFEFF', '  '), '<!--.*?-->', '', 'g'),
            '<(style|script)\M.*?</\1>', '', 'gi'
        ),
        '<br\M[^>]*>|</(p|div|li|tr|h[1-6]|blockquote)>', E'\n', 'gi'
    )
),
-- Each entity is decoded once, so that `&amp;lt;` is `&lt;`.
token (text, position) AS (
    SELECT found.parts[1], found.position
    FROM block,
        regexp_matches(regexp_replace(block.html, '<[^>]*>', '', 'g'), '&#?\w+;|[^&]+|&', 'g')
        WITH ORDINALITY AS found (parts, position)
),
numbered (text, position, code) AS (
    SELECT text, position,
        CASE
            WHEN text ~ '^&#\d{1,7};$' THEN substring(text FROM '\d+')::integer
            WHEN text ~* '^&#x[0-9a-f]{1,6};$' THEN ('x' || lpad(substring(text FROM 4 FOR length(text) - 4), 8, '0'))::bit(32)::integer
        END
    FROM token
),
decoded (text) AS (
    SELECT string_agg(
        CASE
            WHEN code BETWEEN 32 AND 55295 OR code BETWEEN 57344 AND 1114111 THEN chr(code)
            WHEN code IS NOT NULL THEN ''
            ELSE coalesce(entity.text, numbered.text)
        END,
        '' ORDER BY position
    )
    FROM numbered LEFT JOIN entity ON numbered.text = '&' || entity.name || ';'
)
SELECT nullif(
    btrim(
        regexp_replace(regexp_replace(text, E'[ \t\u00A0\u202F]+', ' ', 'g'), E' ?\n[ \n]*', E'\n', 'g'),
        E' \n'
    ),
    ''
)
FROM decoded
$function$;

-- The view reads the table through JSON: Odoo 19 has no `mobile`, and a view that names the table's own columns would
-- block Odoo's updates. `title` is not read, because 19 has none; a title within the name is removed.
CREATE OR REPLACE VIEW crm_lead_to_send AS
SELECT
    lead.id,
    nullif(btrim(left(person.name, length(person.name) - length(family.name))), '') AS first_name,
    family.name AS last_name,
    -- Mail gateways write `Camille Laurent <camille.laurent@example.com>`.
    coalesce(substring(lead.email_from FROM '<([^<>]+)>'), lead.email_from) AS email,
    lead.phone,
    lead.mobile,
    coalesce(crm_html_to_text(lead.description), lead.name) AS message,
    upper(lead.x_listing) AS classified_id,
    lead.create_date,
    lead.write_date
FROM crm_lead
CROSS JOIN jsonb_to_record(to_jsonb(crm_lead)) AS lead (
    id integer, name text, type text, active boolean, contact_name text, email_from text, phone text, mobile text,
    description text, x_listing text, create_date timestamp, write_date timestamp
)
-- The name with plain blanks, without a title before it: `Mme`, `M. et Mme`.
CROSS JOIN LATERAL (
    SELECT btrim(
        regexp_replace(
            btrim(regexp_replace(translate(lead.contact_name, E'\u200B\uFEFF', ''), E'[\\s\u00A0\u202F]+', ' ', 'g')),
            '^((M|MM|Mr|Mrs|Ms|Miss|Mme|Mlle|Dr|Monsieur|Madame|Mademoiselle|Docteur)(\. ?| |$)((et|ou|&) )?)+',
            '', 'i'
        )
    )
) AS person (name)
-- The last word, with what belongs to it: `de La Tour`.
CROSS JOIN LATERAL (
    SELECT nullif(
        substring(person.name FROM '(?i)((?:(?:^|(?<= ))(?:de|du|des|la|le|les|van|von|den|der|da|di|del|el|ben) )*[^ ]+)$'),
        ''
    )
) AS family (name)
WHERE lead.type = 'lead' AND lead.active IS NOT FALSE;

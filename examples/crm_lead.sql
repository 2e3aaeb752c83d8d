-- Sample leads in a table as Odoo 16 to 18 make it; Odoo 19 has no `mobile` and no `title`. The view of
-- `odoo_leads.sql` makes of it what the target understands.
CREATE TABLE crm_lead (
    id integer PRIMARY KEY,
    name varchar NOT NULL,            -- the subject
    type varchar NOT NULL,            -- lead, or opportunity once sales has taken it over
    active boolean,                   -- false: archived
    contact_name varchar,
    title integer,                    -- Mr, Mrs …, as the id of another table
    email_from varchar,
    phone varchar,
    mobile varchar,
    description text,                 -- HTML
    x_listing varchar,                -- a field of your own: the listing on the portal
    create_date timestamp NOT NULL,   -- UTC
    write_date timestamp NOT NULL,
    probability numeric(5, 2)
);
INSERT INTO crm_lead VALUES
    (1, 'Appartement Lyon 3', 'lead', true, 'Camille Laurent ', NULL, 'camille.laurent@example.com', '04 65 71 00 01',
     NULL, '<p>Bonjour,<br>l''appartement est-il <b>libre</b> le 1<sup>er</sup>&nbsp;d&eacute;cembre ?</p>',
     '26ABCDEFGHJK', '2026-11-20 08:00:00', '2026-11-20 08:00:00', 12.50),
    (2, 'Maison Villeurbanne', 'lead', true, 'Mme  Anne Marie de La Fontaine', 2,
     'Anne Marie <am.delafontaine@example.com>', NULL, E'06\u00A039\u00A098\u00A012\u00A034', '<p><br></p>',
     '26ABCDEFGHJL', '2026-11-20 09:30:00', '2026-11-21 10:00:00', 30.00),
    (3, 'Visite', 'lead', true, NULL, NULL, 'sans.nom@example.com', '06 39 98 12 35', NULL,
     '<p>Quand puis-je visiter ?</p>', '26ABCDEFGHJM', '2026-11-20 10:15:00', '2026-11-20 10:15:00', 5.00),
    (4, 'Studio Bron', 'opportunity', true, 'Louis Mercier', 1, 'louis.mercier@example.com', '06 39 98 12 36', NULL,
     '<p>Offre faite</p>', '26ABCDEFGHJN', '2026-11-20 11:00:00', '2026-11-22 09:00:00', 80.00),
    (5, 'Loft Lyon 7', 'lead', false, 'Hugo Bernard', NULL, 'hugo.bernard@example.com', '06 39 98 12 37', NULL,
     '<p>Perdu</p>', '26ABCDEFGHJP', '2026-11-20 12:00:00', '2026-11-22 09:30:00', 0.00);

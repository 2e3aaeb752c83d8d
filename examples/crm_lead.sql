-- An Odoo-style table of a CRM. Its columns have names of their own: the stream maps of `target-seeker-leads-odoo` in
-- meltano.yml make them fields of a lead. `phone`, `mobile` and `create_date` are understood without.
CREATE TABLE crm_lead (
    id integer PRIMARY KEY,
    name text NOT NULL,               -- the subject
    type text NOT NULL,               -- lead, or opportunity once sales has taken it over
    contact_name text,
    email_from text,
    phone text,
    mobile text,
    description text,
    x_listing text,                   -- the listing on the portal
    create_date timestamp NOT NULL,   -- UTC
    write_date timestamp NOT NULL,
    probability numeric(5, 2)
);
INSERT INTO crm_lead VALUES
    (1, 'Appartement Lyon 3', 'lead', 'Camille Laurent', 'camille.laurent@example.com', '04 72 00 00 01', NULL,
     'Bonjour, l''appartement est-il libre ?', '26ABCDEFGHJK', '2026-11-20 08:00:00', '2026-11-20 08:00:00', 12.50),
    (2, 'Maison Villeurbanne', 'lead', 'Anne Marie Fontaine', 'am.fontaine@example.com', NULL, '06 12 34 56 01',
     NULL, '26ABCDEFGHJL', '2026-11-20 09:30:00', '2026-11-21 10:00:00', 30.00),
    (3, 'Visite', 'lead', NULL, 'sans.nom@example.com', '06 12 34 56 02', NULL,
     'Quand puis-je visiter ?', '26ABCDEFGHJM', '2026-11-20 10:15:00', '2026-11-20 10:15:00', 5.00),
    (4, 'Studio Bron', 'opportunity', 'Louis Mercier', 'louis.mercier@example.com', '06 12 34 56 03', NULL,
     'Offre faite', '26ABCDEFGHJN', '2026-11-20 11:00:00', '2026-11-22 09:00:00', 80.00);

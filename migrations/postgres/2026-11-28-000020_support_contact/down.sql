ALTER TABLE organisations DROP COLUMN support_contact;

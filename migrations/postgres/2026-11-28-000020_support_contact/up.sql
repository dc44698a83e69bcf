-- Whom the members of an organisation ask for help, as its admins typed it; NULL when nobody is named.
ALTER TABLE organisations ADD COLUMN support_contact TEXT;

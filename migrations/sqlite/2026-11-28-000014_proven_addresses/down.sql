DROP INDEX invitations_by_email;
ALTER TABLE invitations DROP COLUMN channel;
ALTER TABLE members DROP COLUMN password_given_at;
ALTER TABLE members DROP COLUMN address_proven_at;

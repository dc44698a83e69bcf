-- When somebody showed that the address of an account is theirs; NULL while nobody has.
ALTER TABLE members ADD COLUMN address_proven_at BIGINT;
-- When the operator printed the password of an account; NULL once its holder has chosen one.
ALTER TABLE members ADD COLUMN password_given_at BIGINT;
-- How an invitation's link reaches whom it is for; NULL from before this was kept.
ALTER TABLE invitations ADD COLUMN channel TEXT;

CREATE INDEX invitations_by_email ON invitations (email, created_at);

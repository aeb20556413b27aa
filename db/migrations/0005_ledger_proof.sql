CREATE TABLE "ledger_head" (
	"account_id" text PRIMARY KEY NOT NULL,
	"seq" bigint NOT NULL,
	"hash" "bytea" NOT NULL
) WITH (fillfactor = 70);
--> statement-breakpoint
ALTER TABLE "usage_entry" ADD COLUMN "seq" bigint;--> statement-breakpoint
ALTER TABLE "usage_entry" ADD COLUMN "prev_hash" "bytea";--> statement-breakpoint
ALTER TABLE "usage_entry" ADD COLUMN "hash" "bytea";--> statement-breakpoint
-- For new entries at once; validated when the migrator has chained those that were there before.
ALTER TABLE "usage_entry" ADD CONSTRAINT "usage_entry_chained" CHECK (num_nulls("usage_entry"."seq", "usage_entry"."prev_hash", "usage_entry"."hash") = 0) NOT VALID;
--> statement-breakpoint
-- An instant as the ledger's text has it, whatever the settings of a connection.
CREATE FUNCTION hg_iso(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
--> statement-breakpoint
-- The text of an entry that is hashed, one field a line. A text that may be missing begins with "=", so that missing and empty differ.
CREATE FUNCTION hg_entry_hash(e usage_entry) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(concat_ws(E'\n', 'hourglass ledger 1', e.account_id, e.seq, encode(e.prev_hash, 'hex'), e.kind, e.period,
    to_char(e.day, 'YYYY-MM-DD'), coalesce('=' || e.run_id, ''), coalesce(hg_iso(e.from_at), ''), coalesce(hg_iso(e.to_at), ''), e.ms,
    hg_iso(e.created_at), coalesce('=' || e.reason, '')), 'UTF8')) $$;
--> statement-breakpoint
-- Chains the entries an account had before there were chains, oldest first. Later entries are chained as they are written.
CREATE FUNCTION hg_chain_account(account text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head ledger_head;
  entry usage_entry;
BEGIN
  INSERT INTO ledger_head VALUES (account, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
  SELECT * INTO head FROM ledger_head WHERE account_id = account FOR UPDATE;
  FOR entry IN SELECT * FROM usage_entry WHERE account_id = account AND hash IS NULL ORDER BY id LOOP
    entry.seq := head.seq + 1;
    entry.prev_hash := head.hash;
    entry.hash := hg_entry_hash(entry);
    UPDATE usage_entry SET seq = entry.seq, prev_hash = entry.prev_hash, hash = entry.hash WHERE id = entry.id;
    head.seq := entry.seq;
    head.hash := entry.hash;
  END LOOP;
  UPDATE ledger_head SET seq = head.seq, hash = head.hash WHERE account_id = account;
END $$;
--> statement-breakpoint
REVOKE EXECUTE ON FUNCTION hg_chain_account(text) FROM PUBLIC;
--> statement-breakpoint
-- Every new entry continues its account's chain; the head's row keeps writers in line. Works with its owner's rights:
-- who may add entries may still not touch the head.
CREATE FUNCTION usage_entry_continues() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  SELECT h.seq + 1, h.hash INTO NEW.seq, NEW.prev_hash FROM ledger_head h WHERE h.account_id = NEW.account_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM hg_chain_account(NEW.account_id);
    SELECT h.seq + 1, h.hash INTO NEW.seq, NEW.prev_hash FROM ledger_head h WHERE h.account_id = NEW.account_id;
  END IF;
  NEW.hash := hg_entry_hash(NEW);
  UPDATE ledger_head SET seq = NEW.seq, hash = NEW.hash WHERE account_id = NEW.account_id;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER usage_entry_chain BEFORE INSERT ON "usage_entry" FOR EACH ROW EXECUTE FUNCTION usage_entry_continues();
--> statement-breakpoint
-- An entry from before there were chains may get its place in one, once; nothing else ever changes.
CREATE OR REPLACE FUNCTION usage_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.hash IS NULL AND to_jsonb(OLD) - '{seq,prev_hash,hash}'::text[] = to_jsonb(NEW) - '{seq,prev_hash,hash}'::text[] THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'The usage ledger is append-only: write a correcting entry instead.';
END $$;
--> statement-breakpoint
CREATE TRIGGER usage_entry_keeps_all BEFORE TRUNCATE ON "usage_entry" FOR EACH STATEMENT EXECUTE FUNCTION usage_entry_is_append_only();
--> statement-breakpoint
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'The audit is append-only.'; END $$;
--> statement-breakpoint
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON "audit" FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
--> statement-breakpoint
CREATE TRIGGER audit_keeps_all BEFORE TRUNCATE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

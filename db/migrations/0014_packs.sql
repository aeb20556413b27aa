CREATE TABLE "pack" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"pack_id" text NOT NULL,
	"stripe_payment_id" text NOT NULL,
	"seconds" integer NOT NULL,
	"amount" integer NOT NULL,
	"refunded" integer DEFAULT 0 NOT NULL,
	"currency" text NOT NULL,
	"disputed" boolean DEFAULT false NOT NULL,
	"bought_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"quota_ms" bigint NOT NULL,
	CONSTRAINT "pack_stripe_payment_id_unique" UNIQUE("stripe_payment_id"),
	CONSTRAINT "pack_quota" CHECK ("pack"."quota_ms" >= 0 and "pack"."quota_ms" <= "pack"."seconds"::bigint * 1000)
);
--> statement-breakpoint
CREATE TABLE "pack_offer" (
	"pack_id" text PRIMARY KEY NOT NULL,
	"prices" jsonb NOT NULL,
	"stripe_price_id" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "checkout" ALTER COLUMN "plan_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "checkout" ADD COLUMN "pack_id" text;--> statement-breakpoint
ALTER TABLE "usage_day" ADD COLUMN "extra_ms" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "pack" ADD CONSTRAINT "pack_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pack_account" ON "pack" USING btree ("account_id","ends_at");--> statement-breakpoint
ALTER TABLE "checkout" ADD CONSTRAINT "checkout_sells" CHECK (num_nonnulls("checkout"."plan_id", "checkout"."pack_id") = 1) NOT VALID;--> statement-breakpoint
UPDATE "usage_day" d SET extra_ms = e.ms FROM (
  SELECT account_id, day, sum(ms) AS ms FROM usage_entry WHERE period = 'trial' GROUP BY 1, 2) e
WHERE d.account_id = e.account_id AND d.day = e.day;
--> statement-breakpoint
-- What no month pays is summed a day by the database itself, whoever writes the entry.
CREATE FUNCTION usage_entry_adds_extra() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO usage_day (account_id, day, ms, extra_ms) VALUES (NEW.account_id, NEW.day, 0, NEW.ms)
  ON CONFLICT (account_id, day) DO UPDATE SET extra_ms = usage_day.extra_ms + excluded.extra_ms;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER usage_entry_extra AFTER INSERT ON "usage_entry" FOR EACH ROW
  WHEN (NEW.period = 'trial' OR starts_with(NEW.period, 'pack:')) EXECUTE FUNCTION usage_entry_adds_extra();

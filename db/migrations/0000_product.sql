-- The one clock of everything billed: PostgreSQL's own, in whole milliseconds. Tests replace this function to move time.
CREATE FUNCTION hg_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT date_trunc('milliseconds', clock_timestamp()) $$;
--> statement-breakpoint
CREATE FUNCTION hg_ms(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT (extract(epoch FROM at) * 1000)::bigint $$;
--> statement-breakpoint
CREATE TABLE "account" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"status" text NOT NULL,
	"own_plan_id" text NOT NULL,
	"clock_at" timestamp (3) with time zone DEFAULT '1970-01-01' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "account_status" CHECK ("account"."status" in ('pending','active','blocked'))
);
--> statement-breakpoint
CREATE TABLE "api_key" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"name" text NOT NULL,
	"scopes" text[] NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"id" text PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"account_id" text,
	"before" jsonb,
	"after" jsonb,
	"reason" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "member" (
	"account_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	CONSTRAINT "member_account_id_user_id_pk" PRIMARY KEY("account_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "provider_event" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"machine_id" text NOT NULL,
	"type" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"detail" jsonb,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plan" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"monthly_seconds" bigint,
	"once_seconds" bigint,
	"max_sessions" integer NOT NULL,
	"idle_min_seconds" integer NOT NULL,
	"idle_max_seconds" integer NOT NULL,
	"idle_default_seconds" integer NOT NULL,
	"storage_gb" integer NOT NULL,
	"sort" integer NOT NULL,
	"visible" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quota_notice" (
	"account_id" text NOT NULL,
	"period" text NOT NULL,
	"threshold" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "quota_notice_account_id_period_threshold_pk" PRIMARY KEY("account_id","period","threshold"),
	CONSTRAINT "quota_notice_threshold" CHECK ("quota_notice"."threshold" in (80, 95, 100))
);
--> statement-breakpoint
CREATE TABLE "usage_day" (
	"account_id" text NOT NULL,
	"day" date NOT NULL,
	"ms" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_day_account_id_day_pk" PRIMARY KEY("account_id","day")
);
--> statement-breakpoint
CREATE TABLE "usage_entry" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "usage_entry_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"account_id" text NOT NULL,
	"run_id" text,
	"kind" text NOT NULL,
	"period" text NOT NULL,
	"day" date NOT NULL,
	"from_at" timestamp (3) with time zone,
	"to_at" timestamp (3) with time zone,
	"ms" bigint NOT NULL,
	"reason" text,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	CONSTRAINT "usage_entry_kind" CHECK ("usage_entry"."kind" in ('run','credit','adjustment')),
	CONSTRAINT "usage_entry_sign" CHECK ("usage_entry"."kind" <> 'run' or "usage_entry"."ms" > 0)
);
--> statement-breakpoint
CREATE TABLE "usage_period" (
	"account_id" text NOT NULL,
	"period" text NOT NULL,
	"quota_ms" bigint,
	"forgiven_ms" bigint DEFAULT 0 NOT NULL,
	"used_ms" bigint DEFAULT 0 NOT NULL,
	"held_ms" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_period_account_id_period_pk" PRIMARY KEY("account_id","period"),
	CONSTRAINT "usage_period_held" CHECK ("usage_period"."held_ms" >= 0 and "usage_period"."forgiven_ms" >= 0),
	CONSTRAINT "usage_period_within_quota" CHECK ("usage_period"."used_ms" + "usage_period"."held_ms" <= "usage_period"."quota_ms" + "usage_period"."forgiven_ms")
);
--> statement-breakpoint
CREATE TABLE "lease" (
	"run_id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"segments" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "run" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"session_id" text NOT NULL,
	"status" text NOT NULL,
	"start_key" text,
	"machine_id" text,
	"region" text NOT NULL,
	"admitted_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"metered_to" timestamp (3) with time zone NOT NULL,
	"proof_at" timestamp (3) with time zone NOT NULL,
	"lease_ms" bigint NOT NULL,
	"lease_until" timestamp (3) with time zone NOT NULL,
	"final" boolean DEFAULT false NOT NULL,
	"idle_stop_seconds" integer,
	"last_input_at" timestamp (3) with time zone,
	"metrics" jsonb,
	"agent_boot_id" text,
	"agent_seq" integer,
	"stop_requested_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"end_reason" text,
	"failure" text,
	"due_at" timestamp (3) with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"missing_since" timestamp (3) with time zone,
	"used_ms" bigint DEFAULT 0 NOT NULL,
	"overrun_ms" bigint DEFAULT 0 NOT NULL,
	"lease_run_id" text GENERATED ALWAYS AS (case when status in ('starting','running') then id end) STORED,
	CONSTRAINT "run_order" CHECK ("run"."metered_to" <= "run"."lease_until" and "run"."proof_at" <= "run"."lease_until"),
	CONSTRAINT "run_status" CHECK ("run"."status" in ('starting','running','stopping','stopped','failed')),
	CONSTRAINT "run_ended" CHECK (("run"."ended_at" is null) = ("run"."status" in ('starting','running','stopping'))),
	CONSTRAINT "run_due_while_open" CHECK (("run"."due_at" is null) = ("run"."ended_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "session" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"name" text NOT NULL,
	"agent" text NOT NULL,
	"region" text NOT NULL,
	"size" text NOT NULL,
	"volume_id" text,
	"last_run_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"deleted_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "account" ADD CONSTRAINT "account_own_plan_id_plan_id_fk" FOREIGN KEY ("own_plan_id") REFERENCES "public"."plan"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run" ADD CONSTRAINT "run_session_id_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."session"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session" ADD CONSTRAINT "session_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_created" ON "account" USING btree ("created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "api_key_hash" ON "api_key" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "api_key_account" ON "api_key" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "audit_account" ON "audit" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "member_user" ON "member" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "provider_event_run" ON "provider_event" USING btree ("run_id","at");--> statement-breakpoint
CREATE INDEX "usage_entry_account" ON "usage_entry" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "usage_entry_run" ON "usage_entry" USING btree ("run_id") WHERE run_id is not null;--> statement-breakpoint
CREATE INDEX "lease_account" ON "lease" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "run_due" ON "run" USING btree ("due_at") WHERE due_at is not null;--> statement-breakpoint
CREATE INDEX "run_open_account" ON "run" USING btree ("account_id") WHERE ended_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "run_open_session" ON "run" USING btree ("session_id") WHERE status in ('starting','running','stopping');--> statement-breakpoint
CREATE UNIQUE INDEX "run_machine" ON "run" USING btree ("machine_id") WHERE status in ('starting','running','stopping');--> statement-breakpoint
CREATE UNIQUE INDEX "run_start_key" ON "run" USING btree ("account_id","start_key");--> statement-breakpoint
CREATE INDEX "run_account" ON "run" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "run_session" ON "run" USING btree ("session_id","id");--> statement-breakpoint
CREATE INDEX "session_account" ON "session" USING btree ("account_id","created_at") WHERE deleted_at is null;
--> statement-breakpoint
-- The choke point: a run that starts or runs must own a lease when its transaction commits.
ALTER TABLE "run" ADD CONSTRAINT "run_needs_lease" FOREIGN KEY ("lease_run_id") REFERENCES "lease"("run_id") DEFERRABLE INITIALLY DEFERRED;
--> statement-breakpoint
ALTER TABLE "lease" ADD CONSTRAINT "lease_of_run" FOREIGN KEY ("run_id") REFERENCES "run"("id") DEFERRABLE INITIALLY DEFERRED;
--> statement-breakpoint
CREATE FUNCTION usage_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'The usage ledger is append-only: write a correcting entry instead.'; END $$;
--> statement-breakpoint
CREATE TRIGGER usage_entry_append_only BEFORE UPDATE OR DELETE ON "usage_entry" FOR EACH ROW EXECUTE FUNCTION usage_entry_is_append_only();
--> statement-breakpoint
ALTER TABLE "account" SET (fillfactor = 70);
--> statement-breakpoint
ALTER TABLE "usage_period" SET (fillfactor = 70);
--> statement-breakpoint
ALTER TABLE "run" SET (fillfactor = 80);

CREATE TABLE "port_share" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"session_id" text NOT NULL,
	"port" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT hg_clock() NOT NULL,
	CONSTRAINT "port_share_range" CHECK ("port_share"."port" between 1 and 65535)
);
--> statement-breakpoint
ALTER TABLE "port_share" ADD CONSTRAINT "port_share_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "port_share" ADD CONSTRAINT "port_share_session_id_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."session"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "port_share_port" ON "port_share" USING btree ("session_id","port");--> statement-breakpoint
CREATE INDEX "port_share_account" ON "port_share" USING btree ("account_id");
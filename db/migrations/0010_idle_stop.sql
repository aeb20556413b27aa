ALTER TABLE "run" ADD COLUMN "last_work_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "idle_stop_seconds" integer;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "awake_from" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "awake_until" timestamp (3) with time zone;
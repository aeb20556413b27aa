CREATE TABLE "usage_mark" (
	"hash" text NOT NULL,
	"period" text NOT NULL,
	"used_ms" bigint NOT NULL,
	CONSTRAINT "usage_mark_hash_period_pk" PRIMARY KEY("hash","period")
);

import type { Migration } from './sql/migrations.ts';

/**
 * One step per version. Never change one that was released.
 *
 * Every text is of collation "C": bytes compare faster than any language's letters, and two ids that some language takes for one are two.
 * `fillfactor` leaves room on each page, so that a record's next writes stay beside it and no index is told (HOT): rows that were inserted
 * together are updated together, each twice within a minute, and at 60 (tried) some of them found their page full.
 * `journal` numbers never come back, which cursors rest on.
 */
export const POSTGRES_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE countersign_records (
         kind text COLLATE "C" NOT NULL,
         partition text COLLATE "C" NOT NULL,
         id text COLLATE "C" NOT NULL,
         version text COLLATE "C" NOT NULL,
         body text COLLATE "C" NOT NULL,
         expires_at bigint,
         PRIMARY KEY (kind, partition, id)
       ) WITH (fillfactor = 50)`,
      'CREATE INDEX countersign_records_expires_at ON countersign_records (expires_at) WHERE expires_at IS NOT NULL',
      `CREATE TABLE countersign_journal (
         seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         at bigint NOT NULL,
         service text COLLATE "C" NOT NULL,
         type text COLLATE "C" NOT NULL,
         destination text COLLATE "C" NOT NULL,
         data text COLLATE "C" NOT NULL
       )`,
      'CREATE INDEX countersign_journal_at ON countersign_journal (at)',
      'CREATE INDEX countersign_journal_destination ON countersign_journal (destination, seq)',
    ],
  },
];

/** The table of versions is made beside the first step; `pinged_at` is what a ping writes. */
export const POSTGRES_SCHEMA_TABLE = `CREATE TABLE IF NOT EXISTS countersign_schema (
  version integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  pinged_at timestamptz
)`;

/** Of all advisory locks of a database, the one that migrations take: "csgn" in ASCII. */
export const POSTGRES_MIGRATION_LOCK = 0x6373_676e;

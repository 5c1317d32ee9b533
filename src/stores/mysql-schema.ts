import type { Migration } from './sql/migrations.ts';

/**
 * One step per version. Never change one that was released. The server commits after each statement, so that each may be met again by a step that
 * was interrupted: `IF NOT EXISTS`.
 *
 * Keys and versions are bytes: every collation of text takes some letters, or a blank at the end, for the same. Bodies are bytes as well, UTF-8, so
 * that no setting of a connection changes them.
 */
export const MYSQL_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE IF NOT EXISTS countersign_records (
  kind VARBINARY(64) NOT NULL,
  \`partition\` VARBINARY(255) NOT NULL,
  id VARBINARY(1024) NOT NULL,
  version VARBINARY(83) NOT NULL,
  body MEDIUMBLOB NOT NULL,
  expires_at BIGINT NULL,
  PRIMARY KEY (kind, \`partition\`, id),
  KEY countersign_records_expires_at (expires_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC`,
      `CREATE TABLE IF NOT EXISTS countersign_journal (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  at BIGINT NOT NULL,
  service VARBINARY(255) NOT NULL,
  type VARBINARY(64) NOT NULL,
  destination VARBINARY(255) NOT NULL,
  data MEDIUMBLOB NOT NULL,
  PRIMARY KEY (seq),
  KEY countersign_journal_at (at),
  KEY countersign_journal_destination (destination)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC`,
    ],
  },
];

/** The table of versions is made beside the first step; `pinged_at` is what a ping writes. */
export const MYSQL_SCHEMA_TABLE = `CREATE TABLE IF NOT EXISTS countersign_schema (
  version INT NOT NULL PRIMARY KEY,
  applied_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  pinged_at BIGINT NULL
) ENGINE = InnoDB`;

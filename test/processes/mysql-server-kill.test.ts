import { it } from 'vitest';
import { MYSQL } from '../stores/sql-servers.ts';
import { itSurvivesKillsOfTheServer } from './sql-server-kill.ts';

// Open: on a machine that is not busy about one run in three finds an answered wrong guess that is gone after kill -9 of MariaDB. Why is not known yet;
// docs/mysql.md says so. `COUNTERSIGN_OPEN=1 npx vitest run test/processes/mysql-server-kill.test.ts` runs it.
if (process.env.COUNTERSIGN_OPEN === '1') itSurvivesKillsOfTheServer(MYSQL);
// biome-ignore lint/suspicious/noSkippedTests: a promise that is not kept must not look like one that is, and the count shall show it.
else it.skip('OPEN, fails about one run in three: mysql: kill -9 of the server under load loses no answered approval or refusal', () => undefined);

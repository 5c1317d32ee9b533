import { MYSQL } from '../stores/sql-servers.ts';
import { itSurvivesKillsOfTheServer } from './sql-server-kill.ts';

itSurvivesKillsOfTheServer(MYSQL);

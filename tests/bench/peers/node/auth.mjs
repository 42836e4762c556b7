// better-auth with its api-key plugin, as its documentation sets it up on SQLite. Its own rate limit of ten requests
// a day is off.
import { apiKey } from "@better-auth/api-key";
import { betterAuth } from "better-auth";
import Database from "better-sqlite3";

export function open(folder) {
  const database = new Database(`${folder}/better-auth.db`);
  database.pragma("journal_mode = WAL");
  const options = {
    database,
    baseURL: "http://127.0.0.1",
    secret: "of no use: there are no sessions here",
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [apiKey({ rateLimit: { enabled: false } })],
  };
  return { auth: betterAuth(options), database, options };
}

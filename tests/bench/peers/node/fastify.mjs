// A bearer check as people write it by hand: `node fastify.mjs seed FOLDER NUMBER`, `node fastify.mjs serve FOLDER PORT`.
import Database from "better-sqlite3";
import Fastify from "fastify";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

const [what, folder, number] = process.argv.slice(2);
const database = new Database(`${folder}/fastify.db`);
database.pragma("journal_mode = WAL");

const digest = (token) => createHash("sha256").update(token).digest();

function seed(number) {
  database.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE tokens (digest BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users) WITHOUT ROWID;
  `);
  const insertUser = database.prepare("INSERT INTO users (id, name) VALUES (?, ?)");
  const insertToken = database.prepare("INSERT INTO tokens (digest, user_id) VALUES (?, ?)");
  const tokens = Array.from({ length: number }, () => `pat_${randomBytes(32).toString("hex")}`);
  database.transaction(() => {
    tokens.forEach((token, n) => {
      insertUser.run(n, `user${n}`);
      insertToken.run(digest(token), n);
    });
  })();
  writeFileSync(`${folder}/tokens.txt`, tokens.join("\n") + "\n");
}

async function serve(port) {
  const find = database.prepare("SELECT u.name FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.digest = ?");
  const app = Fastify();
  app.decorateRequest("user", null);
  app.addHook("onRequest", async (request, reply) => {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    request.user = scheme === "Bearer" && token ? find.get(digest(token)) : undefined;
    if (!request.user) return reply.code(401).send({ error: "Unauthorized" });
  });
  app.get("/me", async (request) => ({ user: request.user.name }));
  await app.listen({ port, host: "127.0.0.1" });
}

if (what === "seed") seed(Number(number));
else await serve(Number(number));

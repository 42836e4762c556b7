// One route behind a key: `node better-auth.mjs seed FOLDER NUMBER`, `node better-auth.mjs serve FOLDER PORT`.
import { defaultKeyHasher } from "@better-auth/api-key";
import { getMigrations } from "better-auth/db/migration";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { open } from "./auth.mjs";

const [what, folder, number] = process.argv.slice(2);
const { auth, database, options } = open(folder);

// Every row as the first one, which better-auth made itself.
async function seed(number) {
  await (await getMigrations(options)).runMigrations();
  const user = { name: "user0", email: "user0@example.com", password: "correct horse battery staple" };
  const { user: { id } } = await auth.api.signUpEmail({ body: user });
  const first = await auth.api.createApiKey({ body: { name: "bench", userId: id } });
  const [userRow] = database.prepare('SELECT * FROM "user"').all();
  const [keyRow] = database.prepare("SELECT * FROM apikey").all();
  const insert = (table, row) => {
    const columns = Object.keys(row);
    const names = columns.map((column) => `"${column}"`).join(", ");
    return database.prepare(`INSERT INTO "${table}" (${names}) VALUES (${columns.map((it) => `@${it}`).join(", ")})`);
  };
  const [insertUser, insertKey] = [insert("user", userRow), insert("apikey", keyRow)];
  const keys = [first.key];
  const rows = [];
  for (let n = 1; n < number; n++) {
    const key = randomBytes(48).toString("base64url").replaceAll(/[-_]/g, "a");
    keys.push(key);
    const owner = `user${n}`;
    rows.push([
      { ...userRow, id: owner, name: owner, email: `${owner}@example.com` },
      { ...keyRow, id: `key${n}`, key: await defaultKeyHasher(key), start: key.slice(0, 6), referenceId: owner },
    ]);
  }
  database.transaction(() => {
    for (const [userRow, keyRow] of rows) {
      insertUser.run(userRow);
      insertKey.run(keyRow);
    }
  })();
  writeFileSync(`${folder}/tokens.txt`, keys.join("\n") + "\n");
}

function answer(reply, status, body) {
  reply.writeHead(status, { "content-type": "application/json" });
  reply.end(JSON.stringify(body));
}

async function handle(request, reply) {
  const key = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
  const { valid, key: found } = await auth.api.verifyApiKey({ body: { key } });
  if (!valid) return answer(reply, 401, { error: "Unauthorized" });
  answer(reply, 200, { user: found.referenceId });
}

if (what === "seed") {
  await seed(Number(number));
} else {
  createServer({ keepAliveTimeout: 60_000 }, (request, reply) => {
    handle(request, reply).catch(() => answer(reply, 500, { error: "Internal" }));
  }).listen(Number(number), "127.0.0.1");
}

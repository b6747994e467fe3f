// One program: takes the steps that it knows and prints what each answered (tests/interop/__init__.py).

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

export const given = JSON.parse(readFileSync(process.argv[2], "utf8"));

/** The files that are put whole, by key, but for the one that is put with its content type. */
export function smallObjects() {
  return readdirSync(given.folder, { recursive: true })
    .map((name) => join(given.folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [relative(given.folder, path), path])
    .filter(([key]) => key !== given.large && key !== given.plain);
}

export function sha256(contents) {
  return createHash("sha256").update(contents).digest("hex");
}

/** Take the steps that are both asked for and known. */
export async function take(client, version, steps) {
  tell({ client, version });
  for (const step of given.steps) {
    if (!(step in steps)) continue;
    try {
      tell({ step, answer: await steps[step]() });
    } catch (error) {
      tell({ step, failed: String(error.stack ?? error) });
    }
  }
}

function tell(entry) {
  process.stdout.write(JSON.stringify(entry) + "\n");
}

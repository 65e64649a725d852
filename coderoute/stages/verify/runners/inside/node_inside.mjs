// A reporter for `node --test` that writes JUnit XML with the file and the suites of each test, for Node 18.15 and
// later. Node's own junit reporter names no file (Node 20) and lets control characters through, which no XML may hold.
// The report is this file's name with the process id and `.xml` behind it, and appears only when the run came to its
// end. Its text is put into the sandbox.
import { renameSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

const plain = (text) =>
  String(text).replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, (found) =>
    `\\u${found.codePointAt(0).toString(16).padStart(4, "0")}`);

const escaped = (text) =>
  plain(text).replace(/[&<>"\t\n\r]/g, (found) => `&#${found.charCodeAt(0)};`);

const why = (error) => {
  const cause = error?.cause ?? error;
  return cause?.stack ?? (typeof cause === "string" ? cause : inspect(cause));
};

// A script without tests, or one that broke, is reported as a test with the script's name.
const isScript = (data) => data.file !== undefined && resolve(data.name) === resolve(data.file);

function testcase(data, names, failed) {
  const parts = isScript(data) ? ["", ""] : [names.slice(0, -1).join("::"), data.name];
  const inside =
    data.skip !== undefined && data.skip !== false ? "<skipped/>"
    : data.todo !== undefined && data.todo !== false ? "<skipped/>"
    : failed ? `<failure>${escaped(why(data.details?.error))}</failure>`
    : "";
  const [classname, name] = parts.map(escaped);
  const file = data.file === undefined ? "" : ` file="${escaped(resolve(data.file))}"`;
  return `<testcase classname="${classname}" name="${name}"${file}>${inside}</testcase>\n`;
}

export default async function* report(source) {
  const lines = [];
  let names = []; // of the test that started last, outermost first
  for await (const { type, data } of source) {
    if (type !== "test:start" && type !== "test:pass" && type !== "test:fail") continue;
    names = [...names.slice(0, data.nesting), data.name];
    if (type === "test:start") continue;
    const suite = data.details?.type === "suite";
    const failed = type === "test:fail";
    // A suite is worth a word only when it failed by itself, in a hook.
    if (suite && !(failed && data.details?.error?.failureType !== "subtestsFailed")) continue;
    lines.push(testcase(data, names.filter((name) => !isScript({ ...data, name })), failed));
  }
  const target = `${fileURLToPath(import.meta.url)}.${process.pid}.xml`;
  writeFileSync(`${target}.part`, `<testsuites><testsuite>\n${lines.join("")}</testsuite></testsuites>\n`);
  renameSync(`${target}.part`, target);
}

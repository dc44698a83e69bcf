// node drive.mjs SNIPPET HEADER SECRET <body: says what the snippet on the page of the guide makes of a delivery.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [snippet, header, secret] = process.argv.slice(2);
const { verify } = await import(pathToFileURL(snippet));
console.log(verify(readFileSync(0), header, secret) ? "accepted" : "refused");

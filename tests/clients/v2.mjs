// The TypeScript SDK v2, negotiating the newest protocol: lists tools, calls one, checks a value.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";

const [kind, target] = process.argv.slice(2);
const transport =
  kind === "stdio"
    ? new StdioClientTransport({ command: target, args: ["mcp", "salesforce"], env: process.env })
    : new StreamableHTTPClientTransport(new URL(target));
const client = new Client({ name: "gangway-check", version: "2.0.0" }, { versionNegotiation: { mode: "auto" } });
await client.connect(transport);

const { tools } = await client.listTools();
assert.equal(tools.length, 8);
const found = await client.callTool({ name: "salesforce.get_account", arguments: { account_id: "ACME-001" } });
assert.equal(found.structuredContent.account.name, "ACME Corp");
await client.close();

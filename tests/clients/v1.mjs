// The TypeScript SDK v1 (protocol 2025-11-25): lists tools, calls one, checks a value and a readable refusal.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import assert from "node:assert/strict";

const [kind, target] = process.argv.slice(2);
const transport =
  kind === "stdio"
    ? new StdioClientTransport({ command: target, args: ["mcp", "salesforce"], env: process.env })
    : new StreamableHTTPClientTransport(new URL(target));
const client = new Client({ name: "gangway-check", version: "1.0.0" });
await client.connect(transport);

const { tools } = await client.listTools();
assert.equal(tools.length, 8);
const tool = tools.find((t) => t.name === "salesforce.get_account");
assert.equal(tool.annotations.readOnlyHint, true);

const found = await client.callTool({ name: "salesforce.get_account", arguments: { account_id: "ACME-001" } });
assert.equal(found.structuredContent.account.name, "ACME Corp");
const missing = await client.callTool({ name: "salesforce.get_account", arguments: { account_id: "MISSING-999" } });
assert.equal(missing.structuredContent.account, null);
const refused = await client.callTool({ name: "salesforce.get_account", arguments: { account_id: "A'B" } });
assert.equal(refused.isError, true);
assert.equal(JSON.parse(refused.content[0].text).error_type, "validation");
await client.close();

// The TypeScript SDK v1 (protocol 2025-11-25): lists tools, calls one, checks a value and a readable refusal,
// reads a resource, gets a prompt.
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
// A launched server only reads unless its launch says otherwise.
assert.equal(tools.length, kind === "stdio" ? 7 : 8);
const tool = tools.find((t) => t.name === "salesforce.get_account");
assert.equal(tool.annotations.readOnlyHint, true);

const found = await client.callTool({ name: "salesforce.get_account", arguments: { account_id: "ACME-001" } });
assert.equal(found.structuredContent.account.name, "ACME Corp");
const missing = await client.callTool({ name: "salesforce.get_account", arguments: { account_id: "MISSING-999" } });
assert.equal(missing.structuredContent.account, null);
const refused = await client.callTool({ name: "salesforce.get_account", arguments: { account_id: "A'B" } });
assert.equal(refused.isError, true);
assert.equal(JSON.parse(refused.content[0].text).error_type, "validation");
const { resourceTemplates } = await client.listResourceTemplates();
assert.deepEqual(resourceTemplates.map((t) => t.uriTemplate), ["gangway://accounts/{account_id}/salesforce"]);
const read = await client.readResource({ uri: "gangway://accounts/ACME-001/salesforce" });
assert.equal(JSON.parse(read.contents[0].text).account.name, "ACME Corp");
await assert.rejects(client.readResource({ uri: "gangway://accounts/MISSING-999/salesforce" }), /there is no resource at/);
const { prompts } = await client.listPrompts();
assert.deepEqual(prompts.map((p) => p.name), ["check_deal_data"]);
const filled = await client.getPrompt({ name: "check_deal_data", arguments: { account_id: "ACME-001" } });
assert.match(filled.messages[0].content.text, /ACME-001/);
assert.match(filled.messages[1].content.resource.text, /ACME Corp/);
const completed = await client.complete({
  ref: { type: "ref/prompt", name: "check_deal_data" }, argument: { name: "account_id", value: "AC" },
});
assert.ok(Array.isArray(completed.completion.values));
await client.close();

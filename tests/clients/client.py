"""The Python SDK against `gangway mcp salesforce`: lists tools, calls one, reads a resource, gets a prompt."""

import asyncio
import os
import sys

from mcp import Client, MCPError, StdioServerParameters


async def main() -> None:
    kind, target, mode = sys.argv[1:4]
    if kind == "stdio":
        where = StdioServerParameters(command=target, args=["mcp", "salesforce"], env=dict(os.environ))
    else:
        where = target
    async with Client(where, mode=mode) as client:
        listed = await client.list_tools()
        names = [tool.name for tool in listed.tools]
        assert "salesforce.get_onboarding_bundle" in names, names
        found = await client.call_tool("salesforce.get_account", {"account_id": "ACME-001"})
        assert found.structured_content["account"]["name"] == "ACME Corp", found
        refused = await client.call_tool("salesforce.get_account", {"account_id": "A/B"})
        assert refused.is_error, refused

        templates = await client.list_resource_templates()
        addresses = [template.uri_template for template in templates.resource_templates]
        assert addresses == ["gangway://accounts/{account_id}/salesforce"], addresses
        read = await client.read_resource("gangway://accounts/ACME-001/salesforce")
        assert "ACME Corp" in read.contents[0].text, read
        try:
            await client.read_resource("gangway://accounts/MISSING-999/salesforce")
            raise AssertionError("a resource that is not there was read")
        except MCPError as error:
            assert "there is no resource at" in str(error), error
        prompts = await client.list_prompts()
        assert [prompt.name for prompt in prompts.prompts] == ["check_deal_data"], prompts
        filled = await client.get_prompt("check_deal_data", {"account_id": "ACME-001"})
        assert "ACME-001" in filled.messages[0].content.text, filled
        assert "ACME Corp" in filled.messages[1].content.resource.text, filled


asyncio.run(main())

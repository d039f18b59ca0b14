"""The Python SDK against `gangway mcp salesforce`: lists tools, calls one, checks a value."""

import asyncio
import os
import sys

from mcp import Client, StdioServerParameters


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


asyncio.run(main())

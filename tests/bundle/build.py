"""Writes the manifest of the .mcpb bundle or the registry's server.json, and checks what their tools do not.

manifest FOLDER TOOLS_JSON VERSION           a bundle's manifest.json, with the tools the server really lists
server FOLDER BUNDLE VERSION                 server.json, with the bundle's digest, checked against the registry's demands
gateway YAML TOOLS_JSON                      the gateway example's shape, and that the tools it names exist
"""

import hashlib
import json
import pathlib
import re
import sys

DESCRIPTION = "Enterprise customer onboarding: why an account is blocked, and what frees it."
REPOSITORY = "https://github.com/northwind-cloud/gangway"


def manifest(folder, tools_json, version):
    tools = json.loads(pathlib.Path(tools_json).read_text())["tools"]
    for tool in tools:
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool["name"]), f"Claude Desktop refuses {tool['name']}"
        assert tool["annotations"]["title"] and "readOnlyHint" in tool["annotations"], tool["name"]
    text = {
        "manifest_version": "0.3",
        "name": "gangway",
        "display_name": "Gangway",
        "version": version,
        "description": DESCRIPTION,
        "author": {"name": "Northwind Cloud", "url": "https://northwind.example"},
        "license": "Apache-2.0",
        "repository": {"type": "git", "url": REPOSITORY},
        "server": {
            "type": "binary",
            "entry_point": "server/gangway",
            "mcp_config": {
                "command": "${__dirname}/server/gangway",
                "args": ["mcp", "onboarding", "--tool-names", "underscore"],
                "env": {
                    "GANGWAY_DATA_DIR": "${user_config.data_dir}",
                    "GANGWAY_CONFIG": "${user_config.config_file}",
                },
            },
        },
        "tools": [{"name": tool["name"], "description": tool["description"]} for tool in tools],
        "user_config": {
            "data_dir": {
                "type": "directory",
                "title": "Data folder",
                "description": "Where runs, tasks and the audit are kept.",
                "required": True,
                "default": "${HOME}/gangway-data",
            },
            "config_file": {
                "type": "file",
                "title": "Configuration file",
                "description": "gangway.toml: the policy, and your systems. Without it vendors are simulated.",
                "required": False,
                "default": "",
            },
        },
        "compatibility": {"platforms": ["linux"]},
    }
    pathlib.Path(folder, "manifest.json").write_text(json.dumps(text, indent=2) + "\n")


def server(folder, bundle, version):
    digest = hashlib.sha256(pathlib.Path(bundle).read_bytes()).hexdigest()
    text = {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": "io.github.northwind-cloud/gangway",
        "title": "Gangway",
        "description": DESCRIPTION,
        "repository": {"url": REPOSITORY, "source": "github"},
        "version": version,
        "packages": [
            {
                "registryType": "mcpb",
                "identifier": f"{REPOSITORY}/releases/download/v{version}/gangway-mcp-{version}.mcpb",
                "version": version,
                "fileSha256": digest,
                "transport": {"type": "stdio"},
                "environmentVariables": [
                    {"name": "GANGWAY_DATA_DIR", "description": "Data folder", "isRequired": True, "format": "filepath"}
                ],
            }
        ],
    }
    check_server(text)
    pathlib.Path(folder, "server.json").write_text(json.dumps(text, indent=2) + "\n")


def check_server(text):
    """What the registry's published schema and its validators demand of a server with a bundle."""
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", text["name"]) and 3 <= len(text["name"]) <= 200
    assert 1 <= len(text["description"]) <= 100, "the registry takes descriptions of at most 100 characters"
    assert 1 <= len(text["title"]) <= 100
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", text["version"]), "a version, not a range"
    assert set(text["repository"]) >= {"url", "source"}
    for package in text["packages"]:
        known = {"registryType", "identifier", "version", "fileSha256", "transport", "environmentVariables"}
        assert set(package) <= known, set(package) - known
        assert package["registryType"] == "mcpb" and package["version"] == text["version"]
        assert package["identifier"].startswith("https://github.com/") and "mcp" in package["identifier"]
        assert re.fullmatch(r"[a-f0-9]{64}", package["fileSha256"])
        assert package["transport"]["type"] in ("stdio", "streamable-http", "sse")
        for variable in package["environmentVariables"]:
            assert variable["name"] and variable["format"] in ("string", "number", "boolean", "filepath")


def gateway(path, tools_json):
    import yaml

    known = {tool["name"] for tool in json.loads(pathlib.Path(tools_json).read_text())["tools"]}
    text = yaml.safe_load(pathlib.Path(path).read_text())
    for bind in text["binds"]:
        assert isinstance(bind["port"], int)
        for route in (route for listener in bind["listeners"] for route in listener["routes"]):
            for rule in route["policies"]["mcpAuthorization"]["rules"]:
                named = re.findall(r'mcp\.tool\.name == "([^"]+)"', rule)
                assert named and set(named) <= known, f"no such tool: {rule}"
            for backend in route["backends"]:
                assert backend["mcp"]["prefixMode"] in ("always", "conditional", "never")
                assert backend["mcp"]["failureMode"] in ("failOpen", "failClosed")
                names = [target["name"] for target in backend["mcp"]["targets"]]
                assert len(set(names)) == len(names)
                assert not any("_" in name for name in names), "a target's name must not contain the separator"
                assert all(("mcp" in target) != ("stdio" in target) for target in backend["mcp"]["targets"])


{"manifest": manifest, "server": server, "gateway": gateway}[sys.argv[1]](*sys.argv[2:])

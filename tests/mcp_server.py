"""An MCP server over stdio, as small as one can be: a wiki that looks words up, and tells of its environment.

Run as a program of its own: `python tests/mcp_server.py`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

TOOLS = [
    {
        "name": name,
        "description": f"{name} a page of the wiki",
        "inputSchema": {"type": "object", "properties": {"page": {"type": "string"}}, "required": ["page"]},
    }
    for name in ("read", "delete")
]


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request; None for a method that is not known."""
    match method:
        case "initialize":
            served = {"name": "wiki", "version": "1"}
            return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": served}
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call":
            text = f"{params['name']} {params['arguments']['page']} with {os.environ.get('WIKI_TOKEN', 'no token')}"
            if params["arguments"]["page"] == "environment":
                text = json.dumps(sorted(name for name, value in os.environ.items() if value))
            return {"content": [{"type": "text", "text": text}]}
        case "ping":
            return {}
        case _:
            return None


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        result = answer(request["method"], request.get("params", {}))
        told = {"result": result} if result is not None else {"error": {"code": -32601, "message": "unknown"}}
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], **told}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

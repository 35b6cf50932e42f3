"""Put rulepacks/ inside the wheel, where an installed Yipan finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RulePacksHook(BuildHookInterface[Any]):
    """Adds the packs to a wheel; an editable install reads them from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name rulepacks/ as part of the package unless the install is editable."""
        if version != "editable" and (Path(self.root) / "rulepacks").is_dir():
            build_data["force_include"]["rulepacks"] = "yipan/rulepacks"

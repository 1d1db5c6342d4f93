"""A section of a study: keys that are checked, each with what it means."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

KEPT = 2
KEPT_MEANS = "checkpoints kept, the newest; from more of them the past is rebuilt sooner"


class Section(BaseModel):
    """A section of a study; unknown keys are refused, and nothing changes once it is read.

    Attributes:
        owner: whose its keys are, for an error; the section's if empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    owner: ClassVar[str] = ""

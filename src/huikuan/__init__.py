"""huikuan 回款: collecting what customers owe. A sale is finished when the money has arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huikuan.face import UnusualData, age, match
    from huikuan.face_bank import bank_lines

__version__ = "0.1.0"
__all__ = ["UnusualData", "__version__", "age", "bank_lines", "match"]


def __getattr__(name: str) -> Any:
    """The Python face is imported when it is first used: a command that needs no engine starts without one."""
    if name in ("age", "match", "UnusualData"):
        from huikuan import face

        return getattr(face, name)
    if name == "bank_lines":
        from huikuan.face_bank import bank_lines

        return bank_lines
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

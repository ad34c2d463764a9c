"""Running programs that nobody has read: `Sandbox().run([Task(program, test, entry_point)])`.

What protects where, and what does not, stands in docs/sandbox.md.
"""

from evaluators.code.sandbox.pool import LAYERS, Sandbox
from evaluators.code.sandbox.task import Limits, Outcome, Task

__all__ = ["LAYERS", "Limits", "Outcome", "Sandbox", "Task"]

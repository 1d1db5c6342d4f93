"""Arrays without their owner's counter, for loops that pass many arrays to functions.

numba counts references to an array whenever it is passed on, atomically; a loop that passes the
nine columns of the books to a function spends nine tenths of its time on that. A borrowed array
has no counter. It must not outlive the call that borrowed it: whoever called holds the array.
"""

from typing import Any

from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def borrowed(typing: Any, array: Any) -> Any:
    """The same array without a counter of references; for compiled code only."""

    def borrow(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        found.meminfo = cgutils.get_null_value(found.meminfo.type)
        found.parent = cgutils.get_null_value(found.parent.type)
        return found._getvalue()

    return array(array), borrow

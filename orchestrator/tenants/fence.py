"""The fence: nothing of a live tenant is made, enabled or changed behind its removal.

A tenant's record has its `placement`, a number. Whoever makes something for the tenant begins and finishes with a
ConditionCheck that the record is still in the placement in which the work began, and in a status in which that may be.
Whoever removes all that there is, in this order:

    1. raises the placement, with the moment (`raising`): from now on no maker begins or finishes
    2. waits until the longest lease of a maker that had begun before has ended (`check_waited`)
    3. lists what there is, and removes it

So what a maker had under way when the placement was raised is there before the list, or never.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass

"""Which views are there?"""

from services.projections import (
    access,
    cases,
    consultations,
    measure_progress,
    memberships,
    steunpunt_register,
    timeline,
    worklist,
)
from services.projections.views import View

VIEWS: tuple[View, ...] = (
    access.VIEW,  # first: the policies of the others read it
    timeline.VIEW,
    cases.VIEW,
    worklist.VIEW,
    measure_progress.VIEW,
    steunpunt_register.VIEW,
    consultations.VIEW,
    memberships.VIEW,
)

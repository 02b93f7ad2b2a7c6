"""Which kinds of stream are there?"""

from typing import Any

from domain.basis import Kind
from domain.consultation import CONSULTATION
from domain.integrity_inquiry import INTEGRITY_INQUIRY
from domain.organisations import ORGANISATION
from domain.security_advice import SECURITY_ADVICE
from domain.threat_case import THREAT_CASE

KINDS: tuple[Kind[Any], ...] = (THREAT_CASE, SECURITY_ADVICE, INTEGRITY_INQUIRY, CONSULTATION, ORGANISATION)

"""Which telephone numbers can be called, and how is each written in one way only?

Dutch ones by the *Nummerplan telefoon- en ISDN-diensten*, those of other countries by ITU-T recommendation E.164. Only
their form is looked at: whether somebody has the number, nobody knows but the network. Numbers of nobody pass too,
which is what made-up people have.
"""

import re

_BETWEEN = "[ ()-]{0,3}"
"""What may stand between two digits, for people: blanks, brackets and dashes."""


def _digits(*each: str) -> str:
    """Return the pattern of digits in a row, with what people put between them."""
    return _BETWEEN.join(each)


def _more(least: int, most: int) -> str:
    """Return the pattern of so many digits that follow on others."""
    return f"(?:{_BETWEEN}[0-9]){{{least},{most}}}"


_OUT = rf"(?:\+|00){_BETWEEN}"
"""What comes before a country code."""
_NUMBERS = (
    # Of a place, a mobile or a company: ten digits at home, and from abroad without the nought, or with it in brackets.
    _digits("0", "[1-9]") + _more(8, 8),
    _OUT + _digits("3", "1(?:" + _BETWEEN + "0)?", "[1-9]") + _more(8, 8),
    # Of a municipality (14 and its area code) and of information, which cannot be called from abroad.
    _digits("1", "4", "0") + _more(2, 3),
    _digits("0", f"(?:{_digits('8', '0', '0')}|{_digits('9', '0', '[069]')})") + f"(?:{_more(4, 4)}|{_more(7, 7)})",
    # Of another country: fifteen digits at most.
    _OUT + f"(?:{_digits('[124-9]', '[0-9]')}|{_digits('3', '[02-9]')})" + _more(5, 13),
)
SAID = rf"^\(?(?:{'|'.join(_NUMBERS)})$"
"""The form of a number that can be called, as people say it."""

_NOUGHT_OF_HOME = re.compile(r"^(\(?(?:\+|00) ?[0-9]{2,3}[ -]{0,3})\(0\)")
"""A country code with the nought in brackets that is for whoever calls at home there."""
_TEN = 10


def in_full(said: str) -> str:
    """Return a number that was *said* in the form in which it is kept: ``+31612345678``, ``140344``, ``09008844``."""
    digits = _only_digits(said)
    if said.lstrip("(").startswith(("+", "00")):
        abroad = digits.removeprefix("00")
        if abroad.startswith("31"):
            return f"+31{abroad[2:].removeprefix('0')}"
        return "+" + _only_digits(_NOUGHT_OF_HOME.sub(r"\1", said)).removeprefix("00")
    return f"+31{digits[1:]}" if len(digits) == _TEN else digits


def _only_digits(said: str) -> str:
    return re.sub("[^0-9]", "", said)

"""The codes with which an identity number may begin: counties and cities, those of today and those that are no more."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from yipan.offices.divisions import read_names
from yipan.offices.placehistory import read_history

_CITY, _COUNTY = 4, 6
#: A province: nobody is registered in it and in no county or city of it.
_PROVINCE_END: Final = "0000"
#: Residents from Hong Kong, Macau and Taiwan (国办发〔2018〕81号, the measures for their residence permits).
BEYOND: Final = frozenset({"810000", "820000", "830000"})


@lru_cache(maxsize=1)
def areas() -> frozenset[str]:
    """Return every code of six digits that a county or a city has or had, as far as the tables that come with Yipan go."""
    # The table as it stands, fillers of a level included: 441900 is in it, and numbers of Dongguan begin so.
    codes = [code for code in read_names() if len(code) in {_CITY, _COUNTY}]
    today = (code if len(code) == _COUNTY else f"{code}00" for code in codes)
    once = (each.code for each in read_history() if not each.code.endswith(_PROVINCE_END))
    return frozenset((*today, *once, *BEYOND))

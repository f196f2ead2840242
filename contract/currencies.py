"""The currencies of ISO 4217 with the decimals of each, and money as text.

List one (active codes, funds and metals included) as of January 2026, and those withdrawn since 2014: orders of the
past still name them. Pure: no Django, no I/O.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

_CODES_BY_MINOR_UNITS = {
    0: """
        BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
        XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX
        BYR
    """,
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
        CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
        IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
        MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
        SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER
        ZAR ZMW ZWG
        ANG BGN CUC HRK LTL LVL MRO SLL STD VEF ZWL
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


def _each_code() -> Iterator[tuple[str, int]]:
    for decimals, codes in _CODES_BY_MINOR_UNITS.items():
        yield from ((code, decimals) for code in codes.split())


MINOR_UNITS: dict[str, int] = dict(_each_code())
CURRENCIES = frozenset(MINOR_UNITS)
_USUAL_MINOR_UNITS = 2


def minor_units(code: str) -> int:
    """How many decimals amounts of the currency have; two for a code that is not of ISO 4217."""
    return MINOR_UNITS.get(code, _USUAL_MINOR_UNITS)


@cache
def smallest_amount(code: str) -> Decimal:
    """What amounts of the currency are rounded to: 0.01 for a currency with cents."""
    return Decimal(1).scaleb(-minor_units(code))


def format_money(amount: Decimal, code: str) -> str:
    """The amount with the decimals it has, at least the currency's own ("258.00"), and never with an exponent."""
    text = str(amount)  # takes a third of the time of format(), and has an exponent only where zeros or digits are many
    if "E" in text:
        text = format(amount, "f")
    point = text.find(".")
    missing = minor_units(code) - (len(text) - point - 1 if point >= 0 else 0)
    if missing <= 0:
        return text
    return f"{text}{'.' if point < 0 else ''}{'0' * missing}"

"""Units as files spell them."""

import re

SIGNS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−·.*^", "0123456789--    ")
# "ms-1" in wind is no inverse of milliseconds.
SYMBOLS = {"ms": "m s", "L": "l", "µg": "ug", "μg": "ug", "°": "degree"}
# Of any case, singular or plural.
WORDS = {
    "meter": "m", "metre": "m", "sec": "s", "second": "s", "kelvin": "K", "pascal": "Pa", "gram": "g", "liter": "l",
    "litre": "l", "percent": "%", "deg": "degree", "degree": "degree", "per": "per",
}  # fmt: skip
FACTOR = re.compile(r"(/|per\b)?\s*([^\W\d_]+|%|°)\s*([+-]?\d+)?\s*")


def canonical(units: str) -> str:
    """The spelling of CF: symbols with their powers, in alphabetical order; what is no product of symbols stays as it is.

    Args:
        units: as an attribute of a file has them; `1`, `dimensionless` and nothing are the same.

    Example:
        >>> print({canonical(units) for units in ("m/s", "m s**-1", "m.s-1", "m s⁻¹", "Meters/second", "ms-1")})
        {'m s-1'}
        >>> print(canonical("mg/m^3"), canonical("days since 2000-01-01"), canonical(""))
        m-3 mg days since 2000-01-01 1
    """
    text = str(units).strip().translate(SIGNS)
    text = re.sub(r"[^\W\d_]+|°", lambda name: _symbol(name[0]), text)
    text = re.sub(r"^1\s*(?=/|per\b)", "", text)
    if text in ("", "1", "-", "dimensionless"):
        return "1"
    if not re.fullmatch(f"({FACTOR.pattern})+", text):
        return str(units).strip()
    powers: dict[str, int] = {}
    for divided, symbol, power in FACTOR.findall(text):
        powers[symbol] = powers.get(symbol, 0) + int(power or 1) * (-1 if divided else 1)
    return " ".join(f"{symbol}{'' if power == 1 else power}" for symbol, power in sorted(powers.items()))


def _symbol(name: str) -> str:
    word = name.lower()
    return SYMBOLS.get(name) or WORDS.get(word) or WORDS.get(word.removesuffix("s")) or name

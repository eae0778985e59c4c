"""Units as files spell them."""

import re

SIGNS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−·.*^{}", "0123456789--      ")
# "ms-1" in wind is no inverse of milliseconds.
SYMBOLS = {"ms": "m s", "L": "l", "µg": "ug", "μg": "ug", "°": "degree"}
# Of any case, singular or plural.
WORDS = {
    "meter": "m", "metre": "m", "sec": "s", "second": "s", "kelvin": "K", "pascal": "Pa", "gram": "g",
    "kilogram": "kg", "milligram": "mg", "microgram": "ug", "centimeter": "cm", "centimetre": "cm", "millimeter": "mm",
    "millimetre": "mm", "liter": "l",
    "litre": "l", "percent": "%", "deg": "degree", "degree": "degree", "per": "per",
}  # fmt: skip
# Size, base unit and its power.
BASES = {
    "kg": (1e3, "g", 1), "mg": (1e-3, "g", 1), "ug": (1e-6, "g", 1), "ng": (1e-9, "g", 1),
    "km": (1e3, "m", 1), "cm": (1e-2, "m", 1), "mm": (1e-3, "m", 1), "l": (1e-3, "m", 3),
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


def factor(units: str, wanted: str) -> float | None:
    """What values in `units` are multiplied by to be in `wanted`; None if these measure something else.

    Example:
        >>> print(factor("mg/l", "g m-3"), factor("cm", "m"), factor("kelvin", "m"))
        1.0 0.01 None
    """
    (scale, quantity), (other, same) = map(_in_base_units, (units, wanted))
    return scale / other if quantity == same else None


def _in_base_units(units: str) -> tuple[float, str]:
    """Number of the base unit, and this."""
    scale, powers = 1.0, {}
    for part in canonical(units).split():
        symbol, power = re.fullmatch(r"(.*?)(-?\d+)?", part).groups()
        size, base, dimension = BASES.get(symbol, (1.0, symbol, 1))
        exponent = int(power or 1)
        scale *= size**exponent
        powers[base] = powers.get(base, 0) + dimension * exponent
    return float(f"{scale:.12g}"), " ".join(f"{base}{power}" for base, power in sorted(powers.items()) if power)


def _symbol(name: str) -> str:
    word = name.lower()
    return SYMBOLS.get(name) or WORDS.get(word) or WORDS.get(word.removesuffix("s")) or name

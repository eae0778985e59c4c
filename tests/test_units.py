import pytest

from geodl.units import canonical, factor


@pytest.mark.parametrize(
    "spelling",
    ["m s-1", "m/s", "m s**-1", "m s^-1", "m.s-1", "m·s⁻¹", "m * s-1", "ms-1", "meters/second", "metre per second", " m s−1 "],
)
def test_spellings_of_a_speed_are_the_same_unit(spelling):
    assert canonical(spelling) == "m s-1"


@pytest.mark.parametrize("spelling", ["mg/m^3", "mg m-3", "mg.m-3", "mg m**-3", "mg/m³"])
def test_spellings_of_a_concentration_are_the_same_unit(spelling):
    assert canonical(spelling) == canonical("mg m-3")


@pytest.mark.parametrize(
    ("symbol", "spellings"),
    [
        ("Pa", ["pascal", "Pascal", "Pascals", "PASCAL"]),
        ("K", ["Kelvin", "kelvins"]),
        ("s-1", ["1/s", "1 / s", "per second", "1 per Second", "s^-1"]),
        ("kg m-2", ["kg/m²", "kg per metre^2"]),
        ("%", ["percent", "Percent"]),
    ],
)
def test_units_are_spelled_out_in_any_case_and_number(symbol, spellings):
    assert {canonical(spelling) for spelling in spellings} == {symbol}


def test_case_of_symbols_counts():
    assert len({canonical(units) for units in ("mg", "Mg", "k", "K", "pa", "PA", "S", "s")}) == 8


@pytest.mark.parametrize("other", ["knots", "km/h", "m s", "m/s2", "m2 s-1", "10 m s-1", "", "m s-1 (at 10 m)", "ms"])
def test_other_units_are_not_a_speed(other):
    assert canonical(other) != "m s-1"


def test_without_dimension_has_several_spellings_and_unknown_units_keep_theirs():
    assert {canonical(units) for units in ("1", "", "dimensionless", "-")} == {"1"}
    assert canonical("log10(g m-3)") == "log10(g m-3)"


@pytest.mark.parametrize(
    "units, wanted, expected",
    [("kg m-3", "g/m3", 1e3), ("ug l-1", "mg m**-3", 1), ("cm", "metres", 0.01), ("km s-1", "m/s", 1e3), ("mm2", "m2", 1e-6)],
)
def test_factor_turns_values_into_another_unit_and_back(units, wanted, expected):
    assert factor(units, wanted) == pytest.approx(expected, rel=1e-12)
    assert factor(wanted, units) == pytest.approx(1 / expected, rel=1e-12)


@pytest.mark.parametrize("units", ["K", "m-3", "g m-2", "1", "log10(g m-3)"])
def test_there_is_no_factor_to_what_measures_something_else(units):
    assert factor(units, "g m-3") is None

"""What things are made of: densities and chemical compositions, the recipe of the attenuation tables.

Run time knows materials by name only, through the tables; this file is read when the tables are made.
"""

from __future__ import annotations

from typing import NamedTuple


class Material(NamedTuple):
    """Density as packed, in g/cm3, and formulas with their mass fractions (which need not sum to one)."""

    density: float
    parts: tuple[tuple[str, float], ...]


def _of(density: float, formula: str) -> Material:
    return Material(density, ((formula, 1.0),))


def _mix(density: float, **parts: float) -> Material:
    return Material(density, tuple(parts.items()))


CELLULOSE, FAT, PROTEIN, APATITE = "C6H10O5", "C18H34O2", "C6H10N2O2", "Ca5P3O13H"

PLASTICS = {
    "PE": _of(0.94, "C2H4"),
    "PP": _of(0.90, "C3H6"),
    "PET": _of(1.38, "C10H8O4"),
    "PVC": _of(1.38, "C2H3Cl"),
    "PS": _of(1.05, "C8H8"),
    "ABS": _of(1.05, "C15H17N"),
    "PC": _of(1.20, "C16H14O3"),
    "nylon": _of(1.14, "C6H11NO"),
    "silicone": _of(1.12, "C2H6OSi"),
    "PU_foam": _of(0.05, "C3H8N2O"),
    "EPS": _of(0.025, "C8H8"),
    "rubber": _mix(1.15, C5H8=0.70, CaCO3=0.25, S=0.03, ZnO=0.02),
}
TEXTILES = {
    "cotton": _of(0.30, CELLULOSE),
    "wool": _mix(0.25, C6H10N2O2=0.97, S=0.03),
    "polyester": _of(0.28, "C10H8O4"),
    "down": _mix(0.05, C6H10N2O2=0.97, S=0.03),
    "leather": _mix(0.86, C6H10N2O2=0.90, Cr2O3=0.04, H2O=0.06),
}
PAPERS = {
    "paper": _mix(0.80, C6H10O5=0.80, CaCO3=0.20),
    "glossy": _mix(1.15, C6H10O5=0.65, CaCO3=0.35),
    "banknote": _mix(0.90, C6H10O5=0.94, TiO2=0.06),
    "cardboard": _mix(0.22, C6H10O5=0.97, CaCO3=0.03),
    "wood": _of(0.60, CELLULOSE),
    "plywood": _of(0.68, CELLULOSE),
}
LIQUIDS = {
    "water": _of(1.00, "H2O"),
    "oil": _of(0.92, FAT),
    "ethanol40": _mix(0.95, H2O=0.62, C2H6O=0.38),
    "wine": _mix(0.99, H2O=0.88, C2H6O=0.11, C6H10O5=0.01),
    "perfume": _mix(0.82, C2H6O=0.80, H2O=0.20),
    "shampoo": _mix(1.03, H2O=0.85, C12H25NaSO4=0.15),
    "peroxide": _mix(1.20, H2O2=0.50, H2O=0.50),
    "petrol": _of(0.74, "C8H18"),
}
FOODS = {
    "food": _mix(0.95, H2O=0.60, C6H10O5=0.25, C18H34O2=0.10, NaCl=0.01),
    "meat": _mix(1.05, H2O=0.70, C6H10N2O2=0.20, C18H34O2=0.10),
    "chocolate": _mix(1.25, C12H22O11=0.50, C18H34O2=0.35, C6H10O5=0.15),
    "cheese": _mix(1.08, H2O=0.42, C18H34O2=0.30, C6H10N2O2=0.25, Ca3P2O8=0.03),
    "biscuit": _mix(0.50, C6H10O5=0.75, C18H34O2=0.20, NaCl=0.01),
    "sugar": _of(0.85, "C12H22O11"),
    "salt": _of(1.20, "NaCl"),
    "coffee": _of(0.42, CELLULOSE),
    "tea": _mix(0.35, C6H10O5=0.95, KCl=0.05),
    "flour": _of(0.60, CELLULOSE),
    "rice": _of(0.80, CELLULOSE),
    "milk_powder": _mix(0.55, C12H22O11=0.40, C6H10N2O2=0.27, C18H34O2=0.27, Ca3P2O8=0.04, KCl=0.02),
}
HOUSEHOLD = {
    "soap": _mix(1.05, C18H35NaO2=0.85, H2O=0.15),
    "toothpaste": _mix(1.30, CaCO3=0.35, H2O=0.40, C3H8O3=0.25),
    "wax": _of(0.90, "C25H52"),
    "glass": _mix(2.50, SiO2=0.72, Na2O=0.14, CaO=0.10, MgO=0.04),
    "crystal": _mix(2.95, SiO2=0.58, PbO=0.26, K2O=0.14, Na2O=0.02),
    "ceramic": _mix(2.40, SiO2=0.65, Al2O3=0.30, K2O=0.05),
    "alumina": _of(3.80, "Al2O3"),
    "plaster": _of(1.10, "CaSO4H4O2"),
    "jade": _of(3.00, "Ca2Mg5Si8O24H2"),
}
METALS = {
    "Al": _of(2.70, "Al"),
    "Mg": _of(1.74, "Mg"),
    "Ti": _of(4.50, "Ti"),
    "steel": _of(7.85, "Fe"),
    "stainless": _mix(7.95, Fe=0.70, Cr=0.19, Ni=0.10),
    "Cu": _of(8.96, "Cu"),
    "brass": _mix(8.50, Cu=0.63, Zn=0.37),
    "Zn": _of(6.60, "Zn"),
    "Pb": _of(11.3, "Pb"),
    "Ag": _of(10.5, "Ag"),
    "Au": _of(19.3, "Au"),
    "W": _of(19.2, "W"),
    "solder": _mix(8.50, Sn=0.63, Pb=0.37),
    "NdFeB": _mix(7.50, Nd=0.30, Fe=0.69, B=0.01),
}
ELECTRIC = {
    "FR4": _mix(1.90, SiO2=0.50, C21H25ClO5=0.42, Cu=0.08),
    "PCBA": _mix(2.10, SiO2=0.40, C21H25ClO5=0.35, Cu=0.17, Sn=0.04, BaTiO3=0.04),
    "liion": _mix(2.35, LiCoO2=0.42, C=0.24, Cu=0.12, Al=0.07, C3H4O3=0.15),
    "lifepo": _mix(2.05, LiFePO4=0.42, C=0.24, Cu=0.12, Al=0.07, C3H4O3=0.15),
    "alkaline": _mix(2.70, MnO2=0.45, Zn=0.25, KOH=0.10, H2O=0.20),
}
CONTROLLED = {
    "cocaine": _of(1.15, "C17H22ClNO4"),
    "heroin": _of(1.10, "C21H23NO5"),
    "meth": _of(1.00, "C10H16ClN"),
    "ketamine": _of(1.00, "C13H17Cl2NO"),
    "hashish": _of(1.05, "C21H30O2"),
    "cannabis": _mix(0.35, C6H10O5=0.60, C21H30O2=0.40),
    "mdma": _of(1.10, "C11H15NO2"),
    "RDX": _of(1.68, "C3H6N6O6"),
    "C4": _mix(1.60, C3H6N6O6=0.91, C2H4=0.09),
    "TNT": _of(1.60, "C7H5N3O6"),
    "PETN": _of(1.60, "C5H8N4O12"),
    "ANFO": _mix(0.95, NH4NO3=0.94, C12H24=0.06),
    "gunpowder": _of(0.90, "C6H7N3O11"),
    "tobacco": _mix(0.28, C6H10O5=0.90, KCl=0.04, CaCO3=0.06),
    "ivory": _mix(1.80, Ca5P3O13H=0.56, C6H10N2O2=0.33, H2O=0.11),
    "bone": _mix(1.60, Ca5P3O13H=0.50, C6H10N2O2=0.35, H2O=0.15),
    "horn": _mix(1.30, C6H10N2O2=0.95, S=0.05),
    "shell": _of(2.70, "CaCO3"),
}
CARGO = {
    "concrete": _mix(2.30, SiO2=0.60, CaO=0.20, Al2O3=0.08, Fe2O3=0.04, H2O=0.08),
    "rock": _mix(2.60, SiO2=0.60, Al2O3=0.20, CaO=0.10, Fe2O3=0.10),
    "marble": _of(2.65, "CaCO3"),
    "soil": _mix(1.40, SiO2=0.70, Al2O3=0.12, H2O=0.15, Fe2O3=0.03),
    "coal": _mix(0.85, C=0.80, H2O=0.10, SiO2=0.10),
    "grain": _mix(0.75, C6H10O5=0.86, H2O=0.13, KCl=0.01),
    "frozen_food": _mix(0.75, H2O=0.70, C6H10N2O2=0.20, C18H34O2=0.10),
    "pressed_waste": _mix(0.45, C6H10O5=0.70, C2H4=0.30),
    "machinery": _mix(2.00, Fe=0.90, Al=0.07, Cu=0.03),
    "scrap": _mix(1.20, Fe=0.95, Cu=0.05),
    "tyres": _mix(0.45, C5H8=0.72, C=0.20, Fe=0.08),
    "uranium": _of(18.9, "U"),
}
MATERIALS: dict[str, Material] = {
    **PLASTICS,
    **TEXTILES,
    **PAPERS,
    **LIQUIDS,
    **FOODS,
    **HOUSEHOLD,
    **METALS,
    **ELECTRIC,
    **CONTROLLED,
    **CARGO,
}

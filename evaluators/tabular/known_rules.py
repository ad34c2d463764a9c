"""Rules that the originals of the known tables keep, in the form of `rules.py`.

They hold in all original rows, but for three wives who are male and a husband who is female (Adult) and a dew
point above the temperature (Beijing).
"""

RULES = {
    "adult": """
[[rule]]
column = "education-num"
follows = "education"

[[rule]]
column = "education"
follows = "education-num"

[[rule]]
when = { relationship = ["Husband", "Wife"] }
then = { marital-status = ["Married-civ-spouse", "Married-AF-spouse"] }

[[rule]]
when = { relationship = "Husband" }
then = { sex = "Male" }

[[rule]]
when = { relationship = "Wife" }
then = { sex = "Female" }
""",
    "default": """
[[rule]]
left = "LIMIT_BAL"
operator = ">"
right = 0
"""
    + "".join(f'\n[[rule]]\nleft = "PAY_AMT{month}"\noperator = ">="\nright = 0\n' for month in range(1, 7)),
    "magic": """
[[rule]]
left = "fConc1"
operator = "<="
right = "fConc"

[[rule]]
left = "fAlpha"
operator = ">="
right = 0

[[rule]]
left = "fAlpha"
operator = "<="
right = 90
""",
    "shoppers": "".join(
        f"\n[[rule]]\nwhen = {{ {pages} = 0 }}\nthen = {{ {pages}_Duration = 0 }}\n"
        for pages in ("Administrative", "Informational", "ProductRelated")
    ),
    "beijing": """
[[rule]]
left = "DEWP"
operator = "<="
right = "TEMP"
"""
    + "".join(f'\n[[rule]]\nleft = "{name}"\noperator = ">="\nright = 0\n' for name in ("Iws", "Is", "Ir")),
}

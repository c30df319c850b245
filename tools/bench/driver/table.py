"""The one table at the end, and the statistics in it."""


def quantile(values, share):
    """Linear between the neighbours; `values` need not be sorted."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median(values):
    return quantile(values, 0.5)


class Table:
    """Rows of (what, value, unit, target, note); a target is an upper bound in the row's unit."""

    def __init__(self):
        self.rows = []

    def add(self, what, value, unit, target=None, note=""):
        self.rows.append({"what": what, "value": value, "unit": unit, "target": target, "note": note})

    def print(self):
        print(f"{'':44} {'median':>12}  {'target':>10}         note")
        for row in self.rows:
            value = f"{row['value']:.{self._digits(row['value'])}f} {row['unit']}"
            target, verdict = "", ""
            if row["target"] is not None:
                target = f"{row['target']:g} {row['unit']}"
                verdict = "met" if row["value"] <= row["target"] else "MISSED"
            print(f"{row['what']:44} {value:>12}  {target:>10}  {verdict:6} {row['note']}")

    @staticmethod
    def _digits(value):
        return 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0

"""What must hold for the figures to mean anything. Each check gives the sentences that say what does not."""
from figures import Figures, cosines_between
from measure import Measured, Record

# Of processor time over clock time; the system counts in ticks of ten milliseconds.
CORES_TOLERANCE = 0.1


def vectors_agree(measured: Measured, exact: Record) -> list[str]:
    """Our vectors, those of candle among them, against another implementation's in single precision."""
    failures = []
    for record in measured.records:
        least = record.stack.least_cosine
        if least is None:
            continue
        found = cosines_between(record, exact).min()
        # A vector that is not a number is smaller than nothing, so the comparison is the other way round.
        if not found >= least:
            failures.append(f"{record.stack.name}: cosine {found:.6f} to {exact.stack.name}, expected at least {least}")
    return failures


def threads_are_as_stated(rows: list[Figures]) -> list[str]:
    """On the processor; a card's driver has threads of its own."""
    return [
        f"{row.name}: used {row.cores:.2f} cores with {row.threads} threads"
        for row in rows
        if row.device == "cpu" and row.cores > row.threads + CORES_TOLERANCE
    ]

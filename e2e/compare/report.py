"""Print what a comparison has found: each difference once, with where it was seen."""

import collections


def report(pair, accepted, out):
    """Write the differences that nobody has accepted, and count them."""
    calls = collections.defaultdict(list)  # (chapter, difference) → [(call, sightings)]
    for (chapter, call, difference), sightings in pair.found.items():
        calls[chapter, difference].append((call, sightings))
    open_, closed, chapter = 0, 0, None
    for (where, difference), seen in calls.items():
        if any(rule.covers(difference, call) for rule in accepted for call, _ in seen):
            closed += 1
            continue
        open_ += 1
        if where != chapter:
            chapter = where
            print(f"\n== {chapter}", file=out)
        print(f"\n{difference.place}\n    reference: {difference.reference}\n    subject:   {difference.subject}", file=out)
        for call, sightings in seen[:6]:
            print(f"        {call}    [{spans(sightings)}]", file=out)
        if len(seen) > 6:
            print(f"        … and {len(seen) - 6} more calls", file=out)
    print(f"\n{pair.calls} calls, {open_} differences, {closed} accepted", file=out)
    return open_


def spans(sightings):
    """Say at which versions and by whom a difference was seen."""
    by = collections.defaultdict(list)
    for version, persona in sightings:
        by[persona].append(version)
    groups = collections.defaultdict(list)
    for persona, versions in by.items():
        groups[tuple(versions)].append(persona)
    return "; ".join(
        f"{versions[0]}{'–' + versions[-1] + f' ({len(versions)}×)' if len(versions) > 1 else ''} {','.join(personas)}"
        for versions, personas in groups.items())

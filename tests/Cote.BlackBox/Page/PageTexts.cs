namespace Cote.BlackBox.Page;

/// <summary>What the scripted model says where the page is looked at.</summary>
static class PageTexts
{
    /// <summary>Headings, a list, a table, code and a formula.</summary>
    public const string Rich = """
        Homing doves combine **two compasses** and a map. The sun gives the direction, and the field of the earth
        takes over where there are clouds:

        | Sense | What it tells | When it helps |
        |---|---|---|
        | Sun compass | direction, by the time of day | clear sky |
        | Magnetic compass | direction | clouds, night |
        | Smell | where home lies | far away |

        The way home is the sum of all that was flown, with the sign turned:

        $$\vec{h} = -\sum_{i=1}^{n} \vec{d}_i$$

        ```python
        def way_home(legs):
            "Adds up the legs of a flight and turns around."
            x = sum(leg.x for leg in legs)
            y = sum(leg.y for leg in legs)
            return Vector(-x, -y)
        ```

        1. Let the dove see the sky for *ten minutes*.
        2. Note the time with `clock.now()`.
        3. Watch where it turns.
        """;

    /// <summary>As much of it as one sees at once.</summary>
    public const string Short = """
        Homing doves combine **two compasses** and a map, and each helps where another fails:

        | Sense | What it tells | When it helps |
        |---|---|---|
        | Sun compass | direction, by the time of day | clear sky |
        | Magnetic compass | direction | clouds, night |
        | Smell | where home lies | far away |

        ```python
        def way_home(legs):
            "Adds up the legs of a flight and turns around."
            return Vector(-sum(leg.x for leg in legs), -sum(leg.y for leg in legs))
        ```
        """;
}
